// One session of a reader: from the pinned root to a target's octets, through a repository that is not
// trusted and a cache that is not trusted either (TUF 5, the client workflow).
//
// - The walk starts at the pinned root each time. The cache only saves requests: what it holds is
//   verified like what the network brings, and passed over where it does not hold.
// - Only what was accepted is written to the cache, octet for octet, after every check.
// - `now` is fixed for the session (5.1).

import { equalOctets } from '../encoding/index.ts';
import { parseRoot } from './document.ts';
import { RefusedError, UnreachableError } from './errors.ts';
import {
  encodeFloors,
  FLOORS_FILE,
  type Floors,
  NO_FLOORS,
  onlineKeys,
  parseFloors,
  raisedBySnapshot,
  raisedByTimestamp,
  wereRotated,
} from './floors.ts';
import { matchesPattern, metadataFile, ROOT, SNAPSHOT, TARGETS, TIMESTAMP } from './names.ts';
import type { Signers } from './threshold.ts';
import { verifyThreshold } from './threshold.ts';
import {
  type Authority,
  hash,
  listedIn,
  type Verified,
  verifyLengthAndHashes,
  verifyNextRoot,
  verifyNotExpired,
  verifyPinnedRoot,
  verifyRootFloor,
  verifySnapshot,
  verifySnapshotSignatures,
  verifyTargets,
  verifyTimestampSignatures,
  verifyTimestampVersions,
} from './trusted.ts';
import type {
  Cache,
  DelegatedRole,
  Document,
  KeyId,
  MetaFile,
  Repository,
  RoleName,
  Root,
  SignedPart,
  Snapshot,
  TargetFile,
  TargetPath,
  Targets,
  Timestamp,
} from './types.ts';

/** Octets, where the delegating document gives no length; and counts. */
export interface Limits {
  readonly rootRotations: number;
  readonly delegations: number;
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
  readonly file: number;
}

export const LIMITS: Limits = {
  rootRotations: 256,
  delegations: 32,
  root: 512_000,
  timestamp: 16_384,
  snapshot: 8_000_000,
  targets: 32_000_000,
  file: 64_000_000,
};

/** A document that has just become trusted. */
export interface Step {
  readonly role: RoleName;
  readonly version: number;
  readonly expires: Date;
  readonly signers: Signers;
}

export interface ClientOptions {
  /** Octets of the root that the user pinned. */
  readonly root: Uint8Array;
  readonly repository: Repository;
  readonly cache: Cache;
  readonly now: Date;
  readonly limits?: Partial<Limits>;
  readonly onStep?: (step: Step) => void;
}

export interface Trusted {
  readonly root: Document<Root>;
  readonly timestamp: Document<Timestamp>;
  readonly snapshot: Document<Snapshot>;
  readonly targets: Document<Targets>;
}

export interface FoundTarget {
  readonly path: TargetPath;
  readonly file: TargetFile;
  /** The role that lists it, and the roles on the way there from `targets`. */
  readonly role: RoleName;
  readonly by: readonly RoleName[];
  readonly document: Document<Targets>;
}

export class Client {
  readonly #options: ClientOptions;
  readonly #limits: Limits;
  readonly #roles = new Map<RoleName, Document<Targets>>();
  /** By document, the delegating documents under which it was verified in this session. */
  readonly #verified = new WeakMap<Document<Targets>, Set<Document<Targets>>>();
  #floors: Floors = NO_FLOORS;
  #trusted: Promise<Trusted> | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
  }

  /** Brings the top-level roles up to date; once a session, however often it is called. */
  refresh(): Promise<Trusted> {
    this.#trusted ??= this.#refresh();
    return this.#trusted;
  }

  /** The target as the first role in pre-order lists it (TUF 5.6.7); undefined where none does. */
  async find(path: TargetPath): Promise<FoundTarget | undefined> {
    const { targets } = await this.refresh();
    const visited = new Set<RoleName>();
    return (await this.#search(path, TARGETS, targets, [], visited)).found;
  }

  /** The target's octets, of the signed length and hash (TUF 5.7). */
  async read({ path, file }: FoundTarget): Promise<Uint8Array> {
    const { root } = await this.refresh();
    const digest = file.hashes.get('sha256') ?? file.hashes.get('sha512');
    if (digest === undefined) {
      throw new RefusedError('WRONG_HASH', `Cannot read ${path}: it has neither a sha256 nor a sha512`, {
        hint: 'Tell the operator',
      });
    }
    const octets = await this.#options.repository.target(
      path,
      root.signed.consistentSnapshot ? digest : undefined,
      Math.min(file.length, this.#limits.file),
    );
    await verifyLengthAndHashes(path, octets, file);
    return octets;
  }

  /**
   * A role by its name, verified under the first delegator in pre-order that names it. A sibling that is
   * refused, say because it has expired, is passed over, and is the answer only where nothing else is.
   */
  async role(name: RoleName): Promise<Document<Targets>> {
    const { targets } = await this.refresh();
    if (name === TARGETS) return targets;
    const refusals: RefusedError[] = [];
    const found = await this.#searchRole(name, TARGETS, targets, new Set([TARGETS]), refusals);
    if (found !== undefined) return found;
    throw (
      refusals[0] ??
      new RefusedError('NOT_FOUND', `Cannot find the role ${name}: nothing delegates to it`, { role: name })
    );
  }

  /** A role under this delegator, whose siblings are not looked at; undefined where it delegates to none of that name. */
  async roleUnder(delegator: RoleName, name: RoleName): Promise<Document<Targets> | undefined> {
    const document = await this.role(delegator);
    const role = document.signed.delegations?.roles.find((one) => one.name === name);
    return role && this.#load(role, delegator, document);
  }

  async #refresh(): Promise<Trusted> {
    const { cache, now } = this.#options;
    const saved = await parseFloors(await cache.read(FLOORS_FILE));
    const learnedUnder = saved?.keys ?? (await this.#cachedOnlineKeys());
    const root = await this.#walkRoots();
    verifyRootFloor(root.document, saved ?? NO_FLOORS);
    await this.#acceptRoot(root.document, saved, learnedUnder);
    // TUF 5.3.10: after it was kept (5.3.8), so that the next session can go on from there
    verifyNotExpired(ROOT, root.document, now);
    this.#say(ROOT, root);
    const { signed } = root.document;
    const timestamp = await this.#refreshTimestamp(signed);
    const snapshot = await this.#refreshSnapshot(signed, timestamp.signed);
    const authority = { role: signed.roles.targets, keys: signed.keys };
    const targets = await this.#loadUnder(TARGETS, authority, signed, snapshot.signed);
    this.#roles.set(TARGETS, targets);
    return { root: root.document, timestamp, snapshot, targets };
  }

  /** Where the floors cannot be read, the cached root tells under which keys the cache was filled. */
  async #cachedOnlineKeys(): Promise<readonly KeyId[]> {
    const kept = await this.#options.cache.read(metadataFile(ROOT));
    const root = await attempt(kept, (octets) => parseRoot(octets, ROOT));
    return root === undefined ? [] : onlineKeys(root.signed);
  }

  /** TUF 5.3: one version after the other, from the pinned root until there is no next. */
  async #walkRoots(): Promise<Verified<Root>> {
    let trusted = await verifyPinnedRoot(this.#options.root);
    const last = trusted.document.signed.version + this.#limits.rootRotations;
    for (
      let next = await this.#nextRoot(trusted.document.signed);
      next !== undefined;
      next = await this.#nextRoot(next.document.signed)
    ) {
      trusted = next;
      if (trusted.document.signed.version > last) throw tooManyRoots(this.#limits.rootRotations);
    }
    return trusted;
  }

  /**
   * Keeps the root and, after a rotation of timestamp or snapshot keys, forgets what the old keys said
   * (TUF 5.3.11). Forgetting comes first, so that an interrupted session is recovered by the next.
   */
  async #acceptRoot(
    root: Document<Root>,
    saved: Floors | undefined,
    learnedUnder: readonly KeyId[],
  ): Promise<void> {
    const { cache } = this.#options;
    const rotated = wereRotated(learnedUnder, root.signed);
    for (const file of rotated ? [metadataFile(TIMESTAMP), metadataFile(SNAPSHOT)] : []) {
      if ((await cache.read(file)) !== undefined) await cache.write(file, new Uint8Array());
    }
    const floors = rotated || saved === undefined ? NO_FLOORS : saved;
    this.#floors = { ...floors, root: root.signed.version, keys: onlineKeys(root.signed) };
    // Floors that were lost are written again when the cached timestamp has been heard
    if (rotated || saved !== undefined) await this.#raiseFloors(this.#floors);
    await this.#keep(metadataFile(ROOT), root.octets);
  }

  async #nextRoot(trusted: Root): Promise<Verified<Root> | undefined> {
    const { cache, repository } = this.#options;
    const version = trusted.version + 1;
    const kept = `roots/${metadataFile(ROOT, version)}`;
    const cached = await attempt(await cache.read(kept), (octets) => verifyNextRoot(octets, trusted));
    if (cached !== undefined) return cached;
    const octets = await repository.metadata(metadataFile(ROOT, version), this.#limits.root);
    if (octets === undefined) return undefined;
    const next = await verifyNextRoot(within(octets, this.#limits.root, `root version ${version}`), trusted);
    await this.#keep(kept, octets);
    return next;
  }

  /** TUF 5.4 */
  async #refreshTimestamp(root: Root): Promise<Document<Timestamp>> {
    const { cache, now } = this.#options;
    const kept = await cache.read(metadataFile(TIMESTAMP));
    const cached = await attempt(kept, (octets) => verifyTimestampSignatures(octets, root));
    if (cached !== undefined) this.#floors = raisedByTimestamp(this.#floors, cached.document.signed);
    const octets = await this.#download(TIMESTAMP, undefined, this.#limits.timestamp);
    const fetched = await verifyTimestampSignatures(octets, root);
    verifyTimestampVersions(fetched.document, this.#floors);
    // TUF 5.4.3.1: the same version again is no news, so what is trusted already stays
    const verified = cached?.document.signed.version === fetched.document.signed.version ? cached : fetched;
    // TUF 5.4.4
    verifyNotExpired(TIMESTAMP, verified.document, now);
    await this.#keep(metadataFile(TIMESTAMP), verified.document.octets);
    await this.#raiseFloors(raisedByTimestamp(this.#floors, verified.document.signed));
    this.#say(TIMESTAMP, verified);
    return verified.document;
  }

  /** TUF 5.5 */
  async #refreshSnapshot(root: Root, timestamp: Timestamp): Promise<Document<Snapshot>> {
    const { cache, now } = this.#options;
    const kept = await cache.read(metadataFile(SNAPSHOT));
    const older = await attempt(kept, (octets) => verifySnapshotSignatures(octets, root));
    if (older !== undefined) this.#floors = raisedBySnapshot(this.#floors, older.document.signed);
    const verify = (octets: Uint8Array) => verifySnapshot(octets, root, timestamp, this.#floors, now);
    const { version, length } = timestamp.snapshot;
    const cached = older?.document.signed.version === version ? await attempt(kept, verify) : undefined;
    const verified =
      cached ??
      (await verify(
        await this.#download(
          SNAPSHOT,
          root.consistentSnapshot ? version : undefined,
          Math.min(length ?? this.#limits.snapshot, this.#limits.snapshot),
        ),
      ));
    await this.#keep(metadataFile(SNAPSHOT), verified.document.octets);
    await this.#raiseFloors(raisedBySnapshot(this.#floors, verified.document.signed));
    this.#say(SNAPSHOT, verified);
    return verified.document;
  }

  /** TUF 5.6.7: pre-order, each role once; a terminating delegation ends the search, found or not. */
  async #search(
    path: TargetPath,
    name: RoleName,
    document: Document<Targets>,
    by: readonly RoleName[],
    visited: Set<RoleName>,
  ): Promise<{ readonly found: FoundTarget | undefined; readonly ended: boolean }> {
    visited.add(name);
    if (visited.size > this.#limits.delegations) {
      throw new RefusedError(
        'TOO_MANY',
        `Cannot find ${path}: more than ${this.#limits.delegations} roles may list it`,
        { hint: 'Tell the operator' },
      );
    }
    const file = document.signed.targets.get(path);
    if (file !== undefined) return { found: { path, file, role: name, by, document }, ended: true };
    for (const role of document.signed.delegations?.roles ?? []) {
      if (visited.has(role.name) || !(await covers(role, path))) continue;
      const child = await this.#load(role, name, document);
      const result = await this.#search(path, role.name, child, [...by, name], visited);
      if (result.ended || role.terminating) return { found: result.found, ended: true };
    }
    return { found: undefined, ended: false };
  }

  async #searchRole(
    wanted: RoleName,
    name: RoleName,
    document: Document<Targets>,
    seen: Set<RoleName>,
    refusals: RefusedError[],
  ): Promise<Document<Targets> | undefined> {
    const delegated = document.signed.delegations?.roles ?? [];
    const direct = delegated.find((role) => role.name === wanted);
    if (direct !== undefined) return this.#load(direct, name, document);
    for (const role of delegated) {
      if (seen.has(role.name)) continue;
      seen.add(role.name);
      const child = await this.#load(role, name, document).catch((error: unknown) => {
        if (!(error instanceof RefusedError)) throw error;
        refusals.push(error);
        return undefined;
      });
      const found = child && (await this.#searchRole(wanted, role.name, child, seen, refusals));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A delegated role. Reached on a second way, it is verified again with the keys of that way's delegator. */
  async #load(
    role: DelegatedRole,
    delegator: RoleName,
    parent: Document<Targets>,
  ): Promise<Document<Targets>> {
    const authority: Authority = { role, keys: parent.signed.delegations?.keys ?? new Map() };
    const loaded = this.#roles.get(role.name);
    if (loaded !== undefined) {
      if (this.#verified.get(loaded)?.has(parent)) return loaded;
      await verifyThreshold(
        loaded,
        authority.role,
        authority.keys,
        `${role.name} version ${loaded.signed.version} under ${delegator}`,
      );
      this.#verified.get(loaded)?.add(parent);
      return loaded;
    }
    const { root, snapshot } = await this.refresh();
    const document = await this.#loadUnder(role.name, authority, root.signed, snapshot.signed);
    this.#roles.set(role.name, document);
    // By document and not by name: two searches at once may each have been given another file
    this.#verified.set(document, new Set([parent]));
    return document;
  }

  /** TUF 5.6: from the cache where that still is what the snapshot lists, else from the repository. */
  async #loadUnder(
    name: RoleName,
    authority: Authority,
    root: Root,
    snapshot: Snapshot,
  ): Promise<Document<Targets>> {
    const { cache, now } = this.#options;
    const listed: MetaFile = listedIn(snapshot, name);
    const verify = (octets: Uint8Array) => verifyTargets(octets, name, authority, listed, now);
    const cached = await attempt(await cache.read(metadataFile(name)), verify);
    const verified =
      cached ??
      (await verify(
        await this.#download(
          name,
          root.consistentSnapshot ? listed.version : undefined,
          Math.min(listed.length ?? this.#limits.targets, this.#limits.targets),
        ),
      ));
    if (cached === undefined) await this.#keep(metadataFile(name), verified.document.octets);
    this.#say(name, verified);
    return verified.document;
  }

  async #download(role: RoleName, version: number | undefined, limit: number): Promise<Uint8Array> {
    const file = metadataFile(role, version);
    const octets = await this.#options.repository.metadata(file, limit);
    if (octets === undefined) {
      throw new UnreachableError('MISSING', `Cannot get ${file}: the library does not have it`, {
        hint: 'The copy is not whole. Try again; if it stays so, tell the operator',
      });
    }
    return within(octets, limit, version === undefined ? role : `${role} version ${version}`);
  }

  async #keep(file: string, octets: Uint8Array): Promise<void> {
    const kept = await this.#options.cache.read(file);
    if (kept === undefined || !equalOctets(kept, octets)) await this.#options.cache.write(file, octets);
  }

  async #raiseFloors(floors: Floors): Promise<void> {
    this.#floors = floors;
    await this.#keep(FLOORS_FILE, await encodeFloors(floors));
  }

  #say(role: RoleName, { document, signers }: Verified<SignedPart>): void {
    this.#options.onStep?.({
      role,
      version: document.signed.version,
      expires: document.signed.expires,
      signers,
    });
  }
}

function tooManyRoots(most: number): RefusedError {
  return new RefusedError(
    'TOO_MANY',
    `Cannot follow the roots: more than ${most} came after the pinned one`,
    {
      role: ROOT,
      hint: 'Pin a newer root, or tell the operator',
    },
  );
}

/** What the cache holds is used where it verifies, and passed over where it is refused for whatever reason. */
async function attempt<T>(
  octets: Uint8Array | undefined,
  verify: (octets: Uint8Array) => Promise<T>,
): Promise<T | undefined> {
  if (octets === undefined) return undefined;
  try {
    return await verify(octets);
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

/** TUF 4.5: by path pattern, or by the first digits of the path's SHA-256. */
async function covers(role: DelegatedRole, path: TargetPath): Promise<boolean> {
  if ('paths' in role.covers) return role.covers.paths.some((pattern) => matchesPattern(path, pattern));
  const digest = (await hash('sha256', new TextEncoder().encode(path))) as string;
  return role.covers.hashPrefixes.some((prefix) => digest.startsWith(prefix));
}

function within(octets: Uint8Array, limit: number, what: string): Uint8Array {
  if (octets.length <= limit) return octets;
  throw new RefusedError('WRONG_LENGTH', `Cannot accept ${what}: it has more than ${limit} octets`, {
    found: octets.length,
    expected: limit,
    hint: 'Something else than the library answers here. Do not use it; tell the operator',
  });
}
