// The trust rules of a client of TUF 1.0.34: octets, clock and keys in; trusted documents out.
//
// Nothing here reads a file, a clock or the network. Each function takes what is trusted already and the
// octets that claim to follow, and returns the document or throws RefusedError. The rules in prose:
//
// Root          is signed by enough keys of the root before it and of itself, and is exactly one version
//               newer. Roots on the way may have expired; the newest may not (5.3).
// Timestamp     is signed by the root's timestamp keys; neither its version nor the snapshot version that
//               it names is below a floor; it has not expired (5.4).
// Snapshot      has the length and hash that the timestamp says, the root's snapshot signatures and the
//               timestamp's version; it lists every role that was ever listed, none with a lower version;
//               it has not expired (5.5).
// Targets and   have the length and hash that the snapshot says, the signatures that the delegating role
// delegated     asks for, the snapshot's version; they have not expired (5.6).
//
// "Has expired" is: not after the moment at which the session started (5.1).

import { sha256, toHex } from '../encoding/index.ts';
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from './document.ts';
import { RefusedError } from './errors.ts';
import type { Floors } from './floors.ts';
import { ROOT, SNAPSHOT, TIMESTAMP } from './names.ts';
import { type Signers, verifyThreshold } from './threshold.ts';
import type {
  Document,
  KeyRing,
  MetaFile,
  RoleKeys,
  RoleName,
  Root,
  SignedPart,
  Snapshot,
  Targets,
  Timestamp,
} from './types.ts';

export interface Verified<T extends SignedPart> {
  readonly document: Document<T>;
  readonly signers: Signers;
}

/** Who may sign a role, as its delegator says it. */
export interface Authority {
  readonly role: RoleKeys;
  readonly keys: KeyRing;
}

/** The pinned root: it vouches for itself, since nothing else can; it must at least be whole. */
export async function verifyPinnedRoot(octets: Uint8Array): Promise<Verified<Root>> {
  const document = await parseRoot(octets, ROOT);
  return {
    document,
    signers: await verifyThreshold(
      document,
      document.signed.roles.root,
      document.signed.keys,
      describe(ROOT, document),
    ),
  };
}

export async function verifyNextRoot(octets: Uint8Array, trusted: Root): Promise<Verified<Root>> {
  const document = await parseRoot(octets, ROOT);
  const what = describe(ROOT, document);
  // TUF 5.3.4: by the trusted root's keys, and by its own
  await verifyThreshold(document, trusted.roles.root, trusted.keys, what);
  const signers = await verifyThreshold(document, document.signed.roles.root, document.signed.keys, what);
  // TUF 5.3.5
  expectVersion(ROOT, document, trusted.version + 1);
  return { document, signers };
}

/** A reader that saw root 5 does not go back to root 4, whatever is withheld from it. */
export function verifyRootFloor(root: Document<Root>, floors: Floors): void {
  refuseBelowFloor(ROOT, root.signed.version, floors.root);
}

/** A timestamp that the root's keys signed; whether it may be used is `verifyTimestampVersions`' question. */
export async function verifyTimestampSignatures(
  octets: Uint8Array,
  root: Root,
): Promise<Verified<Timestamp>> {
  const document = await parseTimestamp(octets, TIMESTAMP);
  // TUF 5.4.2
  const signers = await verifyThreshold(
    document,
    root.roles.timestamp,
    root.keys,
    describe(TIMESTAMP, document),
  );
  return { document, signers };
}

export function verifyTimestampVersions(document: Document<Timestamp>, floors: Floors): void {
  // TUF 5.4.3.1
  refuseBelowFloor(TIMESTAMP, document.signed.version, floors.timestamp);
  // TUF 5.4.3.2
  refuseBelowFloor(SNAPSHOT, document.signed.snapshot.version, floors.snapshot);
}

export async function verifySnapshot(
  octets: Uint8Array,
  root: Root,
  timestamp: Timestamp,
  floors: Floors,
  now: Date,
): Promise<Verified<Snapshot>> {
  // TUF 5.5.2
  await verifyListed(SNAPSHOT, octets, timestamp.snapshot);
  const verified = await verifySnapshotSignatures(octets, root);
  const { signed } = verified.document;
  // TUF 5.5.4
  expectVersion(SNAPSHOT, verified.document, timestamp.snapshot.version);
  // TUF 5.5.5
  for (const [role, floor] of floors.roles) {
    const listed = signed.meta.get(role);
    if (listed === undefined) throw vanished(role, signed.version);
    refuseBelowFloor(role, listed.version, floor);
  }
  // TUF 5.5.6
  verifyNotExpired(SNAPSHOT, verified.document, now);
  return verified;
}

/** A snapshot that the root's keys signed (5.5.3): enough to take floors from, not to use it. */
export async function verifySnapshotSignatures(octets: Uint8Array, root: Root): Promise<Verified<Snapshot>> {
  const document = await parseSnapshot(octets, SNAPSHOT);
  return {
    document,
    signers: await verifyThreshold(document, root.roles.snapshot, root.keys, describe(SNAPSHOT, document)),
  };
}

/** Targets, and every delegated role, under the authority of the one that delegates to it. */
export async function verifyTargets(
  octets: Uint8Array,
  name: RoleName,
  authority: Authority,
  listed: MetaFile,
  now: Date,
): Promise<Verified<Targets>> {
  // TUF 5.6.2
  await verifyListed(name, octets, listed);
  const document = await parseTargets(octets, name);
  // TUF 5.6.3
  const signers = await verifyThreshold(document, authority.role, authority.keys, describe(name, document));
  // TUF 5.6.4
  expectVersion(name, document, listed.version);
  // TUF 5.6.5
  verifyNotExpired(name, document, now);
  return { document, signers };
}

/** What the snapshot says of a role. */
export function listedIn(snapshot: Snapshot, role: RoleName): MetaFile {
  const listed = snapshot.meta.get(role);
  if (listed !== undefined) return listed;
  throw new RefusedError(
    'NOT_LISTED',
    `Cannot use ${role}: snapshot version ${snapshot.version} does not list it`,
    {
      role,
      hint: 'The library has not accepted anything from this role, or the copy is not whole; tell the operator',
    },
  );
}

async function verifyListed(role: RoleName, octets: Uint8Array, listed: MetaFile): Promise<void> {
  await verifyLengthAndHashes(`${role} version ${listed.version}`, octets, listed);
}

/** Length and every hash that this code knows; a list without any known hash is refused where a hash is needed. */
export async function verifyLengthAndHashes(
  what: string,
  octets: Uint8Array,
  listed: Pick<MetaFile, 'length' | 'hashes'>,
): Promise<void> {
  if (listed.length !== undefined && octets.length !== listed.length) {
    throw new RefusedError(
      'WRONG_LENGTH',
      `Cannot accept ${what}: it has ${octets.length} octets, ${listed.length} are signed`,
      {
        found: octets.length,
        expected: listed.length,
        hint: CHANGED,
      },
    );
  }
  for (const [algorithm, expected] of listed.hashes) {
    const found = await hash(algorithm, octets);
    if (found !== undefined && found !== expected) {
      throw new RefusedError(
        'WRONG_HASH',
        `Cannot accept ${what}: its ${algorithm} is ${found}, ${expected} is signed`,
        { found, expected, hint: CHANGED },
      );
    }
  }
}

const CHANGED =
  'The file was changed or damaged on the way. Do not use it; try another copy, and tell the operator if it stays so';

/** Lower-case hex; undefined for an algorithm that is not known here. */
export async function hash(algorithm: string, octets: Uint8Array): Promise<string | undefined> {
  if (algorithm === 'sha256') return sha256(octets);
  if (algorithm === 'sha512')
    return toHex(new Uint8Array(await crypto.subtle.digest('SHA-512', octets as Uint8Array<ArrayBuffer>)));
  return undefined;
}

function expectVersion(role: RoleName, document: Document<SignedPart>, expected: number): void {
  const found = document.signed.version;
  if (found === expected) return;
  throw new RefusedError(
    'WRONG_VERSION',
    `Cannot accept ${role} version ${found}: version ${expected} was expected`,
    {
      role,
      found,
      expected,
      hint: 'Files of different states were mixed. Do not use them; tell the operator',
    },
  );
}

function refuseBelowFloor(role: RoleName, found: number, floor: number): void {
  if (found >= floor) return;
  throw new RefusedError(
    'ROLLBACK',
    `Cannot accept ${role} version ${found}: version ${floor} was already trusted`,
    {
      role,
      found,
      expected: floor,
      hint: OLDER,
    },
  );
}

const OLDER = 'This copy of the library is older than what you have seen. Do not use it; tell the operator';

function vanished(role: RoleName, version: number): RefusedError {
  return new RefusedError(
    'ROLLBACK',
    `Cannot accept snapshot version ${version}: it no longer lists ${role}`,
    { role, hint: OLDER },
  );
}

export function verifyNotExpired(role: RoleName, document: Document<SignedPart>, now: Date): void {
  const { expires, version } = document.signed;
  if (expires > now) return;
  throw new RefusedError(
    'EXPIRED',
    `Cannot accept ${role} version ${version}: it expired on ${minute(expires)}, ${age(expires, now)} ago`,
    {
      role,
      found: minute(expires),
      expected: `later than ${minute(now)}`,
      hint: 'Nothing is known to be wrong, but nothing newer can be ruled out. Ask the operator to renew it',
    },
  );
}

/** `2026-11-23 09:00 UTC` */
export function minute(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function age(from: Date, to: Date): string {
  const minutes = Math.floor((to.getTime() - from.getTime()) / 60_000);
  const [count, unit] =
    minutes < 120
      ? [minutes, 'minute']
      : minutes < 2880
        ? [Math.floor(minutes / 60), 'hour']
        : [Math.floor(minutes / 1440), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

function describe(role: RoleName, document: Document<SignedPart>): string {
  return `${role} version ${document.signed.version}`;
}
