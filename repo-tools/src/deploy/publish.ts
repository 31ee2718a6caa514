// Publishing is a transaction: a reader sees the old state or the new one, whenever the publisher dies.
//
//   1. plan     the new role files, a snapshot that lists them, a timestamp that names the snapshot
//   2. verify   the planned library as a whole, before anything of it is visible: with our own client,
//               which also knows what was published before, and with tuf-js, which shares no code with it
//   3. write    new target files, which nothing lists yet; then the journal, which keeps what was signed;
//               then `<N>.snapshot.json`, created only where absent: it decides between two publishers, and
//               whoever loses has written no role file whose version number would be used up; then the
//               role files, a new root after all others; last `timestamp.json`, if it still is the one planned upon
//   4. forget   the journal
//
// Whoever comes next and finds a journal finishes it first, with the same octets: a version number that
// was once written is never used for others.
//
// A timestamp is renewed in the same way, upon the snapshot that is there. Neither is signed by a clock that is
// behind the last timestamp: readers would be told that the library ends earlier than they were told before. If
// the last timestamp was signed by a clock that was ahead, the timestamp gets a new key.

import { equalOctets, type JsonObject, parseJson, sha256, toHex } from '@cfl/client/encoding';
import type { Signer } from '@cfl/client/keys';
import { type Files, folderRepository, memoryCache } from '@cfl/client/library';
import {
  Client,
  consistentName,
  type Document,
  encodeDocument,
  encodeSnapshot,
  encodeTimestamp,
  type MetaFile,
  matchesPattern,
  metadataFile,
  minute,
  RefusedError,
  ROOT,
  type RoleName,
  type Root,
  type SignedPart,
  SNAPSHOT,
  SPEC_VERSION,
  signedOctets,
  TARGETS,
  type TargetPath,
  type Targets,
  TIMESTAMP,
  type Timestamp,
  UnreachableError,
} from '@cfl/client/tuf';
import { familyOf } from '../change/bins.ts';
import { differenceOf, isSame } from '../change/difference.ts';
import { ChangeError } from '../change/errors.ts';
import { expiry } from '../change/plan.ts';
import { rememberRoot } from './remembered.ts';
import { askTufJs, type NewTarget, probeOf } from './second-opinion.ts';
import { type Place, type Published, roleOf } from './state.ts';

/** What becomes visible together: fully signed role files, and the new target files that they list. */
export interface Publication {
  readonly roles: ReadonlyMap<RoleName, Document<Root | Targets>>;
  readonly targets: ReadonlyMap<TargetPath, Uint8Array>;
}

export interface OnlineSigners {
  readonly snapshot: Signer;
  readonly timestamp: Signer;
}

/** The keys that the gateway uses. */
export interface GatewaySigners extends OnlineSigners {
  readonly gate: Signer;
  readonly catalogue: Signer;
}

export interface PublishOptions {
  readonly place: Place;
  /** What this was planned upon; undefined for the first publication. */
  readonly published: Published | undefined;
  readonly online: OnlineSigners;
  readonly now: Date;
}

/** Returns the library's new version. Throws, with nothing visible, where the planned library does not verify. */
export async function publish(publication: Publication, options: PublishOptions): Promise<number> {
  const planned = await planFiles(publication, options);
  await verifyPlanned(planned, publication, options);
  await writeTargets(options.place.targets, publication.targets);
  await options.place.private.replace(JOURNAL, encodeJournal(planned));
  await writeMetadata(options.place, planned);
  const root = publication.roles.get(ROOT);
  if (root !== undefined) await rememberRoot(options.place, root as Document<Root>);
  return planned.version;
}

const NOTHING: Publication = { roles: new Map(), targets: new Map() };

/** The next timestamp of the library as it is. Throws, with nothing visible, where readers would refuse it. */
export async function renewTimestamp(options: RenewOptions): Promise<void> {
  const { published } = options;
  const { octets, signed } = published.trusted.snapshot;
  const listed = await listing(octets, signed.version);
  const planned = { ...(await planTimestamp(listed, options)), files: new Map<string, Uint8Array>() };
  await verifyPlanned(planned, NOTHING, options);
  await options.place.private.replace(JOURNAL, encodeJournal(planned));
  await writeMetadata(options.place, planned);
}

export interface RenewOptions {
  readonly place: Place;
  readonly published: Published;
  readonly online: Pick<OnlineSigners, 'timestamp'>;
  readonly now: Date;
}

/** What stands in the journal, if anything does, is finished or found to be published; called before planning. */
export async function finishJournal(place: Place): Promise<void> {
  const octets = await place.private.read(JOURNAL);
  if (octets === undefined) return;
  const planned = decodeJournal(octets);
  const present = await place.metadata.read(metadataFile(TIMESTAMP));
  if (isPresent(present, planned) || (await isUpon(present, planned))) return writeMetadata(place, planned);
  // Somebody else has published since: what was planned then is of no use now
  await place.private.remove(JOURNAL);
}

interface PlannedFiles {
  readonly version: number;
  /** SHA-256 of the timestamp that this was planned upon; empty for the first. */
  readonly upon: string;
  /** In the order of writing; the timestamp is not among them. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly timestamp: Uint8Array;
}

async function planFiles(
  { roles }: Publication,
  { published, online, now }: PublishOptions,
): Promise<PlannedFiles> {
  const meta = new Map<RoleName, MetaFile>(published?.trusted.snapshot.signed.meta);
  for (const [role, { octets, signed }] of roles)
    if (role !== ROOT) meta.set(role, await listing(octets, signed.version));
  const version = (published?.trusted.snapshot.signed.version ?? 0) + 1;
  const snapshot = await signed(
    encodeSnapshot({ specVersion: SPEC_VERSION, version, expires: expiry(SNAPSHOT, now), meta }),
    online.snapshot,
  );
  const files = new Map([[metadataFile(SNAPSHOT, version), snapshot]]);
  // A new root shows by itself: with new keys for snapshot or timestamp it stops readers until the timestamp follows
  const inOrder = [...roles].sort(([a], [b]) => Number(a === ROOT) - Number(b === ROOT));
  for (const [role, { octets, signed }] of inOrder) files.set(metadataFile(role, signed.version), octets);
  const planned = await planTimestamp(await listing(snapshot, version), { published, online, now });
  return { ...planned, files };
}

async function planTimestamp(
  snapshot: MetaFile,
  { published, online, now }: Pick<PublishOptions, 'published' | 'now'> & Pick<RenewOptions, 'online'>,
): Promise<Omit<PlannedFiles, 'files'>> {
  const before = published?.trusted.timestamp;
  const expires = expiry(TIMESTAMP, now);
  // With a new key of the timestamp readers forget the old one: the way out when a clock was ahead
  const isForgotten =
    published?.trusted.root.signed.roles.timestamp.keyIds.includes(online.timestamp.key.id) === false;
  if (before !== undefined && expires < before.signed.expires && !isForgotten)
    throw clockBehind(now, before.signed);
  const timestamp = await signed(
    encodeTimestamp({
      specVersion: SPEC_VERSION,
      version: (before?.signed.version ?? 0) + 1,
      expires,
      snapshot,
    }),
    online.timestamp,
  );
  return {
    version: snapshot.version,
    upon: before === undefined ? '' : await sha256(before.octets),
    timestamp,
  };
}

function clockBehind(now: Date, { version, expires }: Timestamp): ChangeError {
  return new ChangeError(
    'CLOCK_BEHIND',
    `Cannot sign a timestamp at ${minute(now)}: version ${version} is good until ${minute(expires)}, so it was signed later`,
    "Set this machine's clock, and run the command again. If it was ahead then: cfl-repo rotate timestamp --here",
  );
}

async function listing(octets: Uint8Array, version: number): Promise<MetaFile> {
  return { version, length: octets.length, hashes: new Map([['sha256', await sha256(octets)]]) };
}

async function signed(part: JsonObject, signer: Signer): Promise<Uint8Array> {
  const sig = toHex(await signer.sign(signedOctets(part)));
  return encodeDocument(part, [{ keyId: signer.key.id, sig }]);
}

/** The library as it will be: the planned files over the published ones. */
async function verifyPlanned(
  planned: PlannedFiles,
  { roles, targets }: Publication,
  { place, published, now }: Omit<PublishOptions, 'online'>,
): Promise<void> {
  const metadata = new Map([...planned.files, [metadataFile(TIMESTAMP), planned.timestamp]]);
  const targetFiles = new Map<string, Uint8Array>();
  for (const [path, octets] of targets) targetFiles.set(consistentName(path, await sha256(octets)), octets);
  const repository = folderRepository(overlay(metadata, place.metadata), overlay(targetFiles, place.targets));
  // What led from the first root to this one was looked at when it was published
  const first = metadata.get('1.root.json') ?? (await place.metadata.read('1.root.json'));
  const root = roles.has(ROOT) ? first : published?.trusted.root.octets;
  if (root === undefined || first === undefined)
    throw new ChangeError(
      'NO_LIBRARY',
      'Cannot publish: there is no first root',
      'Begin with: cfl-repo init',
    );

  const client = new Client({ root, repository, cache: await rememberingCache(published), now });
  const trusted = await client.refresh();
  expectRoot(trusted.root, roles.get(ROOT) ?? published?.trusted.root);
  const { delegations } = trusted.targets.signed;
  // New delegations may lock a role out that is not in the change
  const delegated = roles.has(TARGETS) ? (delegations?.roles.map(({ name }) => name) ?? []) : [];
  const loaded = [...new Set([...roles.keys(), ...delegated])].filter((role) => role !== ROOT);
  for (const role of loaded) {
    const found = await roleOf(client, role).catch((error: unknown) => {
      // A role that has ended stops itself; it must not stop what is done about it
      if (!roles.has(role) && error instanceof RefusedError && error.code === 'EXPIRED') return 'ended';
      throw error;
    });
    if (found === undefined) throw notDelegated(role);
  }
  const brought: NewTarget[] = [];
  for (const [path, octets] of targets) brought.push(await verifyBrought(client, path, octets, roles));
  const before = new Map<RoleName, Targets | undefined>();
  for (const role of roles.keys()) if (role !== ROOT) before.set(role, (await published?.role(role))?.signed);
  const listedBefore = new Map([...before.values()].flatMap((one) => [...(one?.targets ?? [])]));
  for (const [role, document] of roles) {
    if (role === ROOT) continue;
    const after = document.signed as Targets;
    const { added, changed } = differenceOf(before.get(role), after);
    for (const path of [...added, ...changed]) {
      // What only moved into a bin was read when it was published
      const reading = isSame(listedBefore.get(path), after.targets.get(path)) ? 'listed' : 'read';
      await verifyListed(client, path, { role, reading });
    }
  }
  const probes: string[] = [];
  for (const role of roles.keys()) {
    const family = familyOf(role);
    const own = probeOf(family, delegations);
    const bins = family === role ? undefined : (await client.role(family)).signed.delegations;
    const probe = bins === undefined ? own : probeOf(role, bins, own);
    probes.push(...[probe ?? []].flat());
  }
  await askTufJs({ root, repository, now, probes: ['nothing', ...probes], targets: brought });
}

/** A reader arrives at the root that is meant, and not before it for want of one on the way. */
function expectRoot(reached: Document<Root>, meant: Document<SignedPart> | undefined): void {
  if (meant !== undefined && equalOctets(reached.octets, meant.octets)) return;
  const [found, expected] = [reached.signed.version, meant?.signed.version ?? 1];
  if (found >= expected) throw lostTheRace(`upon root ${expected}`);
  throw new ChangeError(
    'NO_LIBRARY',
    `Cannot publish: a reader that starts at the first root arrives at root ${found}, expected ${expected}`,
    `Put metadata/${metadataFile(ROOT, found + 1)} back, from the CDN or a mirror; cfl-repo check names what else is missing`,
  );
}

/** A file of the change is what a role of the change lists. */
async function verifyBrought(
  client: Client,
  path: TargetPath,
  octets: Uint8Array,
  roles: Publication['roles'],
): Promise<NewTarget> {
  const found = await client.find(path);
  if (found === undefined || !roles.has(found.role))
    throw notPublishable(path, 'no role of this change lists it');
  if (found.file.hashes.get('sha256') !== (await sha256(octets)))
    throw notPublishable(path, `its octets are not those that ${found.role} lists`);
  const delegator = await client.role(found.by.at(-1) ?? TARGETS);
  const covers = delegator.signed.delegations?.roles.find(({ name }) => name === found.role)?.covers;
  const patterns = covers !== undefined && 'paths' in covers ? covers.paths : [];
  const pattern = patterns.find((one) => matchesPattern(path, one));
  return { path, octets, role: found.role, pattern };
}

/** What a role lists anew is there, and it is this role's that a reader finds. */
async function verifyListed(
  client: Client,
  path: TargetPath,
  { role, reading }: { role: RoleName; reading: 'listed' | 'read' },
): Promise<void> {
  const found = await client.find(path);
  if (found?.role !== role) {
    const finds = found === undefined ? 'no reader finds it' : `a reader finds the one of ${found.role}`;
    throw notPublishable(path, `${role} lists it, and ${finds}`);
  }
  if (reading === 'listed') return;
  await client.read(found).catch((cause: unknown) => {
    if (!(cause instanceof UnreachableError)) throw cause;
    const where = 'the file is neither in the change nor in the library';
    throw notPublishable(path, `${role} lists it, and ${where}`, cause);
  });
}

function notDelegated(role: RoleName): ChangeError {
  return new ChangeError(
    'NOT_A_CHANGE',
    `Cannot publish ${role}: ${familyOf(role)} does not delegate to it`,
    'Make the change again; nothing was made visible',
  );
}

function notPublishable(path: TargetPath, reason: string, cause?: unknown): ChangeError {
  return new ChangeError(
    'NOT_A_CHANGE',
    `Cannot publish ${path}: ${reason}`,
    'Make the change again; nothing was made visible',
    cause,
  );
}

/** A reader that has seen the present state: it refuses a plan in which a version falls or a role vanishes. */
async function rememberingCache(published: Published | undefined): Promise<ReturnType<typeof memoryCache>> {
  const cache = memoryCache();
  if (published === undefined) return cache;
  await cache.write(metadataFile(TIMESTAMP), published.trusted.timestamp.octets);
  await cache.write(metadataFile(SNAPSHOT), published.trusted.snapshot.octets);
  await cache.write(metadataFile(TARGETS), published.trusted.targets.octets);
  return cache;
}

function overlay(planned: ReadonlyMap<string, Uint8Array>, under: Files): Files {
  return {
    ...readOnly,
    read: async (path) => planned.get(path) ?? under.read(path),
    list: (path) => under.list(path),
  };
}

const refuseToWrite = () => Promise.reject(new TypeError('A planned library is only read'));
const readOnly = { writeNew: refuseToWrite, replace: refuseToWrite, remove: refuseToWrite };

/** Nothing lists them yet, so their order is all the same; a disk that flushes several at once is not waited for. */
const AT_ONCE = 16;

async function writeTargets(files: Files, targets: Publication['targets']): Promise<void> {
  const all = [...targets];
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const written = await Promise.allSettled(
      all
        .slice(from, from + AT_ONCE)
        .map(async ([path, octets]) => writeOnce(files, consistentName(path, await sha256(octets)), octets)),
    );
    for (const one of written) if (one.status === 'rejected') throw one.reason;
  }
}

async function writeMetadata(place: Place, planned: PlannedFiles): Promise<void> {
  if (!isPresent(await place.metadata.read(metadataFile(TIMESTAMP)), planned)) {
    // Before a version number is taken, and again before it shows
    await refuseMoved(place, planned);
    for (const [file, octets] of planned.files) await writeOnce(place.metadata, file, octets);
    await refuseMoved(place, planned);
    await place.metadata.replace(metadataFile(TIMESTAMP), planned.timestamp);
  }
  await place.private.remove(JOURNAL);
}

async function refuseMoved(place: Place, planned: PlannedFiles): Promise<void> {
  const present = await place.metadata.read(metadataFile(TIMESTAMP));
  if (!(await isUpon(present, planned))) throw lostTheRace(`version ${planned.version}`);
}

function isPresent(timestamp: Uint8Array | undefined, planned: PlannedFiles): boolean {
  return timestamp !== undefined && equalOctets(timestamp, planned.timestamp);
}

async function isUpon(timestamp: Uint8Array | undefined, planned: PlannedFiles): Promise<boolean> {
  return planned.upon === (timestamp === undefined ? '' : await sha256(timestamp));
}

/** The same octets again are fine: they were written before a crash. */
async function writeOnce(files: Files, path: string, octets: Uint8Array): Promise<void> {
  if (await files.writeNew(path, octets)) return;
  const there = await files.read(path);
  if (there === undefined || !equalOctets(there, octets)) throw lostTheRace(path);
}

function lostTheRace(what: string): ChangeError {
  return new ChangeError(
    'LOST_THE_RACE',
    `Cannot publish ${what}: somebody else has published since this was planned`,
    'Run the command again; it plans upon what is there now',
  );
}

const JOURNAL = 'pending.json';

function encodeJournal({ version, upon, files, timestamp }: PlannedFiles): Uint8Array {
  const text = new TextDecoder();
  const kept = [...files].map(([file, octets]) => [file, text.decode(octets)]);
  return new TextEncoder().encode(
    JSON.stringify({
      format: 'cfl/journal/1',
      version,
      upon,
      files: kept,
      timestamp: text.decode(timestamp),
    }),
  );
}

function decodeJournal(octets: Uint8Array): PlannedFiles {
  const { version, upon, files, timestamp } = parseJson(octets) as {
    version: number;
    upon: string;
    files: readonly [string, string][];
    timestamp: string;
  };
  const bytes = new TextEncoder();
  return {
    version,
    upon,
    files: new Map(files.map(([file, text]) => [file, bytes.encode(text)])),
    timestamp: bytes.encode(timestamp),
  };
}
