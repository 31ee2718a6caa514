// The main job: `npm start` makes a demo library, fetches one release of it as a supplier would, builds the
// catalogue, and serves both. `npm run demo` does all of it but serving. What is there already is used again.
//
//   --serve         keep serving, until Ctrl-C
//   --image FILE    carry a real OTA image through the same path
//   --port N        another port than 4600

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { processIo, tell, UsageError } from '@cfl/client/cli';
import { runDemo } from './demo/run.ts';

function options() {
  try {
    const { values } = parseArgs({
      options: {
        serve: { type: 'boolean', default: false },
        image: { type: 'string' },
        port: { type: 'string', default: '4600' },
      },
    });
    return {
      serve: values.serve,
      image: values.image,
      port: Number(values.port),
      base: resolve(import.meta.dirname, '..'),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot run the demo: ${reason}`, 'Run: npm start, or npm start -- --image FILE');
  }
}

const io = processIo();
try {
  process.exitCode = await runDemo(options(), io);
} catch (error) {
  io.progress(undefined);
  process.exitCode = tell(error, io, 'lines');
}
