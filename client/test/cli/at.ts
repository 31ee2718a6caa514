// `cfl` as a shell runs it, at a moment that a test chooses: node at.ts NOW COMMAND… Passphrases are empty.

import { cfl } from '../../src/cli/cfl.ts';
import { processIo, runProgram } from '../../src/cli/index.ts';

const [now = '', ...argv] = process.argv.slice(2);
const io = { ...processIo(), now: new Date(now), passphrase: async () => '' };
process.exitCode = await runProgram(cfl, argv, io);
