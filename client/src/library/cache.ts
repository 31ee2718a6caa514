// Trusted metadata kept between runs: a folder of one library, and one in memory for a single look.

import type { Cache } from '../tuf/index.ts';
import type { Files } from './files.ts';

export function fileCache(files: Files): Cache {
  return { read: (file) => files.read(file), write: (file, octets) => files.replace(file, octets) };
}

export function memoryCache(): Cache {
  const kept = new Map<string, Uint8Array>();
  return {
    read: async (file) => kept.get(file),
    write: async (file, octets) => {
      kept.set(file, octets);
    },
  };
}
