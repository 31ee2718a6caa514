// The main job: `npm start` makes a demo library, fetches one release of it as a supplier would, builds the
// catalogue, and serves both. `npm run demo` does all of it but serving. What is there already is used again.
//
//   --serve         keep serving, until Ctrl-C
//   --image FILE    carry a real OTA image through the same path
//   --port N        another port than 4600

import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Io, processIo, tell } from '@cfl/client/cli';
import { carryImage } from './demo/carry.ts';
import { clearForDemo, isWhole, mark } from './demo/fresh.ts';
import { firstRoot, makeLibrary } from './demo/library.ts';
import { type Served, serve } from './demo/server.ts';
import { buildCatalogue, siteOf } from './demo/site.ts';
import { openStage, type Stage } from './demo/stage.ts';
import { summaryLines } from './demo/summary.ts';
import { fetchAsSupplier } from './demo/supplier.ts';

const BASE = resolve(import.meta.dirname, '..');

async function main(io: Io): Promise<number> {
  const { values } = parseArgs({
    options: {
      serve: { type: 'boolean' },
      image: { type: 'string' },
      port: { type: 'string', default: '4600' },
    },
  });
  const stage = await freshStage(io);
  const carried = values.image === undefined ? undefined : await carryImage(stage, resolve(values.image), io);
  for (const line of await summaryLines(stage)) io.out(line);
  const served = await serve(
    { site: siteOf(stage), metadata: join(BASE, 'metadata'), targets: join(BASE, 'targets') },
    Number(values.port),
  );
  try {
    const release = carried ?? 'CPL-000403';
    io.err(`Fetching ${release} as the supplier Example Energy`);
    const library = { url: served.url, root: await firstRoot(stage), release };
    const { exit } = await fetchAsSupplier(stage, io, library);
    if (exit !== 0) return exit;
    await buildCatalogue(stage, library);
    if (values.serve !== true) return 0;
    for (const line of invitation(served)) io.out(line);
    await new Promise((stop) => process.once('SIGINT', stop).once('SIGTERM', stop));
    return 0;
  } finally {
    served.server.closeAllConnections();
    served.server.close();
  }
}

/** The library that is there, if it is whole and still good; else a new one. */
async function freshStage(io: Io): Promise<Stage> {
  if (await isWhole(BASE, io.now)) {
    io.out('Library in metadata/ and targets/, as it was made before');
    return openStage(BASE, io.now);
  }
  await clearForDemo(BASE);
  const stage = await openStage(BASE, io.now);
  io.err('Making the demo library: three manufacturers, a Central Products List, a dozen releases');
  const { decisions } = await makeLibrary(stage, (what) => io.progress(what));
  await mark(BASE, 'whole');
  io.progress(undefined);
  for (const line of decisions.filter((line) => !line.endsWith('accepted'))) io.err(`  ${line}`);
  io.out('Library in metadata/ and targets/, made now');
  return stage;
}

function invitation({ url }: Served): readonly string[] {
  return [
    `Catalogue  ${url}/`,
    `Library    ${url}/metadata/`,
    'Try, in another terminal:',
    '  CFL_HOME=demo/supplier npx cfl list',
    '  CFL_HOME=demo/supplier npx cfl show CPL-000403',
    '  npx cfl-repo status',
    'Ctrl-C stops the server',
  ];
}

const io = processIo();
process.exitCode = await main(io).catch((error: unknown) => tell(error, io, 'lines'));
