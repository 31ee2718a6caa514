// Where do the files of this library come from? Its address says so: a web server, or a folder.
//
// A server that cannot be reached is asked three times before it is given up. What it says is never asked
// for again: an answer that is wrong stays wrong.

import { resolve } from 'node:path';
import { type Repository, UnreachableError } from '../tuf/index.ts';
import { folder } from './files.ts';
import { folderRepository, httpRepository, type Patience } from './repository.ts';

export type Wait = (milliseconds: number) => Promise<void>;

export interface SourceOptions {
  /** How the time between two attempts passes. */
  readonly wait: Wait;
  readonly patience?: Patience;
  /** Where below the address the files lie, as another project may have it; `.` for the address itself. */
  readonly folders?: Folders;
}

export interface Folders {
  readonly metadata: string;
  readonly targets: string;
}

const FOLDERS: Folders = { metadata: 'metadata', targets: 'targets' };

/** Milliseconds between the attempts. */
const WAITS: readonly number[] = [2_000, 5_000];

export function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url);
}

export function openRepository(
  url: string,
  { wait, patience, folders = FOLDERS }: SourceOptions,
): Repository & { close(): void } {
  if (!isWebAddress(url)) {
    const at = (name: string) => folder(resolve(url, name));
    return { ...folderRepository(at(folders.metadata), at(folders.targets)), close: () => {} };
  }
  const addresses = { metadataUrl: below(url, folders.metadata), targetsUrl: below(url, folders.targets) };
  const web = httpRepository(patience === undefined ? addresses : { ...addresses, patience });
  return {
    metadata: (file, limit) => persistently(() => web.metadata(file, limit), wait),
    target: (path, digest, limit) => persistently(() => web.target(path, digest, limit), wait),
    close: () => web.close(),
  };
}

/** `https://library.example/metadata` */
export function below(url: string, folder: string): string {
  const base = url.replace(/\/+$/, '');
  return folder === '.' ? base : `${base}/${folder}`;
}

async function persistently<T>(attempt: () => Promise<T>, wait: Wait): Promise<T> {
  for (const pause of WAITS) {
    try {
      return await attempt();
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
    }
    await wait(pause);
  }
  try {
    return await attempt();
  } catch (error) {
    if (!isWorthAnother(error)) throw error;
    const seconds = WAITS.reduce((sum, pause) => sum + pause, 0) / 1000;
    const message = `${error.message}, ${WAITS.length + 1} attempts in ${seconds} s`;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new UnreachableError(error.code, message, { ...hint, cause: error.cause });
  }
}

function isWorthAnother(error: unknown): error is UnreachableError {
  return error instanceof UnreachableError && error.code === 'UNREACHABLE';
}
