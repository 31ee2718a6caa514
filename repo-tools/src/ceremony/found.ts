// The first root: which change begins a library?
//
// It holds version 1 of root, targets and every role that targets delegates to, each empty but for the
// registrar's, which says what library this is and that it has no parties yet.

import {
  ANCHORS_PATH,
  anchorsFile,
  DEFAULT_SIZE_LIMIT,
  LIBRARY_PATH,
  librarySettings,
  PARTIES_PATH,
  partyRegister,
  REVOCATIONS_PATH,
  revocationsFile,
  TRUSTED_ROOT_PATH,
  trustedRootFile,
} from '@cfl/client/firmware';
import {
  type Delegations,
  type Document,
  encodeDocument,
  encodeRoot,
  type KeyId,
  type PublicKey,
  parseRoleName,
  parseRoot,
  parseTargetPath,
  ROOT,
  type RoleKeys,
  type RoleName,
  type Root,
  SPEC_VERSION,
  TARGETS,
  type Targets,
} from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { expiry, revise } from '../change/plan.ts';
import {
  CEREMONY_ROLES,
  type CeremonyRole,
  delegate,
  PATTERNS,
  type RoleHolders,
  refuseSharedKeys,
  withDelegation,
} from './roles.ts';

export interface Founding {
  readonly name: string;
  /** A library with every key on one machine is a trial and says so. */
  readonly trial: boolean;
  readonly holders: Readonly<Record<CeremonyRole, RoleHolders>>;
}

/** Nobody's statement counts until the registrar names the authorities: `cfl-repo trust`. */
const NO_AUTHORITY = {
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  tlogs: [],
  certificateAuthorities: [],
  ctlogs: [],
  timestampAuthorities: [],
} as const;

export async function planFirstRoot({ name, trial, holders }: Founding, now: Date): Promise<Change> {
  await refuseSharedKeys(new Map(CEREMONY_ROLES.map((role) => [role, holders[role].keys])));
  for (const role of CEREMONY_ROLES) refuseUnreachable(role, holders[role]);

  const register = new Map([
    [PARTIES_PATH, partyRegister.encode({ format: 'cfl/register/1', parties: [] })],
    [TRUSTED_ROOT_PATH, trustedRootFile.encode(NO_AUTHORITY)],
    [ANCHORS_PATH, anchorsFile.encode({ format: 'cfl/anchors/1', authorities: [] })],
    [REVOCATIONS_PATH, revocationsFile.encode({ format: 'cfl/revocations/1', revocations: [] })],
    [
      LIBRARY_PATH,
      librarySettings.encode({ format: 'cfl/library/1', name, trial, sizeLimit: DEFAULT_SIZE_LIMIT }),
    ],
  ]);
  let delegations: Delegations | undefined;
  for (const [role, paths] of Object.entries(PATTERNS)) {
    const held = holders[role as keyof typeof PATTERNS];
    delegations = withDelegation(delegations, delegate(role, paths, held), held.keys);
  }
  const root = await parseRoot(encodeDocument(firstRoot(holders, now), []), ROOT);
  const targets = await revise(TARGETS, undefined, delegations === undefined ? {} : { delegations }, now);
  const delegated = await Promise.all(
    Object.keys(PATTERNS).map(async (text) => {
      const role = parseRoleName(text);
      return [
        role,
        await revise(role, undefined, text === 'registrar' ? { add: register } : {}, now),
      ] as const;
    }),
  );
  return {
    title: 'first root',
    words: [
      `library    "${name}" begins${trial ? ', as a trial' : ''}`,
      ...CEREMONY_ROLES.map(
        (role) => `${role.padEnd(10)} ${holders[role].threshold} of ${holders[role].keys.length}`,
      ),
    ],
    created: now,
    library: undefined,
    upon: new Map([ROOT, TARGETS, ...delegated.map(([role]) => role)].map((role) => [role, 0] as const)),
    metadata: new Map<RoleName, Document<Root | Targets>>([[ROOT, root], [TARGETS, targets], ...delegated]),
    targets: new Map([...register].map(([path, octets]) => [parseTargetPath(path), octets])),
  };
}

function firstRoot(holders: Founding['holders'], now: Date): ReturnType<typeof encodeRoot> {
  const top = ['root', 'timestamp', 'snapshot', 'targets'] as const;
  const keys = new Map<KeyId, PublicKey>(
    top.flatMap((role) => holders[role].keys.map((key) => [key.id, key] as const)),
  );
  const roleKeys = (role: (typeof top)[number]): RoleKeys => ({
    keyIds: holders[role].keys.map(({ id }) => id),
    threshold: holders[role].threshold,
  });
  return encodeRoot({
    specVersion: SPEC_VERSION,
    version: 1,
    expires: expiry(ROOT, now),
    consistentSnapshot: true,
    keys,
    roles: {
      root: roleKeys('root'),
      timestamp: roleKeys('timestamp'),
      snapshot: roleKeys('snapshot'),
      targets: roleKeys('targets'),
    },
  });
}

const OFFLINE_AT_LEAST = { root: 2, targets: 2, registrar: 2 } as const;

/** One holder's key alone must not be enough, and one lost key must not be too many. */
function refuseUnreachable(role: CeremonyRole, { keys, threshold }: RoleHolders): void {
  const least = OFFLINE_AT_LEAST[role as keyof typeof OFFLINE_AT_LEAST] ?? 1;
  const spare = least > 1 ? 1 : 0;
  if (threshold >= least && keys.length >= threshold + spare) return;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot found a library with ${role} ${threshold} of ${keys.length}: expected at least ${least} of ${least + spare}`,
    'Name more keys, so that no one holder decides and one lost key stops nothing',
  );
}
