// Did the past of a library ever go backwards? Every snapshot that is published, against the one after it.
//
// - A snapshot is believed under the keys that any of the roots names, the newest first.
// - No version falls, and no role leaves. After a rotation of the online keys both may be a recovery
//   (TUF 5.3.11): readers forget what the old keys said, and so does this comparison.
// - In a library of this project nothing published goes away. So each past role file is read, too, and what it
//   listed of releases must be listed by the role or its bins ever after, with the same hash.
// - Two snapshots are in memory at a time, and the lists of one role with its bins.

import {
  type Document,
  LIMITS,
  type MetaFile,
  metadataFile,
  onlineKeys,
  parseSnapshot,
  parseTargets,
  type Repository,
  type RoleName,
  SNAPSHOT,
  type Snapshot,
  verifyLengthAndHashes,
  verifyThreshold,
  wereRotated,
} from '@cfl/client/tuf';
import { familyOf } from '../change/bins.ts';
import { isWrong, undefinedIfRefused } from './read-roots.ts';
import type { Faults, Roots, Seen } from './seen.ts';

export interface HistoryToRead {
  readonly roots: Roots;
  readonly snapshot: Document<Snapshot>;
  readonly own: boolean;
  readonly repository: Repository;
  readonly faults: Faults;
  readonly onSnapshot: (version: number) => void;
  readonly onRoleFile: (count: number, of: number) => void;
}

/** A role's version, from the snapshot on that first listed it. */
interface Appearance {
  readonly since: number;
  readonly role: RoleName;
  readonly file: MetaFile;
}

export async function readHistory(all: HistoryToRead): Promise<Seen['history']> {
  const { repository, faults, own } = all;
  const appearances = new Map<RoleName, Appearance[]>();
  let newer: Dated = { signed: all.snapshot.signed, era: all.roots.length - 1 };
  let oldest = newer.signed.version;
  let snapshots = 1;
  for (let version = oldest - 1; version >= 1; version--) {
    all.onSnapshot(version);
    const file = metadataFile(SNAPSHOT, version);
    const octets = await repository.metadata(file, LIMITS.snapshot);
    if (octets === undefined) {
      if (own) faults.note('SNAPSHOT_MISSING', file, `snapshot version ${version} is not there any more`);
      break;
    }
    oldest = version;
    snapshots++;
    const older = await datedSnapshot(octets, version, newer.era, all);
    if (older === undefined) continue;
    compareSnapshots(older, newer, all);
    if (own) addAppearances(appearances, newer.signed, older.signed);
    newer = older;
  }
  if (own) {
    addAppearances(appearances, newer.signed, undefined);
    await readRoleFiles(appearances, all);
  }
  return { snapshots, oldest };
}

/** A snapshot, and the newest root whose keys have signed it, by its place among the roots. */
interface Dated {
  readonly signed: Snapshot;
  readonly era: number;
}

async function datedSnapshot(
  octets: Uint8Array,
  version: number,
  from: number,
  { roots, faults }: HistoryToRead,
): Promise<Dated | undefined> {
  const file = metadataFile(SNAPSHOT, version);
  const document = await parseSnapshot(octets, SNAPSHOT).catch(undefinedIfRefused);
  if (document?.signed.version !== version) {
    faults.note('HISTORY_UNSIGNED', file, `snapshot version ${version} cannot be read as that`);
    return undefined;
  }
  for (let era = from; era >= 0; era--) {
    const { roles, keys } = roots[era]?.signed ?? roots[0].signed;
    const signers = await verifyThreshold(document, roles.snapshot, keys, file).catch(undefinedIfRefused);
    if (signers !== undefined) return { signed: document.signed, era };
  }
  // Where the first roots are gone, nobody can tell any more
  if (roots[0].signed.version === 1)
    faults.note('HISTORY_UNSIGNED', file, `snapshot version ${version} is signed by the keys of no root`);
  return undefined;
}

function compareSnapshots(older: Dated, newer: Dated, { roots, faults }: HistoryToRead): void {
  const before = roots[older.era]?.signed ?? roots[0].signed;
  const after = roots[newer.era]?.signed ?? roots[0].signed;
  if (wereRotated(onlineKeys(before), after)) return;
  for (const { role, then, now } of fallsBetween(older.signed, newer.signed)) {
    const where = `between snapshots ${older.signed.version} and ${newer.signed.version}`;
    if (now === undefined) faults.note('ROLE_LEFT', role, `${role} left the library ${where}`);
    else faults.note('VERSION_FELL', role, `${role} fell from version ${then} to ${now} ${where}`);
  }
}

export interface Fall {
  readonly role: RoleName;
  readonly then: number;
  /** Undefined where it is not listed any more. */
  readonly now: number | undefined;
}

export function fallsBetween(older: Snapshot, newer: Snapshot): readonly Fall[] {
  return [...older.meta].flatMap(([role, { version: then }]) => {
    const now = newer.meta.get(role)?.version;
    return now === undefined || now < then ? [{ role, then, now }] : [];
  });
}

/** By the role that the bins belong to, the newest first. */
function addAppearances(
  all: Map<RoleName, Appearance[]>,
  { version, meta }: Snapshot,
  before: Snapshot | undefined,
): void {
  for (const [role, file] of meta) {
    if (before?.meta.get(role)?.version === file.version) continue;
    const family = familyOf(role);
    const known = all.get(family) ?? [];
    all.set(family, known);
    known.push({ since: version, role, file });
  }
}

/** Release files by path, with the SHA-256 of each. */
type Listing = ReadonlyMap<string, string>;

async function readRoleFiles(
  families: ReadonlyMap<RoleName, Appearance[]>,
  all: HistoryToRead,
): Promise<void> {
  const total = [...families.values()].reduce((sum, { length }) => sum + length, 0);
  let count = 0;
  for (const appearances of families.values()) {
    const listings = new Map<RoleName, Listing>();
    for (const group of bySnapshot(appearances.toReversed())) {
      const before = new Map(listings);
      for (const one of group) {
        all.onRoleFile(++count, total);
        const listing = await listingOf(one, all);
        if (listing !== undefined) listings.set(one.role, listing);
      }
      const changed = group.map(({ role }) => role);
      noteLosses(of(changed, before), of(changed, listings), group[0]?.since ?? 0, all.faults);
    }
  }
}

function* bySnapshot(appearances: readonly Appearance[]): Generator<readonly Appearance[]> {
  let group: Appearance[] = [];
  for (const one of appearances) {
    if (group.length > 0 && group[0]?.since !== one.since) {
      yield group;
      group = [];
    }
    group.push(one);
  }
  if (group.length > 0) yield group;
}

function of(roles: readonly RoleName[], listings: ReadonlyMap<RoleName, Listing>): readonly Listing[] {
  return roles.flatMap((role) => listings.get(role) ?? []);
}

/** What a file of a release is: it is there for good, as it is. */
const FOR_GOOD = /^(?:firmware\/[0-9A-F]{4}|intake)\/[0-9a-f]{64}\/|^withdrawn\//;

async function listingOf(
  { since, role, file }: Appearance,
  { repository, faults }: HistoryToRead,
): Promise<Listing | undefined> {
  const name = metadataFile(role, file.version);
  try {
    const octets = await repository.metadata(name, Math.min(file.length ?? LIMITS.targets, LIMITS.targets));
    if (octets === undefined) {
      faults.note('HISTORY_FILE', name, `${name}, which snapshot ${since} lists, is not there any more`);
      return undefined;
    }
    await verifyLengthAndHashes(name, octets, file);
    const { targets } = (await parseTargets(octets, role)).signed;
    const listing = new Map<string, string>();
    for (const [path, { hashes }] of targets)
      if (FOR_GOOD.test(path)) listing.set(path, hashes.get('sha256') ?? '');
    return listing;
  } catch (error) {
    if (!isWrong(error)) throw error;
    faults.note('HISTORY_FILE', name, `${name}, which snapshot ${since} lists: ${error.message}`);
    return undefined;
  }
}

/** What was listed before by the roles that changed in this snapshot, and is not, or not the same, since. */
export function noteLosses(
  before: readonly Listing[],
  after: readonly Listing[],
  since: number,
  faults: Faults,
): void {
  const all: Listing = new Map(after.flatMap((listing) => [...listing]));
  for (const listing of before) {
    for (const [path, digest] of listing) {
      const now = all.get(path);
      if (now === undefined)
        faults.note('RELEASE_VANISHED', path, `${path} is not listed any more since snapshot ${since}`);
      else if (now !== digest)
        faults.note('RELEASE_REPLACED', path, `${path} has another hash since snapshot ${since}`);
    }
  }
}
