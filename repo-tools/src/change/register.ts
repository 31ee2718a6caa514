// Does the register's next version keep what the one before said, and do recipients and grants? (register-growth.ts
// and access/growth.ts of the client, access/growth.ts here)
//
// A reader judges old evidence by today's register. So a revocation that is left out, or an authority that is
// opened again, is refused here, whoever planned and signed the change.

import { GRANTS_PATH, grantsFile, lostEpochs, RECIPIENTS_PATH, recipientsFile } from '@cfl/client/access';
import { sha256 } from '@cfl/client/encoding';
import {
  ANCHORS_PATH,
  anchorsFile,
  type Format,
  FormatError,
  lostAnchors,
  lostAuthorities,
  lostParties,
  lostRevocations,
  PARTIES_PATH,
  partyRegister,
  REVOCATIONS_PATH,
  revocationsFile,
  TRUSTED_ROOT_PATH,
  trustedRootFile,
} from '@cfl/client/firmware';
import { parseRoleName, parseTargetPath, type Targets } from '@cfl/client/tuf';
import { lostGrants } from '../access/growth.ts';
import type { Published } from '../deploy/state.ts';
import { familyOf } from './bins.ts';
import type { Change } from './change.ts';

const REGISTRAR = parseRoleName('registrar');

type Loss = (before: Uint8Array, after: Uint8Array) => readonly string[];

const KEPT: ReadonlyMap<string, Loss> = new Map([
  [PARTIES_PATH, between(partyRegister, lostParties)],
  [TRUSTED_ROOT_PATH, between(trustedRootFile, lostAuthorities)],
  [ANCHORS_PATH, between(anchorsFile, lostAnchors)],
  [REVOCATIONS_PATH, between(revocationsFile, lostRevocations)],
  [RECIPIENTS_PATH, between(recipientsFile, lostEpochs)],
  [GRANTS_PATH, between(grantsFile, lostGrants)],
]);

function between<T>({ parse }: Format<T>, lost: (before: T, after: T) => readonly string[]): Loss {
  return (before, after) => lost(parse(before), parse(after));
}

/** What the change would take out of the register, as a sentence; undefined where it takes nothing. */
export async function registerLoss(
  { metadata, targets }: Change,
  published: Published | undefined,
): Promise<string | undefined> {
  if (published === undefined) return undefined;
  const files = [...metadata].flatMap(([role, { signed }]) =>
    familyOf(role) === REGISTRAR ? [(signed as Targets).targets] : [],
  );
  for (const [path, lossOf] of KEPT) {
    const target = parseTargetPath(path);
    const before = await published.read(path);
    const listed = files.find((all) => all.has(target))?.get(target);
    if (before === undefined || listed === undefined) continue;
    if (listed.hashes.get('sha256') === (await sha256(before))) continue;
    // Not from the library's own store: an older version lies there, too
    const after = targets.get(target);
    if (after === undefined) return `registrar replaces ${path}, and the file is not in the change`;
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
