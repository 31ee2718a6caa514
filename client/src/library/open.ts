// How is a pinned library opened? From its folder on this machine: address, pinned root, cache.

import { resolve } from 'node:path';
import { parseTimestamp, type Repository, type Step, TIMESTAMP } from '../tuf/index.ts';
import { type BundleAbout, bundleRepository } from './bundle.ts';
import { fileCache } from './cache.ts';
import { folder } from './files.ts';
import { cacheFiles, readHome } from './home.ts';
import { Library } from './library.ts';
import { withdrawalMemory } from './seen.ts';
import { openRepository, type SourceOptions } from './source.ts';

export interface OpenOptions extends SourceOptions {
  readonly home: string;
  readonly now: Date;
  readonly onStep?: (step: Step) => void;
  /** Read instead of the pinned address: the path of a bundle. */
  readonly bundle?: string;
  /** For a session that reads the whole library and leaves no evidence. */
  readonly keeps?: 'nothing';
}

export interface OpenLibrary {
  readonly library: Library;
  /** Where its files come from; nothing of it is verified. */
  readonly repository: Repository;
  readonly name: string;
  readonly url: string;
  /** What its maker says of the bundle that is read instead. */
  readonly bundle: BundleAbout | undefined;
  close(): void;
}

export async function openLibrary({
  home,
  now,
  onStep,
  bundle,
  keeps,
  ...source
}: OpenOptions): Promise<OpenLibrary> {
  const { pinned, root } = await readHome(home);
  const file = bundle === undefined ? undefined : bundleRepository(resolve(bundle));
  const about = await file?.about().catch((error: unknown) => {
    file.close();
    throw error;
  });
  const repository = file ?? openRepository(pinned.url, source);
  const cache = fileCache(cacheFiles(home));
  const withdrawals = withdrawalMemory(folder(home));
  const chosen = {
    ...(onStep === undefined ? {} : { onStep }),
    ...(keeps === undefined ? {} : { keeps }),
  };
  const library = new Library({ root, repository, cache, now, withdrawals, ...chosen });
  return {
    library,
    repository,
    name: pinned.name,
    url: bundle ?? pinned.url,
    bundle: about,
    close: () => repository.close(),
  };
}

/** Until when what this machine has is good, for a message; undefined where it has nothing. */
export async function keptUntil(home: string): Promise<Date | undefined> {
  const octets = await cacheFiles(home).read('timestamp.json');
  if (octets === undefined) return undefined;
  return parseTimestamp(octets, TIMESTAMP).then(
    ({ signed }) => signed.expires,
    () => undefined,
  );
}
