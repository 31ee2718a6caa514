// What is to be known about a library before it can be said how it stands? Read from what is published and from
// the operator's private folder; judged in standing.ts.

import { currentKey, GATEWAY, READ_KEY_USES } from '@cfl/client/access';
import { encodeDate, parseDate } from '@cfl/client/encoding';
import { type Certificate, isSameAuthority, readCrl, readTrust } from '@cfl/client/evidence';
import {
  ANCHORS_PATH,
  CPL_INDEX_PATH,
  cplIndex,
  crlPath,
  PARTIES_PATH,
  parseCrlPath,
  partyRegister,
  REVOCATIONS_PATH,
  type Register,
  TRUSTED_ROOT_PATH,
} from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import {
  type Document,
  ROOT,
  type RoleName,
  type SignedPart,
  SNAPSHOT,
  TARGETS,
  type Targets,
  TIMESTAMP,
} from '@cfl/client/tuf';
import { dueUses, lapsing, openUses, readAccess } from '../access/index.ts';
import { openInvestigations } from '../association/index.ts';
import { manufacturerRole } from '../ceremony/roles.ts';
import { existing } from '../ceremony/trust.ts';
import { binsIn, filesOf } from '../change/bins.ts';
import type { Published } from '../deploy/index.ts';
import { submissionsIn } from '../intake/boxes.ts';
import { CATALOGUE } from '../intake/planned.ts';
import { nameShown } from '../intake/report.ts';
import { planRepetition } from '../withdraw/repeat.ts';
import { keysOfRole } from './rotate.ts';
import type { AccessFact, AuthorityFact, DisputeFact, Facts, ListFact, RoleFact } from './standing.ts';

export interface Reading {
  readonly published: Published;
  /** The operator's private folder. */
  readonly files: Files;
  /** What people call a key. */
  readonly nameOf: (id: string) => string;
  readonly now: Date;
}

export async function readFacts(reading: Reading): Promise<Facts> {
  const { published, files, now } = reading;
  const register = partyRegister.parse(await existing(published, PARTIES_PATH));
  const cpl = await published.read(CPL_INDEX_PATH);
  const open = <T extends { readonly from: string }>(one: T) => one.from <= encodeDate(now);
  return {
    roles: await roleFacts(reading, register),
    cpl: cpl && cplIndex.parse(cpl),
    ...(await trustFacts(published, now)),
    certificates: register.parties.flatMap(({ name, certificates }) =>
      certificates.filter(open).map(({ sha256, purposes, until }) => ({
        party: name,
        sha256,
        purposes,
        until: until === undefined ? undefined : parseDate(until),
      })),
    ),
    userRoles: register.parties.flatMap(({ name, userRoles }) =>
      userRoles.map(({ role, until }) => ({
        party: name,
        role,
        until: until === undefined ? undefined : parseDate(until),
      })),
    ),
    access: await accessFact(published, now),
    held: (await submissionsIn(files, 'held')).map(nameShown),
    disputes: await disputeFacts(files),
    unrepeated: (await planRepetition(published, now))?.words.length ?? 0,
  };
}

async function accessFact(published: Published, now: Date): Promise<AccessFact | undefined> {
  const access = await readAccess(published);
  if (access === undefined) return undefined;
  const open = { published, access };
  const readers = access.grants.holders.filter((one) => one.holder !== GATEWAY && openUses(one).length > 0);
  return {
    readers: readers.length,
    epochs: READ_KEY_USES.map((use) => `${use} epoch ${currentKey(access.recipients, use)?.epoch}`),
    lapsed: (await lapsing(open, now)).map(({ holder }) => holder),
    due: dueUses(open, now),
  };
}

async function roleFacts({ published, nameOf }: Reading, register: Register): Promise<readonly RoleFact[]> {
  const { root, timestamp, snapshot, targets } = published.trusted;
  const parties = new Map(
    register.parties.flatMap(({ name, codes }) =>
      codes.map((code) => [manufacturerRole(code), name] as const),
    ),
  );
  const fact = (role: RoleName, { signed }: Document<SignedPart>, shown: string = role): RoleFact => {
    const { keyIds, threshold } = keysOfRole(role, published);
    const { version, expires } = signed;
    const party = parties.get(role);
    return { role, shown, version, expires, threshold, keys: keyIds.map(nameOf), party };
  };
  const delegated: RoleFact[] = [];
  for (const { name } of targets.signed.delegations?.roles ?? []) {
    const document = await published.role(name);
    if (document === undefined) continue;
    delegated.push(fact(name, document));
    const bins = await firstToEnd(published, name, document);
    if (bins !== undefined) delegated.push(fact(name, bins, `${name}-0…${binsIn(document.signed) - 1}`));
  }
  return [
    fact(TIMESTAMP, timestamp),
    fact(SNAPSHOT, snapshot),
    ...delegated,
    fact(TARGETS, targets),
    fact(ROOT, root),
  ];
}

/** Of the role's bins; undefined where it has none. */
async function firstToEnd(
  published: Published,
  role: RoleName,
  head: Document<Targets>,
): Promise<Document<Targets> | undefined> {
  const [, ...names] = filesOf(role, binsIn(head.signed));
  const bins = await Promise.all(names.map((name) => published.role(name)));
  const [first] = bins
    .flatMap((bin) => bin ?? [])
    .toSorted((a, b) => a.signed.expires.getTime() - b.signed.expires.getTime());
  return first;
}

async function trustFacts(published: Published, now: Date): Promise<Pick<Facts, 'authorities' | 'lists'>> {
  const { authorities: all } = await readTrust({
    trustedRoot: await existing(published, TRUSTED_ROOT_PATH),
    anchors: await existing(published, ANCHORS_PATH),
    revocations: await existing(published, REVOCATIONS_PATH),
    crls: [],
  });
  const begun = all.filter(({ from }) => from <= now);
  const authorities = begun.map(({ anchor, chain: [first, ...above], until }): AuthorityFact => {
    const ends = [...[first, ...above].map((one) => one.until), ...(until === undefined ? [] : [until])];
    const last = new Date(Math.min(...ends.map((end) => end.getTime())));
    return { name: first.subject, kind: anchor.kind, until: last };
  });
  const open = begun.filter((_one, i) => (authorities[i]?.until ?? now) > now);
  const issuing = open.flatMap(({ anchor, chain: [first, ...above] }) => [
    ...(anchor.kind === 'certificate' ? [{ by: first, isNeeded: true }] : []),
    ...above.map((by) => ({ by, isNeeded: false })),
  ]);
  return { authorities, lists: await listFacts(published, issuing) };
}

async function listFacts(
  published: Published,
  issuing: readonly { readonly by: Certificate; readonly isNeeded: boolean }[],
): Promise<readonly ListFact[]> {
  const listed = [...((await published.role(CATALOGUE))?.signed.targets.keys() ?? [])].flatMap(
    (path) => parseCrlPath(path) ?? [],
  );
  const facts = new Map<string, ListFact>();
  for (const { by, isNeeded } of issuing) {
    const same = issuing.filter((one) => isSameAuthority(one.by, by)).map((one) => one.by.sha256);
    const [newest] = listed
      .filter(({ issuer }) => same.includes(issuer))
      .sort((a, b) => (a.number < b.number ? 1 : -1));
    if (newest === undefined && !isNeeded) continue;
    const crl = newest && readCrl(await existing(published, crlPath(newest)));
    if (!facts.has(same[0] ?? by.sha256))
      facts.set(same[0] ?? by.sha256, { authority: by.subject, newest: crl });
  }
  return [...facts.values()];
}

async function disputeFacts(files: Files): Promise<readonly DisputeFact[]> {
  return (await openInvestigations(files)).map(({ number, code, release, opened, conflicts }) => ({
    number,
    opened,
    about: `${code} ${release.slice(0, 12)}, the hash of ${conflicts.map(({ entry }) => entry).join(', ')}`,
  }));
}
