// Rotation: which keys sign a role from now on? Pure; the holders sign what is planned here.
//
// Rules
// - Keys of root, targets, snapshot and timestamp stand in root: the holders of the old root and of the new one
//   sign it. Keys of every other role stand in targets.
// - What a rotated role has said is said again under its new keys, its bins included, so that nothing rests on a
//   key that is gone. Snapshot and timestamp are signed anew by whoever publishes the change.
// - No role is left with fewer keys than must sign, and no key serves two roles or two places in one.

import {
  type Delegations,
  type Document,
  encodeDocument,
  encodeRoot,
  type KeyId,
  type KeyRing,
  type PublicKey,
  parseRoot,
  ROOT,
  type RoleKeys,
  type RoleName,
  type Root,
  SNAPSHOT,
  TARGETS,
  type Targets,
  TIMESTAMP,
  type TopRole,
} from '@cfl/client/tuf';
import { refuseSharedKeys } from '../ceremony/roles.ts';
import { binDelegations, binsIn } from '../change/bins.ts';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { expiry, type Revision, revise } from '../change/plan.ts';
import type { Published } from '../deploy/index.ts';
import { familyFiles } from './renew.ts';

export interface Rotation {
  readonly role: RoleName;
  readonly add: readonly PublicKey[];
  readonly remove: readonly KeyId[];
  /** How many must sign from now on; as many as before where it is not said. */
  readonly threshold?: number;
}

const TOP: readonly string[] = [ROOT, TARGETS, SNAPSHOT, TIMESTAMP];

export async function planRotation(
  rotations: readonly Rotation[],
  published: Published,
  now: Date,
): Promise<Change> {
  const { root, targets } = published.trusted;
  const inRoot = rotations.filter(({ role }) => TOP.includes(role));
  const inTargets = rotations.filter(({ role }) => !TOP.includes(role));
  const metadata = new Map<RoleName, Document<Root | Targets>>();
  const nextRoot = inRoot.reduce(rotatedRoot, root.signed);
  const delegations = inTargets.reduce(rotatedDelegations, targets.signed.delegations);
  await refuseSharedKeys(groupsOf(nextRoot, delegations));
  if (inRoot.length > 0) metadata.set(ROOT, await encodedRoot(nextRoot, now));
  if (inTargets.length > 0 || inRoot.some(({ role }) => role === TARGETS))
    metadata.set(TARGETS, await revise(TARGETS, targets, delegating(delegations), now));
  const upon = new Map<RoleName, number>();
  if (metadata.has(ROOT)) upon.set(ROOT, root.signed.version);
  if (metadata.has(TARGETS)) upon.set(TARGETS, targets.signed.version);
  for (const { role } of inTargets) {
    for (const [name, present] of await familyFiles(published, role)) {
      const own = name === role ? underNewKeys(role, present.signed, delegations) : undefined;
      metadata.set(name, await revise(name, present, delegating(own), now));
      upon.set(name, present.signed.version);
    }
  }
  return {
    title: `new keys for ${rotations.map(({ role }) => role).join(', ')}`,
    words: rotations.map((one) => inWords(one, keysOf(one.role, nextRoot, delegations))),
    created: now,
    library: published.library,
    upon,
    metadata,
    targets: new Map(),
  };
}

function delegating(delegations: Delegations | undefined): Revision {
  return delegations === undefined ? {} : { delegations };
}

function rotatedRoot(root: Root, rotation: Rotation): Root {
  const role = rotation.role as string as TopRole;
  const roles = { ...root.roles, [role]: rotatedKeys(root.roles[role], rotation) };
  const used = new Set(Object.values(roles).flatMap(({ keyIds }) => keyIds));
  return { ...root, roles, keys: ringOf(root.keys, rotation.add, used) };
}

function rotatedDelegations(present: Delegations | undefined, rotation: Rotation): Delegations {
  if (present?.roles.some(({ name }) => name === rotation.role) !== true)
    throw badRotation(rotation, 'the library has no such role', 'Name one that cfl-repo status lists');
  const roles = present.roles.map((one) =>
    one.name === rotation.role ? { ...one, ...rotatedKeys(one, rotation) } : one,
  );
  const used = new Set(roles.flatMap(({ keyIds }) => keyIds));
  return { keys: ringOf(present.keys, rotation.add, used), roles };
}

function rotatedKeys(present: RoleKeys, rotation: Rotation): RoleKeys {
  const { add, remove, threshold = present.threshold } = rotation;
  const unknown = remove.find((id) => !present.keyIds.includes(id));
  if (unknown !== undefined)
    throw badRotation(
      rotation,
      `the key ${unknown.slice(0, 12)} is none of its keys`,
      `Its keys are ${present.keyIds.map((id) => id.slice(0, 12)).join(', ')}`,
    );
  const keyIds = [...present.keyIds.filter((id) => !remove.includes(id)), ...add.map(({ id }) => id)];
  if (threshold < 1 || keyIds.length < threshold)
    throw badRotation(
      rotation,
      `${keyIds.length} keys are left, and ${threshold} must sign`,
      'Add as many as you remove, or say how many must sign: --threshold',
    );
  return { keyIds, threshold };
}

function ringOf(present: KeyRing, add: readonly PublicKey[], used: ReadonlySet<KeyId>): KeyRing {
  const all = [...present, ...add.map((key) => [key.id, key] as const)];
  return new Map(all.filter(([id]) => used.has(id)));
}

async function encodedRoot(root: Root, now: Date): Promise<Document<Root>> {
  const next = { ...root, version: root.version + 1, expires: expiry(ROOT, now) };
  return parseRoot(encodeDocument(encodeRoot(next), []), ROOT);
}

function underNewKeys(
  family: RoleName,
  head: Targets,
  delegations: Delegations | undefined,
): Delegations | undefined {
  const role = delegations?.roles.find(({ name }) => name === family);
  return role && binDelegations(family, { role, keys: delegations?.keys ?? new Map() }, binsIn(head));
}

/** Throws BAD_INPUT where the library has no such role. */
export function keysOfRole(role: RoleName, { trusted: { root, targets } }: Published): RoleKeys {
  const keys = keysOf(role, root.signed, targets.signed.delegations);
  if (keys !== undefined) return keys;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot find the keys of "${role}": the library has no such role`,
    'Name one that cfl-repo status lists',
  );
}

function keysOf(role: RoleName, root: Root, delegations: Delegations | undefined): RoleKeys | undefined {
  return TOP.includes(role)
    ? root.roles[role as string as TopRole]
    : delegations?.roles.find(({ name }) => name === role);
}

function groupsOf(
  root: Root,
  delegations: Delegations | undefined,
): ReadonlyMap<string, readonly PublicKey[]> {
  const groups = new Map<string, readonly PublicKey[]>();
  const add = (name: string, { keyIds }: RoleKeys, ring: KeyRing) =>
    groups.set(
      name,
      keyIds.flatMap((id) => [ring.get(id) ?? []].flat()),
    );
  for (const [name, keys] of Object.entries(root.roles)) add(name, keys, root.keys);
  for (const role of delegations?.roles ?? []) add(role.name, role, delegations?.keys ?? new Map());
  return groups;
}

function inWords({ role, add, remove }: Rotation, after: RoleKeys | undefined): string {
  const changes = [
    ...add.map(({ id }) => `${id.slice(0, 12)} comes`),
    ...remove.map((id) => `${id.slice(0, 12)} goes`),
  ];
  return `${role}: ${changes.join(', ')}; ${after?.threshold} of ${after?.keyIds.length} must sign`;
}

function badRotation({ role }: Rotation, reason: string, hint: string): ChangeError {
  return new ChangeError('BAD_INPUT', `Cannot give "${role}" new keys: ${reason}`, hint);
}
