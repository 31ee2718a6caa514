// `cfl`, as bin/cfl.js starts it.

import { cfl } from './cfl.ts';
import { processIo } from './io.ts';
import { runProgram } from './run.ts';

export async function run(): Promise<void> {
  process.exitCode = await runProgram(cfl, process.argv.slice(2), processIo());
}
