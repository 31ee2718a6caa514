// The demo as a process of its own, in the folder that is named: `node child.ts FOLDER`.

import { processIo } from '@cfl/client/cli';
import { runDemo } from '../../demo/run.ts';

const [base] = process.argv.slice(2);
if (base === undefined) throw new TypeError('Name the folder');
process.exitCode = await runDemo({ base, serve: false, image: undefined, port: 0 }, processIo());
