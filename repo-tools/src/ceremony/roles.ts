// Which roles a library has, what each may sign, and by how many keys (design: Trust).
//
// Rules
// - No key serves two roles.
// - Every delegation is terminating; patterns hold whole segments or `*`, so every client reads them alike.
// - Patterns of two roles never cover one path.

import {
  type DelegatedRole,
  type Delegations,
  keyMaterial,
  type PublicKey,
  parseRoleName,
  patternsMeet,
  type RoleName,
} from '@cfl/client/tuf';
import { ChangeError } from '../change/errors.ts';

/** Roles whose keys sign while nobody looks: made on the operator's machine, one key each. */
export const ONLINE_ROLES = ['gate', 'catalogue', 'snapshot', 'timestamp'] as const;
/** Roles whose keys are held by people. */
export const HELD_ROLES = ['root', 'targets', 'registrar', 'cpl'] as const;
export const CEREMONY_ROLES = [...HELD_ROLES, ...ONLINE_ROLES] as const;
export type CeremonyRole = (typeof CEREMONY_ROLES)[number];

/** What each delegated role of the library itself may list. */
export const PATTERNS = {
  registrar: ['register/*', 'access/*', 'tools/*'],
  cpl: ['cpl/*', 'cpl/*/*'],
  gate: ['intake/*/*', 'withdrawn/*'],
  catalogue: ['catalogue/*', 'crl/*'],
} as const;

export interface RoleHolders {
  readonly keys: readonly PublicKey[];
  readonly threshold: number;
}

export function manufacturerRole(code: string): RoleName {
  return parseRoleName(`m-${code.toLowerCase()}`);
}

export function delegate(
  name: string,
  paths: readonly string[],
  { keys, threshold }: RoleHolders,
): DelegatedRole {
  return {
    name: parseRoleName(name),
    terminating: true,
    covers: { paths },
    keyIds: keys.map(({ id }) => id),
    threshold,
  };
}

export function withDelegation(
  present: Delegations | undefined,
  role: DelegatedRole,
  keys: readonly PublicKey[],
): Delegations {
  const roles = present?.roles ?? [];
  if (roles.some(({ name }) => name === role.name)) {
    throw new ChangeError(
      'EXISTS',
      `Cannot delegate to "${role.name}": it is there already`,
      'Choose another manufacturer code',
    );
  }
  const crossed = roles.find((other) => overlap(other, role));
  if (crossed !== undefined) {
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot delegate to "${role.name}": its paths overlap those of "${crossed.name}"`,
      'Give each role paths of its own',
    );
  }
  return {
    keys: new Map([...(present?.keys ?? []), ...keys.map((key) => [key.id, key] as const)]),
    roles: [...roles, role],
  };
}

function overlap(a: DelegatedRole, b: DelegatedRole): boolean {
  return patternsOf(a).some((one) => patternsOf(b).some((other) => patternsMeet(one, other)));
}

function patternsOf(role: DelegatedRole): readonly string[] {
  return 'paths' in role.covers ? role.covers.paths : [];
}

/** Throws where one public key, under whatever id, stands in two of the groups or twice in one. */
export async function refuseSharedKeys(groups: ReadonlyMap<string, readonly PublicKey[]>): Promise<void> {
  const owners = new Map<string, string>();
  for (const [role, keys] of groups) {
    for (const key of keys) {
      const material = await keyMaterial(key);
      if (material === undefined)
        throw new ChangeError(
          'BAD_INPUT',
          `Cannot use the key ${key.id.slice(0, 12)} for ${role}: it is ${key.keytype} with ${key.scheme}`,
          'Use ECDSA P-256, Ed25519 or RSA-PSS with SHA-256',
        );
      const owner = owners.get(material);
      if (owner !== undefined)
        throw new ChangeError(
          'BAD_INPUT',
          `Cannot use the key ${key.id.slice(0, 12)} for ${role}: it serves ${owner} already`,
          'Make a key for each place; no key serves two',
        );
      owners.set(material, role);
    }
  }
}
