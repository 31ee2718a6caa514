// How is the catalogue built? `npm run build -w site`, or `node site/build.ts`.
//
//   CFL_LIBRARY      address of the library, or the folder that holds metadata/ and targets/
//   CFL_ROOT         file of the pinned first root, or
//   CFL_ROOT_SHA256  its SHA-256, as the operator read it out
//   CFL_HOME         where the versions seen so far are remembered, so that an older library is refused;
//                    without it nothing is remembered from one build to the next
//   CFL_SITE         folder of the pages; otherwise site/dist
//
// The library is read whole before Astro starts: where a check fails, no page is written.

import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { processIo, tell, UsageError } from '@cfl/client/cli';
import { openLibrary, type PinnedBy, pinLibrary } from '@cfl/client/library';
import type { Step } from '@cfl/client/tuf';
import { makeAssets } from './build/assets.ts';
import { readShared } from './build/readers.ts';
import { shownModule, whileShown } from './build/shown.ts';
import { writeTwins } from './build/twins.ts';
import { readCatalogue } from './src/data/read.ts';
import type { Catalogue } from './src/data/types.ts';

export interface SiteRequest {
  readonly library: string;
  readonly root: PinnedBy;
  readonly home: string | undefined;
  readonly out: string;
  readonly now: Date;
}

export async function buildSite(request: SiteRequest): Promise<Catalogue> {
  const catalogue = await readLibrary(request);
  const { assets, write } = await makeAssets();
  const shown = { catalogue, address: addressOf(request.library), assets };
  // Without it Astro looks up its statistics server
  process.env['ASTRO_TELEMETRY_DISABLED'] = '1';
  const { build } = await import('astro');
  await inStaging(resolve(request.out), async (staging) => {
    await whileShown(shown, () =>
      build({
        root: import.meta.dirname,
        outDir: staging,
        logLevel: 'error',
        vite: { plugins: [shownModule()] },
      }),
    );
    await write(staging);
    await writeTwins(staging, shown);
  });
  return catalogue;
}

/**
 * The site appears whole, in place of the one before. Astro needs a folder inside the project to work in, and
 * two builds at once each their own.
 */
async function inStaging(out: string, make: (staging: string) => Promise<void>): Promise<void> {
  const parent = join(import.meta.dirname, '.astro');
  await mkdir(parent, { recursive: true });
  const own = await mkdtemp(join(parent, 'build-'));
  // Below it, since a temporary folder is closed to everybody else, and the site is not
  const staging = join(own, 'site');
  try {
    await make(staging);
    await rm(out, { recursive: true, force: true });
    await mkdir(dirname(out), { recursive: true });
    await rename(staging, out).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EXDEV') throw error;
      return cp(staging, out, { recursive: true });
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

async function readLibrary({ library: url, root: by, home, now }: SiteRequest): Promise<Catalogue> {
  const place = home ?? (await mkdtemp(join(tmpdir(), 'cfl-site-')));
  try {
    const { version, sha256 } = await pinLibrary({ home: place, url, by, now, wait: setTimeout });
    const steps: Step[] = [];
    const onStep = (step: Step) => void steps.push(step);
    const { library, close } = await openLibrary({ home: place, now, wait: setTimeout, onStep });
    try {
      const { snapshot } = await library.refresh();
      const reading = { library: url, root: by, now, version: snapshot.signed.version };
      return await readCatalogue({
        library,
        root: { version, sha256 },
        steps,
        shared: (rows) => readShared(reading, rows),
      });
    } finally {
      close();
    }
  } finally {
    if (home === undefined) await rm(place, { recursive: true, force: true });
  }
}

/** A folder's path is nobody's business but the builder's. */
function addressOf(library: string): string | undefined {
  return /^https?:\/\//i.test(library) ? library : undefined;
}

export function requestFrom(env: Readonly<Record<string, string | undefined>>, now: Date): SiteRequest {
  // npm runs a workspace's script in its folder; paths are meant from where npm was called
  const from = env['INIT_CWD'] ?? '.';
  const library = env['CFL_LIBRARY'];
  const file = env['CFL_ROOT'];
  const digest = env['CFL_ROOT_SHA256'];
  if (!library) {
    throw new UsageError(
      'Cannot build the catalogue: CFL_LIBRARY is not set',
      'Set it to the address of the library, or to the folder that holds metadata/ and targets/',
    );
  }
  if (Boolean(file) === Boolean(digest)) {
    throw new UsageError(
      `Cannot build the catalogue: ${file ? 'both CFL_ROOT and CFL_ROOT_SHA256 are' : 'neither CFL_ROOT nor CFL_ROOT_SHA256 is'} set`,
      'Set CFL_ROOT to the file of the first root, or CFL_ROOT_SHA256 to the digest that the operator read out',
    );
  }
  return {
    library: addressOf(library) ?? resolve(from, library),
    root: file ? { rootFile: resolve(from, file) } : { rootSha256: digest ?? '' },
    home: env['CFL_HOME'] ? resolve(from, env['CFL_HOME']) : undefined,
    out: env['CFL_SITE'] ? resolve(from, env['CFL_SITE']) : join(import.meta.dirname, 'dist'),
    now,
  };
}

if (import.meta.main) {
  const io = processIo();
  try {
    const request = requestFrom(process.env, new Date());
    const { releases, version } = await buildSite(request);
    io.err(`Built the catalogue of library version ${version}: ${releases.length} releases`);
  } catch (error) {
    process.exitCode = tell(error, io, 'lines');
  }
}
