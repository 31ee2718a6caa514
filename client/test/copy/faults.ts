// Files on which any operation may be the last: what was before it is done, what comes after it fails, too.

import type { Files } from '../../src/library/files.ts';

export class Death extends Error {
  override name = 'Death';
}

export interface Counter {
  done: number;
  /** The number of the operation that fails, from 1; 0 for none. */
  readonly at: number;
  /** Whether it took effect before. */
  readonly moment: 'before' | 'after';
}

export function counter(at = 0, moment: Counter['moment'] = 'before'): Counter {
  return { done: 0, at, moment };
}

/** Counts one operation, or dies of it. */
export async function step<T>(counted: Counter, act: () => Promise<T>): Promise<T> {
  counted.done++;
  const isDead = counted.at > 0 && counted.done >= counted.at;
  if (isDead && (counted.moment === 'before' || counted.done > counted.at)) throw new Death();
  const result = await act();
  if (isDead) throw new Death();
  return result;
}

export function dying(files: Files, counted: Counter): Files {
  return {
    read: (path) => step(counted, () => files.read(path)),
    writeNew: (path, octets) => step(counted, () => files.writeNew(path, octets)),
    replace: (path, octets) => step(counted, () => files.replace(path, octets)),
    list: (path) => step(counted, () => files.list(path)),
    remove: (path) => step(counted, () => files.remove(path)),
  };
}
