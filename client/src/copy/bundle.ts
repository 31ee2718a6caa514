// What goes into a bundle? The library of this moment in one file, for whoever has no line to it: all metadata, all
// that is public about every release, and image, notes and evidence of those that were chosen.
//
// A tar archive, because every system can look into it and unpack it; what comes out is a folder that
// `cfl init DIR` reads. It is trusted no more than any other copy: `cfl fetch --bundle` verifies it from the pinned
// root. Its history stays behind: that is what a mirror is for.

import { encodeDate } from '../encoding/index.ts';
import type { ReleaseId } from '../firmware/index.ts';
import { atMost, BUNDLE_FILE, bundleAbout, type Library, TAR_END, tarFile } from '../library/index.ts';
import { metadataFile, TIMESTAMP } from '../tuf/index.ts';
import type { Growing } from './growing.ts';
import { type PresentTarget, presentState } from './present.ts';

export interface BundleOptions {
  readonly library: Library;
  /** None for all. */
  readonly releases: readonly ReleaseId[];
  readonly file: Growing;
  readonly onProgress?: (done: number, of: number) => void;
}

export interface BundleReport {
  readonly files: number;
  readonly octets: number;
  readonly goodUntil: Date;
}

/** Files that are fetched ahead of the one that is written. */
const AHEAD = 8;

/** Throws as `Library` does; the file is abandoned then. */
export async function writeBundle(options: BundleOptions): Promise<BundleReport> {
  try {
    const report = await write(options);
    await options.file.finish();
    return report;
  } catch (error) {
    await options.file.abandon().catch(() => {});
    throw error;
  }
}

async function write({ library, releases, file, onProgress }: BundleOptions): Promise<BundleReport> {
  const { name } = await library.settings();
  const { client } = library;
  const { targets } = await presentState(client);
  const chosen = [...targets.values()].filter(wantedFor(releases)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const metadata = [...(await client.files())].sort(([a], [b]) => (a < b ? -1 : 1));
  const timestamp = metadataFile(TIMESTAMP);
  const about = bundleAbout.encode({
    format: 'cfl/bundle/1',
    library: name,
    made: encodeDate(library.now),
    releases: [...releases],
  });
  let count = 0;
  let octets = 0;
  const append = async (path: string, content: Uint8Array) => {
    const block = tarFile(path, content);
    await file.append(block);
    count++;
    octets += block.length;
  };
  await append(BUNDLE_FILE, about);
  for await (const [target, content] of ahead(chosen, (one) => client.read(one))) {
    await append(`targets/${target.name}`, content);
    onProgress?.(count - 1, chosen.length);
  }
  for (const [path, content] of metadata) if (path !== timestamp) await append(`metadata/${path}`, content);
  for (const [path, content] of metadata) if (path === timestamp) await append(`metadata/${path}`, content);
  await file.append(TAR_END);
  const { signed } = (await client.refresh()).timestamp;
  return { files: count, octets: octets + TAR_END.length, goodUntil: signed.expires };
}

const OF_A_RELEASE = /^(?:firmware\/[^/]+|intake)\/([0-9a-f]{64})\//;

function wantedFor(releases: readonly ReleaseId[]): (target: PresentTarget) => boolean {
  const wanted = new Set<string>(releases);
  return ({ path }) => {
    const release = OF_A_RELEASE.exec(path)?.[1];
    return release === undefined || wanted.size === 0 || wanted.has(release);
  };
}

/** In order, while the next ones are on their way. */
async function* ahead<T, R>(
  all: readonly T[],
  load: (one: T) => Promise<R>,
): AsyncGenerator<readonly [T, R]> {
  const bound = atMost(AHEAD);
  const started: Promise<R>[] = [];
  for (const [i, one] of all.entries()) {
    for (const next of all.slice(started.length, i + AHEAD)) {
      const loading = bound(() => load(next));
      // What fails is heard when its turn comes
      loading.catch(() => {});
      started.push(loading);
    }
    const loaded = started[i];
    if (loaded === undefined) throw new TypeError('It was started');
    yield [one, await loaded];
    delete started[i];
  }
}
