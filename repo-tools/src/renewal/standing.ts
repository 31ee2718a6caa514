// How does the library stand, and what must a person do about it? Pure: facts and a date in, lines out.
//
// Rules
// - Each role has a line: when it ends, who signs it next and by which command. What is signed on the operator's
//   machine calls for nobody until half of its signing period has passed unused (due.ts); then it says since when.
// - Certificates, authorities and revocation lists call for somebody while there is time: 90 days before an
//   authority or a registered certificate ends, unless another goes on in its place; a revocation list in the
//   last quarter of its time, a week at most.
// - The CPL calls after 30 days, a User Role 30 days before it lapses, read access where a grant or an epoch has
//   outlived its time. What is held or disputed, and a withdrawal
//   that the registrar has not repeated, call at once.

import type { CplIndex } from '@cfl/client/firmware';
import { minute, type RoleName, TIMESTAMP } from '@cfl/client/tuf';
import { familyOf } from '../change/bins.ts';
import { periodOf } from '../change/plan.ts';
import { daysUntil, dueFrom, isRenewedHere, type Urgency, urgencyOf } from './due.ts';

const DAY = 86_400_000;

export interface RoleFact {
  readonly role: RoleName;
  /** `m-fff1`, or `m-fff1-0…15` for its bins, of which the one that ends first counts. */
  readonly shown: string;
  readonly version: number;
  readonly expires: Date;
  readonly threshold: number;
  /** As people call them. */
  readonly keys: readonly string[];
  /** The manufacturer, where it is the role of one. */
  readonly party: string | undefined;
}

export interface ListFact {
  readonly authority: string;
  /** Undefined where the authority has no list here, though its certificates need one. */
  readonly newest: { readonly number: bigint; readonly from: Date; readonly next: Date } | undefined;
}

export interface AuthorityFact {
  readonly name: string;
  readonly kind: 'certificate' | 'timestamp';
  readonly until: Date;
}

export interface CertificateFact {
  readonly party: string;
  readonly sha256: string;
  readonly purposes: readonly string[];
  readonly until: Date | undefined;
}

export interface UserRoleFact {
  readonly party: string;
  readonly role: string;
  readonly until: Date | undefined;
}

export interface DisputeFact {
  readonly number: number;
  readonly opened: Date;
  /** `FFF1 7d1a64c20e5b, the hash of CPL-000381` */
  readonly about: string;
}

export interface AccessFact {
  /** Parties with a grant. */
  readonly readers: number;
  /** `images epoch 2` */
  readonly epochs: readonly string[];
  /** Parties whose User Role has ended, and whose grant has not. */
  readonly lapsed: readonly string[];
  /** Uses whose epoch is a year old. */
  readonly due: readonly string[];
}

export interface Facts {
  readonly roles: readonly RoleFact[];
  readonly cpl: CplIndex | undefined;
  readonly lists: readonly ListFact[];
  readonly authorities: readonly AuthorityFact[];
  readonly certificates: readonly CertificateFact[];
  readonly userRoles: readonly UserRoleFact[];
  /** Undefined where there are no read keys yet. */
  readonly access: AccessFact | undefined;
  /** Submissions, by name. */
  readonly held: readonly string[];
  readonly disputes: readonly DisputeFact[];
  /** Withdrawals that stand under the gate's key alone. */
  readonly unrepeated: number;
}

export interface Standing {
  readonly kind:
    | 'role'
    | 'CPL'
    | 'CRL'
    | 'authority'
    | 'certificate'
    | 'party'
    | 'access'
    | 'held'
    | 'disputed'
    | 'withdrawn';
  /** What the line is about: a role, an authority, a party, a submission. */
  readonly name: string;
  readonly version?: number;
  readonly until?: Date;
  readonly says: string;
  /** Whether a person must act. */
  readonly act: boolean;
  /** What that person runs. */
  readonly command?: string;
}

export function standingOf(facts: Facts, now: Date): readonly Standing[] {
  return [
    ...facts.roles.map((role) => roleStanding(role, now)),
    cplStanding(facts.cpl, now),
    ...facts.lists.map((list) => listStanding(list, now)),
    ...facts.authorities.flatMap((one) => authorityStanding(one, facts.authorities, now)),
    ...facts.certificates.flatMap((one) => certificateStanding(one, facts.certificates, now)),
    ...facts.userRoles.flatMap((one) => userRoleStanding(one, facts.userRoles, now)),
    ...accessStanding(facts.access),
    ...withdrawnStanding(facts.unrepeated),
    ...facts.held.map(
      (name): Standing => ({
        kind: 'held',
        name,
        says: name,
        act: true,
        command: `cfl-repo held show ${name}`,
      }),
    ),
    ...facts.disputes.map(
      ({ number, opened, about }): Standing => ({
        kind: 'disputed',
        name: String(number),
        says: `investigation ${number} of ${day(opened)}: ${about}`,
        act: true,
        command: `cfl-repo cpl decide ${number} --keep | --replace --reason "…"`,
      }),
    ),
  ];
}

/** Days by which two clocks that are right may differ. */
const CLOCKS_DIFFER = 0.5;

function roleStanding(fact: RoleFact, now: Date): Standing {
  const { role, shown, version, expires } = fact;
  const urgency = urgencyOf(role, expires, now);
  const act = urgency === 'act' || urgency === 'ended';
  const common = { kind: 'role', name: shown, version, until: expires, act } as const;
  if (role === TIMESTAMP && daysUntil(expires, now) > periodOf(role).expires + CLOCKS_DIFFER)
    return {
      ...common,
      says: 'signed by a clock that was ahead, or this one is behind; if it was ahead, it needs a new key',
      act: true,
      command: 'cfl-repo rotate timestamp --here',
    };
  if (isRenewedHere(role))
    return { ...common, says: hereInWords(fact, urgency), ...(act ? { command: 'cfl-repo renew' } : {}) };
  const command = `cfl-repo renew ${familyOf(role)}`;
  return { ...common, says: peopleInWords(fact, urgency), ...(act ? { command } : {}) };
}

function hereInWords({ role, expires }: RoleFact, urgency: Urgency): string {
  const how = role === 'snapshot' ? 'renewed when publishing' : 'renewed by itself';
  if (urgency === 'later') return how;
  if (urgency === 'due') return `${how}, at the next cfl-repo renew`;
  const signed = new Date(expires.getTime() - periodOf(role).expires * DAY);
  const since =
    role === TIMESTAMP
      ? `cfl-repo renew has not run since ${minute(signed)}`
      : `it should have been renewed from ${day(dueFrom(role, expires))} on, where its key is`;
  return `${urgency === 'ended' ? endedInWords(role) : 'overdue'}: ${since}`;
}

function endedInWords(role: RoleName): string {
  return role === TIMESTAMP || role === 'snapshot' ? 'ended, and with it the library' : 'ended';
}

function peopleInWords({ role, expires, threshold, keys, party }: RoleFact, urgency: Urgency): string {
  const who = keys.length === 1 ? `${keys[0]}` : `${threshold} of ${keys.join(', ')}`;
  const from = day(dueFrom(role, expires));
  if (urgency === 'later') return `${party === undefined ? who : `${party}, ${who}`} from ${from}`;
  const ask = party === undefined ? `${who} must sign it` : `${party} must sign it, by cfl-publish sign`;
  return `${urgency === 'ended' ? `ended on ${day(expires)}` : `due since ${from}`}: ${ask}`;
}

const CPL_DAYS = 30;

function cplStanding(index: CplIndex | undefined, now: Date): Standing {
  const common = { kind: 'CPL', name: 'CPL' } as const;
  const command = 'cfl-repo cpl import FILE';
  if (index === undefined) return { ...common, says: 'no snapshot yet', act: false };
  const { snapshot, date, entries } = index;
  const days = Math.floor((now.getTime() - new Date(date).getTime()) / DAY);
  const says = `snapshot ${snapshot} of ${date.slice(0, 10)}, ${counted(entries, 'entry', 'entries')}, ${counted(days, 'day', 'days')} old`;
  if (days <= CPL_DAYS) return { ...common, version: snapshot, says, act: false };
  return {
    ...common,
    version: snapshot,
    says: `${says}: readers are warned past ${CPL_DAYS}; ask the Panel for its list`,
    act: true,
    command,
  };
}

function listStanding({ authority, newest }: ListFact, now: Date): Standing {
  const common = { kind: 'CRL', name: authority } as const;
  const command = 'cfl-repo crl import FILE';
  if (newest === undefined)
    return { ...common, says: 'no revocation list here: submissions under it wait', act: true, command };
  const { number, from, next } = newest;
  const left = daysUntil(next, now);
  const span = (next.getTime() - from.getTime()) / DAY;
  const says = `revocation list ${number}`;
  const known = { ...common, until: next };
  if (left <= 0)
    return { ...known, says: `${says} ended: submissions under it wait for the next`, act: true, command };
  if (left > Math.min(7, span / 4)) return { ...known, says, act: false };
  return { ...known, says: `${says} ends soon: get the next from the authority`, act: true, command };
}

const ENDS_SOON = 90;

function authorityStanding(
  one: AuthorityFact,
  all: readonly AuthorityFact[],
  now: Date,
): readonly Standing[] {
  const left = daysUntil(one.until, now);
  const goesOn = all.some(({ kind, until }) => kind === one.kind && daysUntil(until, now) > ENDS_SOON);
  const what = one.kind === 'timestamp' ? 'time authority' : 'certificate authority';
  const common = { kind: 'authority', name: one.name, until: one.until } as const;
  // One that was closed, or ended, after another took its place is no news
  if (left <= 0 && goesOn) return [];
  if (left > ENDS_SOON || goesOn) return [{ ...common, says: what, act: false }];
  const says = `${what} ${left <= 0 ? 'ended' : 'ends'} on ${day(one.until)}, and no other takes its place`;
  return [{ ...common, says, act: true, command: 'cfl-repo trust trusted_root.json anchors.json' }];
}

/** With the file of the party as it will be. */
const UPDATE = 'cfl-repo party update FILE';

function certificateStanding(
  { party, sha256, purposes, until }: CertificateFact,
  all: readonly CertificateFact[],
  now: Date,
): readonly Standing[] {
  // One that ended was closed: its party knows
  if (until === undefined || until <= now || daysUntil(until, now) > ENDS_SOON) return [];
  const unserved = purposes.filter(
    (purpose) =>
      !all.some(
        (other) =>
          other.party === party &&
          other.purposes.includes(purpose) &&
          (other.until === undefined || other.until > until),
      ),
  );
  if (unserved.length === 0) return [];
  return [
    {
      kind: 'certificate',
      name: party,
      until,
      says: `certificate ${sha256.slice(0, 12)} for ${unserved.join(', ')} ends on ${day(until)}: ask for its next`,
      act: true,
      command: UPDATE,
    },
  ];
}

const LAPSES_SOON = 30;

function userRoleStanding(
  { party, role, until }: UserRoleFact,
  all: readonly UserRoleFact[],
  now: Date,
): readonly Standing[] {
  if (until === undefined || until <= now || daysUntil(until, now) > LAPSES_SOON) return [];
  const goesOn = all.some(
    (other) =>
      other.party === party && other.role === role && (other.until === undefined || other.until > until),
  );
  if (goesOn) return [];
  return [
    {
      kind: 'party',
      name: party,
      until,
      says: `User Role ${role} lapses on ${day(until)}: ask for evidence that it goes on`,
      act: true,
      command: UPDATE,
    },
  ];
}

function accessStanding(access: AccessFact | undefined): readonly Standing[] {
  const common = { kind: 'access', name: 'access' } as const;
  if (access === undefined)
    return [{ ...common, says: 'no read keys yet', act: true, command: 'cfl-repo party keys' }];
  const { readers, epochs, lapsed, due } = access;
  const calls = [
    ...lapsed.map((party) => `${party} reads, and its User Role has ended`),
    ...due.map((use) => `the epoch of ${use} is a year old`),
  ];
  return [
    { ...common, says: [counted(readers, 'party', 'parties'), ...epochs].join(', '), act: false },
    ...calls.map((says): Standing => ({ ...common, says, act: true, command: 'cfl-repo party renew' })),
  ];
}

function withdrawnStanding(unrepeated: number): readonly Standing[] {
  if (unrepeated === 0) return [];
  return [
    {
      kind: 'withdrawn',
      name: 'registrar',
      says: `${counted(unrepeated, 'withdrawal', 'withdrawals')} not yet repeated by the registrar`,
      act: true,
      command: 'cfl-repo withdraw --repeat',
    },
  ];
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
