// A reader: verifies its share of a library's releases, and hands them over.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { openLibrary, pinLibrary } from '@cfl/client/library';
import { type ReadRelease, readOne } from '../src/data/read-release.ts';
import { allOf } from './all-of.ts';
import type { Failed, Share } from './readers.ts';

/** Verified together, so that the processor is not idle while a file is read; and handed over together. */
const AT_A_TIME = 16;

async function readShare({ library: url, root: by, now, version, part, parts }: Share): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'cfl-site-'));
  try {
    await pinLibrary({ home, url, by, now, wait: setTimeout });
    const { library, close } = await openLibrary({ home, now, wait: setTimeout });
    try {
      const { snapshot } = await library.refresh();
      if (snapshot.signed.version !== version)
        throw new Error(
          `The library was published anew while it was read: version ${snapshot.signed.version}`,
        );
      const rows = (await library.allReleases()).filter((_, i) => i % parts === part);
      for (let from = 0; from < rows.length; from += AT_A_TIME) {
        const some = rows.slice(from, from + AT_A_TIME);
        const read: readonly ReadRelease[] = await allOf(some.map((row) => readOne(library, row)));
        parentPort?.postMessage(read);
      }
    } finally {
      close();
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

await readShare(workerData as Share).catch((error: unknown) => {
  const {
    name = 'Error',
    message = String(error),
    code = '',
    hint = '',
  } = error as Partial<Failed['failed']>;
  parentPort?.postMessage({ failed: { name, message, code, hint } } satisfies Failed);
});
