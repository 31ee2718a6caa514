// Does the register's next version keep what the one before said? (register-growth.ts of the client)
//
// A reader judges old evidence by today's register. So a revocation or a withdrawal that is left out, or an
// authority that is opened again, is refused here, whoever planned and signed the change. So is a Central
// Products List that is not newer: what the Panel has ended would be allowed again.

import { sha256 } from '@cfl/client/encoding';
import {
  ANCHORS_PATH,
  anchorsFile,
  CPL_INDEX_PATH,
  type CplIndex,
  cplIndex,
  type Format,
  FormatError,
  lostAnchors,
  lostAuthorities,
  lostParties,
  lostRevocations,
  lostWithdrawals,
  PARTIES_PATH,
  partyRegister,
  REVOCATIONS_PATH,
  revocationsFile,
  TRUSTED_ROOT_PATH,
  trustedRootFile,
  WITHDRAWN_PATH,
  withdrawnFile,
} from '@cfl/client/firmware';
import { parseRoleName, parseTargetPath, type RoleName, type Targets } from '@cfl/client/tuf';
import type { Published } from '../deploy/state.ts';
import { familyOf } from './bins.ts';
import type { Change } from './change.ts';

const FAMILIES: readonly RoleName[] = ['registrar', 'cpl'].map(parseRoleName);

type Loss = (before: Uint8Array, after: Uint8Array) => readonly string[];

const KEPT: ReadonlyMap<string, Loss> = new Map([
  [PARTIES_PATH, between(partyRegister, lostParties)],
  [TRUSTED_ROOT_PATH, between(trustedRootFile, lostAuthorities)],
  [ANCHORS_PATH, between(anchorsFile, lostAnchors)],
  [REVOCATIONS_PATH, between(revocationsFile, lostRevocations)],
  [WITHDRAWN_PATH, between(withdrawnFile, lostWithdrawals)],
  [CPL_INDEX_PATH, between(cplIndex, olderList)],
]);

function between<T>({ parse }: Format<T>, lost: (before: T, after: T) => readonly string[]): Loss {
  return (before, after) => lost(parse(before), parse(after));
}

function olderList(before: CplIndex, after: CplIndex): readonly string[] {
  return after.snapshot > before.snapshot
    ? []
    : [`the list is snapshot ${after.snapshot}, expected a later one than ${before.snapshot}`];
}

/** What the change would take out of the register, as a sentence; undefined where it takes nothing. */
export async function registerLoss(
  { metadata, targets }: Change,
  published: Published | undefined,
): Promise<string | undefined> {
  if (published === undefined) return undefined;
  const files = [...metadata].flatMap(([role, { signed }]) =>
    FAMILIES.includes(familyOf(role)) ? [(signed as Targets).targets] : [],
  );
  for (const [path, lossOf] of KEPT) {
    const target = parseTargetPath(path);
    const before = await published.read(path);
    const listed = files.find((all) => all.has(target))?.get(target);
    if (before === undefined || listed === undefined) continue;
    if (listed.hashes.get('sha256') === (await sha256(before))) continue;
    // Not from the library's own store: an older version lies there, too
    const after = targets.get(target);
    if (after === undefined) return `${path} is replaced, and the file is not in the change`;
    const [lost] = readable(() => lossOf(before, after));
    if (lost !== undefined) return `in ${path}, ${lost}`;
  }
  return undefined;
}

function readable(read: () => readonly string[]): readonly string[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return [`nothing can be read: ${error.message}`];
    throw error;
  }
}
