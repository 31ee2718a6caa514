// A reader in a process of its own: node child.ts HOME NOW RELEASE TO. Prints its exit code, and what went wrong.

import { cfl } from '../../src/cli/cfl.ts';
import { memoryIo, runProgram } from '../../src/cli/index.ts';

const [home = '', now = '', release = '', to = ''] = process.argv.slice(2);
const io = memoryIo({ env: { CFL_HOME: home }, now: new Date(now) });
const exit = await runProgram(cfl, ['fetch', release, '--to', to], io);
process.stdout.write(String(exit));
if (exit !== 0) process.stderr.write(io.stderr.join('\n'));
