// How much of what others send is read? The inbox lies in the private folder, and others fill it.
//
// A file is looked at before it is read, so that a giant costs nothing. What is our own is not bounded.

import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Files } from '@cfl/client/library';
import { ChangeError } from '../change/errors.ts';

/** Octets. More than any image, and than the role file of a manufacturer with 20,000 releases. */
const LARGEST_FILE = 16 * 1024 * 1024;

const SENT = /^(inbox|held)\//;

/** The files of the folder; one that was sent and is too large throws BAD_INPUT when it is read. */
export function bounded(files: Files, base: string): Files {
  return {
    async read(path) {
      const size = SENT.test(path) ? await sizeOf(join(base, path)) : 0;
      if (size <= LARGEST_FILE) return files.read(path);
      throw new ChangeError(
        'BAD_INPUT',
        `Cannot read ${JSON.stringify(path)}: it has ${size} octets, expected at most ${LARGEST_FILE}`,
        'Send it without this file',
      );
    },
    writeNew: (path, octets) => files.writeNew(path, octets),
    replace: (path, octets) => files.replace(path, octets),
    list: (path) => files.list(path),
    remove: (path) => files.remove(path),
  };
}

async function sizeOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => undefined);
  return found?.size ?? 0;
}
