// Where do the files of this library come from? Its address says so: a web server, a folder, or a bundle, which
// is one file.
//
// A server is asked three times before it is given up where it could not be reached, was too slow, is busy
// (429) or in trouble (5xx); in between it is left alone for as long as it asks, up to a minute. Whatever
// else it says is never asked for again: an answer that is wrong stays wrong.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Repository, UnreachableError } from '../tuf/index.ts';
import { bundleRepository } from './bundle.ts';
import { folder } from './files.ts';
import {
  type Environment,
  folderRepository,
  httpRepository,
  type Patience,
  type Transfer,
} from './repository.ts';

export type Wait = (milliseconds: number) => Promise<void>;

export interface SourceOptions {
  /** How the time between two attempts passes. */
  readonly wait: Wait;
  readonly patience?: Patience;
  /** Where below the address the files lie, as another project may have it; `.` for the address itself. */
  readonly folders?: Folders;
  /** Names the proxies: HTTP_PROXY, HTTPS_PROXY, NO_PROXY. */
  readonly env?: Environment;
  /** Ends whatever goes on; it then throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onTransfer?: (transfer: Transfer) => void;
}

export interface Folders {
  readonly metadata: string;
  readonly targets: string;
}

const FOLDERS: Folders = { metadata: 'metadata', targets: 'targets' };

export type ClosableRepository = Repository & { close(): void };

/** Milliseconds between the attempts, at least. */
const WAITS: readonly number[] = [2_000, 5_000];

/** A server that asks for more is given up at once. */
const LONGEST_WAIT = 60_000;

export function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url);
}

export function openRepository(url: string, options: SourceOptions): ClosableRepository {
  const { signal, folders = FOLDERS } = options;
  if (!isWebAddress(url)) {
    const base = resolve(url);
    const local = isFile(base) ? bundleRepository(base) : inFolder(base, folders);
    return stoppable(local, signal);
  }
  const metadataUrl = below(url, folders.metadata);
  const targetsUrl = below(url, folders.targets);
  const web = httpRepository({ ...options, metadataUrl, targetsUrl });
  return {
    metadata: (file, limit) => persistently(() => web.metadata(file, limit), options),
    target: (path, digest, limit) => persistently(() => web.target(path, digest, limit), options),
    close: () => web.close(),
  };
}

/** `https://library.example/metadata` */
export function below(url: string, folder: string): string {
  const base = url.replace(/\/+$/, '');
  return folder === '.' ? base : `${base}/${folder}`;
}

function inFolder(base: string, { metadata, targets }: Folders): ClosableRepository {
  const at = (name: string) => folder(resolve(base, name));
  return { ...folderRepository(at(metadata), at(targets)), close: () => {} };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

export function stoppable(
  repository: ClosableRepository,
  signal: AbortSignal | undefined,
): ClosableRepository {
  return {
    async metadata(file, limit) {
      signal?.throwIfAborted();
      return repository.metadata(file, limit);
    },
    async target(path, digest, limit) {
      signal?.throwIfAborted();
      return repository.target(path, digest, limit);
    },
    close: () => repository.close(),
  };
}

async function persistently<T>(
  attempt: () => Promise<T>,
  { wait, signal }: Pick<SourceOptions, 'wait' | 'signal'>,
): Promise<T> {
  let waited = 0;
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
      const pause = WAITS[count - 1];
      const asked = error.retryAfter ?? 0;
      if (pause === undefined || asked > LONGEST_WAIT) throw givenUp(error, count, waited);
      waited += Math.max(pause, asked);
      await unlessStopped(wait(Math.max(pause, asked)), signal);
    }
  }
}

function unlessStopped(waiting: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return waiting;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function givenUp(error: UnreachableError, attempts: number, waited: number): UnreachableError {
  const { code, cause, status, retryAfter, hint } = error;
  const tried = attempts === 1 ? '' : `, ${attempts} attempts in ${waited / 1000} s`;
  const asked = retryAfter === undefined ? '' : `. It asks to be left alone for ${retryAfter / 1000} s`;
  return new UnreachableError(code, `${error.message}${tried}`, {
    ...(hint === undefined ? {} : { hint: `${hint}${asked}` }),
    ...(status === undefined ? {} : { status }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    cause,
  });
}

function isWorthAnother(error: unknown): error is UnreachableError {
  if (!(error instanceof UnreachableError)) return false;
  const { code, status = 0 } = error;
  return (
    code === 'UNREACHABLE' ||
    code === 'TOO_SLOW' ||
    (code === 'HTTP_STATUS' && (status === 429 || status >= 500))
  );
}
