// The demo's stage: one library in the project's folder, its people's folders beside it, and the programs
// run within this process exactly as they run from a shell.

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MemoryIo, memoryIo, type Program, runProgram } from '@cfl/client/cli';
import { repoProgram } from '@cfl/repo-tools/cli';

export interface Stage {
  /** Holds metadata/, targets/ and private/. */
  readonly base: string;
  /** Holds a folder for each manufacturer and for the supplier, and the Panel's list. */
  readonly people: string;
  readonly passphrase: string;
  readonly now: Date;
}

/** The demo's one passphrase is made here, and lies where its keys lie. */
export async function openStage(base: string, now: Date): Promise<Stage> {
  const secrets = join(base, 'private');
  await mkdir(secrets, { recursive: true, mode: 0o700 });
  const file = join(secrets, 'passphrase');
  const known = await readFile(file, 'utf8').catch(() => undefined);
  const passphrase = known ?? randomBytes(24).toString('base64url');
  if (known === undefined) await writeFile(file, passphrase, { mode: 0o600, flag: 'wx' });
  return { base, people: join(base, 'demo'), passphrase, now };
}

export interface Outcome {
  readonly exit: number;
  readonly io: MemoryIo;
}

/** Runs a program; throws with all that it said where its exit code is not among those that are expected. */
export async function run(
  stage: Stage,
  program: Program,
  argv: readonly string[],
  expected: readonly number[] = [0],
): Promise<Outcome> {
  const io = memoryIo({ now: stage.now, passphrase: async () => stage.passphrase });
  const exit = await runProgram(program, argv, io);
  if (expected.includes(exit)) return { exit, io };
  const said = [...io.stdout, ...io.stderr].join('\n');
  throw new Error(`The demo stopped at: ${program.name} ${argv.join(' ')}\n${said}`);
}

/** The change that a command planned: signed with every key of this machine, and published. */
export async function publishChange(
  stage: Stage,
  planned: Outcome,
  further?: (change: string) => Promise<void>,
): Promise<void> {
  const place = planned.io.stdout
    .map((line) => /private\/changes\/\d+/.exec(line)?.[0])
    .find((found) => found !== undefined);
  if (place === undefined)
    throw new Error(`The demo expected the place of a change, found:\n${planned.io.stdout.join('\n')}`);
  const change = join(stage.base, place);
  await further?.(change);
  await run(stage, repoProgram, ['sign', change, '--at', stage.base]);
  await run(stage, repoProgram, ['apply', change, '--at', stage.base]);
}
