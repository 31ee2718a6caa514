// How is a pinned library opened? From its folder on this machine: address, pinned root, cache.

import { parseTimestamp, type Step, TIMESTAMP } from '../tuf/index.ts';
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
}

export interface OpenLibrary {
  readonly library: Library;
  readonly name: string;
  readonly url: string;
  close(): void;
}

export async function openLibrary({ home, now, onStep, ...source }: OpenOptions): Promise<OpenLibrary> {
  const { pinned, root } = await readHome(home);
  const repository = openRepository(pinned.url, source);
  const cache = fileCache(cacheFiles(home));
  const withdrawals = withdrawalMemory(folder(home));
  const step = onStep === undefined ? {} : { onStep };
  const library = new Library({ root, repository, cache, now, withdrawals, ...step });
  return { library, name: pinned.name, url: pinned.url, close: () => repository.close() };
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
