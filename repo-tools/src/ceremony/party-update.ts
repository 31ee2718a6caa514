// A party that is registered changes: a new certificate, a User Role that begins or ends, another mailbox, a new code.
//
// Rules
// - The file says the party whole, as it should be from now on; the register keeps what it said.
// - A certificate or User Role that the file leaves out is closed today. What is new begins today, or on the date
//   that the file gives. What is closed stays closed.
// - A code is never taken away. A new one gets a role of its own, under the keys that the file names. The keys of
//   the codes that were there stay: they change by `cfl-repo rotate`.

import { encodeDate } from '@cfl/client/encoding';
import { findParty, type Party, type Register } from '@cfl/client/firmware';
import type { KeyId } from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';
import { type NewParty, planRegistration, readRegister, refuseKnownKeys } from './party.ts';
import { manufacturerRole } from './roles.ts';

/** Throws BAD_INPUT where nothing changes, or where what was registered would be lost. */
export async function planPartyUpdate(party: NewParty, published: Published, now: Date): Promise<Change> {
  const register = await readRegister(published);
  const before = findParty(register, party.id);
  if (before === undefined)
    throw refused(party, 'it is not in the register', 'Add it: cfl-repo party add FILE');
  const lost = before.codes.find((code) => !party.codes.includes(code));
  if (lost !== undefined)
    throw refused(party, `its code ${lost} is not in the file`, 'A code stays with its party for good');
  const changed = before.certificates.find(
    ({ sha256, purposes }) => (purposesIn(party, sha256) ?? purposes.join()) !== purposes.join(),
  );
  if (changed !== undefined)
    throw refused(
      party,
      `the certificate ${changed.sha256.slice(0, 12)} is registered for ${changed.purposes.join(', ')}`,
      'Purposes stay: register another certificate',
    );
  const newCodes = party.codes.filter((code) => !before.codes.includes(code));
  if (newCodes.length > 0) await refuseKnownKeys(party, published, keysOf(before, published));
  const after = updated(before, party, encodeDate(now));
  const words = differences(before, after);
  if (words.length === 0)
    throw refused(party, 'the register says all of it already', 'Change the file first');
  return planRegistration(
    { title: `party update ${party.id}`, words, register: withParty(register, after), party, newCodes },
    published,
    now,
  );
}

function updated(before: Party, party: NewParty, today: string): Party {
  const { id, name, kinds, codes, eui64, mailbox } = party;
  const certificates = merged(
    before.certificates,
    party.certificates.map((one) => ({ ...one, from: today })),
    { nameOf: ({ sha256 }) => sha256, today },
  );
  const userRoles = merged(before.userRoles, party.userRoles, {
    nameOf: ({ role, from }) => `${role} from ${from}`,
    today,
  });
  return {
    id,
    name,
    kinds,
    codes,
    userRoles,
    certificates,
    ...(eui64 === undefined ? {} : { eui64 }),
    ...(mailbox === undefined ? {} : { mailbox }),
  };
}

interface Dated {
  readonly from: string;
  readonly until?: string;
}

/** What was there stays as it was, but for the date on which it ends. */
function merged<T extends Dated>(
  before: readonly T[],
  given: readonly T[],
  { nameOf, today }: { readonly nameOf: (one: T) => string; readonly today: string },
): readonly T[] {
  const said = new Map(given.map((one) => [nameOf(one), one]));
  const known = new Set(before.map(nameOf));
  return [
    ...before.map((one): T => {
      const until = said.has(nameOf(one)) ? said.get(nameOf(one))?.until : today;
      if (until === undefined || (one.until !== undefined && one.until <= until)) return one;
      return { ...one, until: until < one.from ? one.from : until };
    }),
    ...given.filter((one) => !known.has(nameOf(one))),
  ];
}

function purposesIn({ certificates }: NewParty, sha256: string): string | undefined {
  return certificates.find((one) => one.sha256 === sha256)?.purposes.join();
}

function withParty(register: Register, after: Party): Register {
  return { ...register, parties: register.parties.map((one) => (one.id === after.id ? after : one)) };
}

function keysOf({ codes }: Party, { trusted }: Published): ReadonlySet<KeyId> {
  const roles = new Set(codes.map(manufacturerRole));
  const own = trusted.targets.signed.delegations?.roles.filter(({ name }) => roles.has(name));
  return new Set(own?.flatMap(({ keyIds }) => keyIds));
}

function differences(before: Party, after: Party): readonly string[] {
  const lines: string[] = [];
  for (const [what, was, is] of [
    ['name', before.name, after.name],
    ['kinds', before.kinds.join(', '), after.kinds.join(', ')],
    ['codes', before.codes.join(', '), after.codes.join(', ')],
    ['mailbox', before.mailbox, after.mailbox],
    ['EUI-64', before.eui64, after.eui64],
  ])
    if (was !== is) lines.push(`register  ${before.id}: ${what} ${is ?? 'none'}, it was ${was ?? 'none'}`);
  const certificate = ({ sha256, purposes }: Party['certificates'][number]) =>
    `certificate ${sha256.slice(0, 12)} for ${purposes.join(', ')}`;
  const role = ({ role: name, evidence }: Party['userRoles'][number]) => `User Role ${name} (${evidence})`;
  return [
    ...lines,
    ...datedLines(before.certificates, after.certificates, certificate),
    ...datedLines(before.userRoles, after.userRoles, role),
  ];
}

function datedLines<T extends Dated>(
  before: readonly T[],
  after: readonly T[],
  inWords: (one: T) => string,
): readonly string[] {
  return after.flatMap((one, i) => {
    if (i >= before.length) return [`register  ${inWords(one)} from ${one.from}${ending(one)}`];
    return one.until === before[i]?.until ? [] : [`register  ${inWords(one)} ends ${one.until}`];
  });
}

function ending({ until }: Dated): string {
  return until === undefined ? '' : ` until ${until}`;
}

function refused({ id }: NewParty, reason: string, hint: string): ChangeError {
  return new ChangeError('BAD_INPUT', `Cannot change the party "${id}": ${reason}`, hint);
}
