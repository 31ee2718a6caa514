// How the top-level roles are brought up to date (TUF 5.3 to 5.6): root, timestamp, snapshot, targets.
//
// - The walk starts at the pinned root each time; what the cache holds is verified like what the network
//   brings, and passed over where it does not hold.
// - Only what was accepted is written to the cache, octet for octet, after every check.

import { parseRoot } from './document.ts';
import { RefusedError } from './errors.ts';
import {
  encodeFloors,
  FLOORS_FILE,
  type Floors,
  higher,
  NO_FLOORS,
  onlineKeys,
  parseFloors,
  raisedBySnapshot,
  raisedByTimestamp,
  wereRotated,
} from './floors.ts';
import { metadataFile, ROOT, SNAPSHOT, TARGETS, TIMESTAMP } from './names.ts';
import { attempt, type Session, within } from './session.ts';
import {
  type Verified,
  verifyNextRoot,
  verifyNotExpired,
  verifyPinnedRoot,
  verifyRootFloor,
  verifySnapshot,
  verifySnapshotSignatures,
  verifyTimestampSignatures,
  verifyTimestampVersions,
} from './trusted.ts';
import type { Document, KeyId, Root, Snapshot, Targets, Timestamp } from './types.ts';

export interface Trusted {
  /** From the pinned root to the newest. */
  readonly roots: readonly Document<Root>[];
  readonly root: Document<Root>;
  readonly timestamp: Document<Timestamp>;
  readonly snapshot: Document<Snapshot>;
  readonly targets: Document<Targets>;
}

export function refresh(session: Session): Promise<Trusted> {
  return new Refresh(session).run();
}

class Refresh {
  readonly #session: Session;
  #floors: Floors = NO_FLOORS;

  constructor(session: Session) {
    this.#session = session;
  }

  async run(): Promise<Trusted> {
    const { cache, now } = this.#session.options;
    const saved = await parseFloors(await cache.read(FLOORS_FILE));
    const learnedUnder = saved?.keys ?? (await this.#cachedOnlineKeys());
    const roots = await this.#walkRoots();
    const root = roots.at(-1) ?? roots[0];
    verifyRootFloor(root.document, saved ?? NO_FLOORS);
    await this.#acceptRoot(root.document, saved, learnedUnder);
    // TUF 5.3.10: after it was kept (5.3.8), so that the next session can go on from there
    verifyNotExpired(ROOT, root.document, now);
    this.#session.say(ROOT, root);
    const { signed } = root.document;
    const timestamp = await this.#refreshTimestamp(signed);
    const snapshot = await this.#refreshSnapshot(signed, timestamp.signed);
    const authority = { role: signed.roles.targets, keys: signed.keys };
    const targets = await this.#session.loadTargets(TARGETS, authority, signed, snapshot.signed);
    const chain = roots.map(({ document }) => document);
    return { roots: chain, root: root.document, timestamp, snapshot, targets };
  }

  /** Where the floors cannot be read, the cached root tells under which keys the cache was filled. */
  async #cachedOnlineKeys(): Promise<readonly KeyId[]> {
    const kept = await this.#session.options.cache.read(metadataFile(ROOT));
    const root = await attempt(kept, (octets) => parseRoot(octets, ROOT));
    return root === undefined ? [] : onlineKeys(root.signed);
  }

  /** TUF 5.3: one version after the other, from the pinned root until there is no next. */
  async #walkRoots(): Promise<readonly [Verified<Root>, ...Verified<Root>[]]> {
    const pinned = await verifyPinnedRoot(this.#session.options.root);
    const roots: [Verified<Root>, ...Verified<Root>[]] = [pinned];
    const last = pinned.document.signed.version + this.#session.limits.rootRotations;
    for (
      let next = await this.#nextRoot(pinned.document.signed);
      next !== undefined;
      next = await this.#nextRoot(next.document.signed)
    ) {
      roots.push(next);
      if (next.document.signed.version > last) throw tooManyRoots(this.#session.limits.rootRotations);
    }
    return roots;
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
    const { cache } = this.#session.options;
    const rotated = wereRotated(learnedUnder, root.signed);
    for (const file of rotated ? [metadataFile(TIMESTAMP), metadataFile(SNAPSHOT)] : []) {
      if ((await cache.read(file)) !== undefined) await cache.write(file, new Uint8Array());
    }
    const floors = rotated || saved === undefined ? NO_FLOORS : saved;
    this.#floors = { ...floors, root: root.signed.version, keys: onlineKeys(root.signed) };
    // Floors that were lost are written again when the cached timestamp has been heard
    if (rotated || saved !== undefined) await this.#raiseFloors(this.#floors);
    await this.#session.keep(metadataFile(ROOT), root.octets);
  }

  async #nextRoot(trusted: Root): Promise<Verified<Root> | undefined> {
    const { cache, repository } = this.#session.options;
    const version = trusted.version + 1;
    const kept = `roots/${metadataFile(ROOT, version)}`;
    const cached = await attempt(await cache.read(kept), (octets) => verifyNextRoot(octets, trusted));
    if (cached !== undefined) return cached;
    const octets = await repository.metadata(metadataFile(ROOT, version), this.#session.limits.root);
    if (octets === undefined) return undefined;
    const next = await verifyNextRoot(
      within(octets, this.#session.limits.root, `root version ${version}`),
      trusted,
    );
    await this.#session.keep(kept, octets);
    return next;
  }

  /** TUF 5.4 */
  async #refreshTimestamp(root: Root): Promise<Document<Timestamp>> {
    const { cache, now } = this.#session.options;
    const kept = await cache.read(metadataFile(TIMESTAMP));
    const cached = await attempt(kept, (octets) => verifyTimestampSignatures(octets, root));
    if (cached !== undefined) this.#floors = raisedByTimestamp(this.#floors, cached.document.signed);
    const octets = await this.#session.download(TIMESTAMP, undefined, this.#session.limits.timestamp);
    const fetched = await verifyTimestampSignatures(octets, root);
    verifyTimestampVersions(fetched.document, this.#floors);
    // TUF 5.4.3.1: the same version again is no news, so what is trusted already stays
    const verified = cached?.document.signed.version === fetched.document.signed.version ? cached : fetched;
    // TUF 5.4.4
    verifyNotExpired(TIMESTAMP, verified.document, now);
    await this.#session.keep(metadataFile(TIMESTAMP), verified.document.octets);
    await this.#raiseFloors(raisedByTimestamp(this.#floors, verified.document.signed));
    this.#session.say(TIMESTAMP, verified);
    return verified.document;
  }

  /** TUF 5.5 */
  async #refreshSnapshot(root: Root, timestamp: Timestamp): Promise<Document<Snapshot>> {
    const { cache, now } = this.#session.options;
    const kept = await cache.read(metadataFile(SNAPSHOT));
    const older = await attempt(kept, (octets) => verifySnapshotSignatures(octets, root));
    if (older !== undefined) this.#floors = raisedBySnapshot(this.#floors, older.document.signed);
    const verify = (octets: Uint8Array) => verifySnapshot(octets, root, timestamp, this.#floors, now);
    const { version, length } = timestamp.snapshot;
    const cached = older?.document.signed.version === version ? await attempt(kept, verify) : undefined;
    const verified =
      cached ??
      (await verify(
        await this.#session.download(
          SNAPSHOT,
          root.consistentSnapshot ? version : undefined,
          Math.min(length ?? this.#session.limits.snapshot, this.#session.limits.snapshot),
        ),
      ));
    await this.#session.keep(metadataFile(SNAPSHOT), verified.document.octets);
    await this.#raiseFloors(raisedBySnapshot(this.#floors, verified.document.signed));
    this.#session.say(SNAPSHOT, verified);
    return verified.document;
  }

  async #raiseFloors(floors: Floors): Promise<void> {
    // Another process may have raised them meanwhile
    const kept = await parseFloors(await this.#session.options.cache.read(FLOORS_FILE));
    this.#floors = kept === undefined ? floors : higher(floors, kept);
    await this.#session.keep(FLOORS_FILE, await encodeFloors(this.#floors));
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
