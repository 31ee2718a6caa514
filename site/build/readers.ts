// How is a large library read on all processors? Each reader is a thread that opens the library by itself, from
// the pinned root on, and verifies its share of the releases. What they return is put together in order.
//
// Verifying a bundle takes a processor some milliseconds; 20,000 of them are most of the time of a build.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ListedRelease, PinnedBy } from '@cfl/client/library';
import type { ReadRelease } from '../src/data/read-release.ts';

/** Below it, a second reader costs more than it brings. */
const WORTH_A_READER = 400;
const MOST_READERS = 4;

export interface Reading {
  readonly library: string;
  readonly root: PinnedBy;
  readonly now: Date;
  /** Of the snapshot that the build is about: a reader that finds another one stops. */
  readonly version: number;
}

/** What a reader is given: its rows are those whose place leaves `part` when divided by `parts`. */
export interface Share extends Reading {
  readonly part: number;
  readonly parts: number;
}

/** Undefined where one reader is enough. */
export function readShared(
  reading: Reading,
  rows: readonly ListedRelease[],
): Promise<readonly ReadRelease[]> | undefined {
  const parts = Math.min(Math.floor(rows.length / WORTH_A_READER), availableParallelism(), MOST_READERS);
  return parts < 2 ? undefined : readParts(reading, rows, parts);
}

export async function readParts(
  reading: Reading,
  rows: readonly ListedRelease[],
  parts: number,
): Promise<readonly ReadRelease[]> {
  const shares = Array.from({ length: parts }, (_, part) => readShare({ ...reading, part, parts }));
  const read = await Promise.all(shares);
  return rows.map(({ release }, i) => {
    const one = read[i % parts]?.[Math.floor(i / parts)];
    if (one?.release === release) return one;
    throw new TypeError(`Expected ${release} to be read, found ${one?.release ?? 'nothing'}`);
  });
}

/** An error loses its class on the way between threads; what a person and a program need of it stays. */
export interface Failed {
  readonly failed: Readonly<Record<'name' | 'message' | 'code' | 'hint', string>>;
}

export type Message = readonly ReadRelease[] | Failed;

function readShare(share: Share): Promise<readonly ReadRelease[]> {
  return new Promise((resolve, reject) => {
    const read: ReadRelease[] = [];
    const reader = new Worker(new URL('./reader.ts', import.meta.url), { workerData: share });
    reader.on('message', (message: Message) => {
      if ('failed' in message) reject(Object.assign(new Error(message.failed.message), message.failed));
      else for (const one of message) read.push(one);
    });
    reader.on('error', reject);
    reader.on('exit', () => resolve(read));
  });
}
