// `cfl-publish`: sends signed communications to the library, for manufacturers and endorsing suppliers.

import { type Program, processIo, runProgram } from '@cfl/client/cli';
import { endorse } from './endorse.ts';
import { check, newForm } from './publish-draft.ts';
import { init } from './publish-init.ts';
import { seal, sign, status, submit } from './publish-submit.ts';
import { withdraw } from './publish-withdraw.ts';

export const program: Program = {
  name: 'cfl-publish',
  does: 'Publishes firmware: prepares, checks, signs and submits releases, and endorses those of others',
  commands: [init, newForm, check, submit, seal, sign, status, endorse, withdraw],
};

export async function run(): Promise<void> {
  process.exitCode = await runProgram(program, process.argv.slice(2), processIo());
}
