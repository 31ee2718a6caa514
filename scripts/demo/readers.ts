// Who reads in the demo: one supplier everything, one images alone, one no more; and one who may not.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cfl } from '@cfl/client/program';
import { repoProgram } from '@cfl/repo-tools/cli';
import { homeOf } from './manufacturer.ts';
import { publishChange, run, type Stage } from './stage.ts';
import { FORMER_READER, NO_READER, READERS } from './world.ts';

/** Where a party of the demo keeps its credential. */
export function credentialOf(stage: Stage, party: string): string {
  return join(homeOf(stage, party), 'credential.age');
}

/** Each makes its credential; the registrar grants, and refuses the network operator. */
export async function letRead(stage: Stage): Promise<void> {
  for (const { id, uses } of READERS) {
    const argv = ['party', 'grant', id, ...uses, '--credential', await makeCredential(stage, id)];
    await publishChange(stage, await run(stage, repoProgram, [...argv, '--at', stage.base], [4]));
  }
  const refused = ['party', 'grant', NO_READER, '--credential', await makeCredential(stage, NO_READER)];
  await run(stage, repoProgram, [...refused, '--at', stage.base], [1]);
}

/** Returns its public part. */
async function makeCredential(stage: Stage, party: string): Promise<string> {
  const path = credentialOf(stage, party);
  await mkdir(homeOf(stage, party), { recursive: true });
  await run(stage, cfl, ['keygen', '--to', path]);
  return path.replace(/\.age$/, '.pub');
}

/** From now on a new epoch is sealed to, which this one never gets. */
export async function endReading(stage: Stage): Promise<void> {
  const argv = ['party', 'revoke', FORMER_READER, '--at', stage.base];
  await publishChange(stage, await run(stage, repoProgram, argv, [4]));
}
