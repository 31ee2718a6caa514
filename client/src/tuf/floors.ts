// Version floors: the versions below which nothing is accepted again.
//
// They are what defends against a rollback, so they do not rest on one file of the cache. They stand in
// the floors file, sealed by its own digest, and again in the trusted timestamp and snapshot, sealed by
// their signatures. Any one of the three may be lost or damaged: the highest of what is left holds.
//
// When a key that signed timestamp or snapshot has left the root, what those keys said is forgotten
// (TUF 5.3.11): it is how a library recovers after a thief has signed absurdly high versions.

import { canonicalText, type Json, type JsonObject, parseJson, sha256 } from '../encoding/index.ts';
import type { KeyId, RoleName, Root, Snapshot, Timestamp } from './types.ts';

export const FLOORS_FILE = 'state/floors.json';

export interface Floors {
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly roles: ReadonlyMap<RoleName, number>;
  /** The keys of timestamp and snapshot under which this was learned. */
  readonly keys: readonly KeyId[];
}

export const NO_FLOORS: Floors = { root: 0, timestamp: 0, snapshot: 0, roles: new Map(), keys: [] };

export function onlineKeys(root: Root): readonly KeyId[] {
  return [...new Set([...root.roles.timestamp.keyIds, ...root.roles.snapshot.keyIds])].sort();
}

/** TUF 5.3.11: whether a key under which the floors were learned is no longer the root's. */
export function wereRotated(learnedUnder: readonly KeyId[], root: Root): boolean {
  const now = new Set(onlineKeys(root));
  return learnedUnder.some((key) => !now.has(key));
}

export function raisedByTimestamp(floors: Floors, timestamp: Timestamp): Floors {
  return {
    ...floors,
    timestamp: Math.max(floors.timestamp, timestamp.version),
    snapshot: Math.max(floors.snapshot, timestamp.snapshot.version),
  };
}

export function raisedBySnapshot(floors: Floors, snapshot: Snapshot): Floors {
  const roles = new Map(floors.roles);
  for (const [role, { version }] of snapshot.meta) roles.set(role, Math.max(roles.get(role) ?? 0, version));
  return { ...floors, snapshot: Math.max(floors.snapshot, snapshot.version), roles };
}

/** Of what two sessions learned; where that was under other keys, the first alone. */
export function higher(own: Floors, other: Floors): Floors {
  if (own.keys.join() !== other.keys.join()) return own;
  const roles = new Map(own.roles);
  for (const [role, version] of other.roles) roles.set(role, Math.max(roles.get(role) ?? 0, version));
  return {
    root: Math.max(own.root, other.root),
    timestamp: Math.max(own.timestamp, other.timestamp),
    snapshot: Math.max(own.snapshot, other.snapshot),
    roles,
    keys: own.keys,
  };
}

export async function encodeFloors(floors: Floors): Promise<Uint8Array<ArrayBuffer>> {
  const body = {
    ...floors,
    format: 'cfl/floors/1',
    keys: floors.keys,
    roles: Object.fromEntries(floors.roles),
  };
  return new TextEncoder().encode(JSON.stringify({ body, sha256: await digestOf(body) }));
}

/** Undefined where the file is missing or damaged: then the trusted metadata alone holds the floors. */
export async function parseFloors(octets: Uint8Array | undefined): Promise<Floors | undefined> {
  if (octets === undefined) return undefined;
  try {
    const { body, sha256: digest } = parseJson(octets) as { body: JsonObject; sha256: Json };
    return (await digestOf(body)) === digest ? readFloors(body) : undefined;
  } catch {
    return undefined;
  }
}

function readFloors(body: JsonObject): Floors | undefined {
  if (body.format !== 'cfl/floors/1') return undefined;
  const { root, timestamp, snapshot, roles, keys } = body as unknown as Record<string, number> & {
    roles: JsonObject;
    keys: KeyId[];
  };
  return {
    root: Number(root),
    timestamp: Number(timestamp),
    snapshot: Number(snapshot),
    roles: new Map(Object.entries(roles)) as Map<RoleName, number>,
    keys,
  };
}

function digestOf(body: JsonObject): Promise<string> {
  return sha256(new TextEncoder().encode(canonicalText(body)));
}
