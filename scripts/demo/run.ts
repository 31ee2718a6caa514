// What the demo does, from the first key to the served page.

import { join, resolve } from 'node:path';
import type { Io } from '@cfl/client/cli';
import { type Authorities, openAuthorities } from './authorities.ts';
import { carryImage } from './carry.ts';
import { clearForDemo, isWhole, mark } from './fresh.ts';
import { makeLibrary } from './library.ts';
import { firstRoot, pointAllTo } from './manufacturer.ts';
import { type Served, serve } from './server.ts';
import { buildCatalogue, siteOf } from './site.ts';
import { openStage, type Stage } from './stage.ts';
import { summaryLines } from './summary.ts';
import { fetchAsSupplier } from './supplier.ts';

export interface DemoOptions {
  /** The folder of metadata/, targets/, private/ and demo/. */
  readonly base: string;
  /** Keep serving, until the process is told to stop. */
  readonly serve: boolean;
  /** A real OTA image to carry through the same path. */
  readonly image: string | undefined;
  /** 0 for any. */
  readonly port: number;
}

/** Returns the exit code. */
export async function runDemo(
  { base, serve: keepServing, image, port }: DemoOptions,
  io: Io,
): Promise<number> {
  const stage = await freshStage(base, io);
  const carried =
    image === undefined
      ? undefined
      : await withAuthorities(stage, (authorities) => carryImage(stage, authorities, resolve(image), io));
  for (const line of await summaryLines(stage)) io.out(line);
  const served = await serve(
    { site: siteOf(stage), metadata: join(base, 'metadata'), targets: join(base, 'targets') },
    port,
  );
  try {
    const release = carried ?? 'CPL-000403';
    io.err(`Fetching ${release} as the supplier Example Energy`);
    const library = { url: served.url, root: await firstRoot(stage), release };
    const { exit } = await fetchAsSupplier(stage, io, library);
    if (exit !== 0) return exit;
    await buildCatalogue(stage, library);
    if (!keepServing) return 0;
    // Whoever signs something by hand meanwhile has it stamped
    await withAuthorities(stage, async ({ timeAuthority }) => {
      await pointAllTo(stage, timeAuthority);
      for (const line of invitation(served)) io.out(line);
      await new Promise((stop) => process.once('SIGINT', stop).once('SIGTERM', stop));
    });
    return 0;
  } finally {
    served.server.closeAllConnections();
    served.server.close();
  }
}

/** The library that is there, if it is whole and still good; else a new one. */
async function freshStage(base: string, io: Io): Promise<Stage> {
  if (await isWhole(base, io.now)) {
    io.out('Library in metadata/ and targets/, as it was made before');
    return openStage(base, io.now);
  }
  await clearForDemo(base);
  const stage = await openStage(base, io.now);
  io.err('Making the demo library: three manufacturers, a Central Products List, a dozen releases');
  const made = await withAuthorities(stage, (authorities) =>
    makeLibrary(stage, authorities, (what) => io.progress(what)),
  );
  await mark(base, 'whole');
  io.progress(undefined);
  for (const line of made.decisions.filter((line) => !line.endsWith('accepted'))) io.err(`  ${line}`);
  for (const line of made.association) io.err(`  ${line}`);
  io.out('Library in metadata/ and targets/, made now');
  return stage;
}

/** The time authority answers while the work is done. */
async function withAuthorities<T>(stage: Stage, work: (authorities: Authorities) => Promise<T>): Promise<T> {
  const authorities = await openAuthorities(stage);
  try {
    return await work(authorities);
  } finally {
    await authorities.close();
  }
}

function invitation({ url }: Served): readonly string[] {
  return [
    `Catalogue  ${url}/`,
    `Library    ${url}/metadata/timestamp.json`,
    'Try, in another terminal:',
    '  CFL_HOME=demo/supplier npx cfl list',
    '  CFL_HOME=demo/supplier npx cfl show CPL-000403',
    '  CFL_HOME=demo/supplier CFL_CREDENTIAL=demo/example-energy/credential.age CFL_PASSPHRASE_FILE=private/passphrase npx cfl notes CPL-000403',
    '  npx cfl-repo status',
    'Ctrl-C stops the server',
  ];
}
