// How is a file written that is too large to be held? Piece by piece beside its place, and moved there when it is
// whole: nobody ever finds half of it under its name.

import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

export interface Growing {
  append(octets: Uint8Array): Promise<void>;
  /** Flushes it and gives it its name, where it replaces what was there. */
  finish(): Promise<void>;
  /** Takes away what was written. */
  abandon(): Promise<void>;
}

export async function growingFile(path: string): Promise<Growing> {
  const place = resolve(path);
  await mkdir(dirname(place), { recursive: true });
  const temporary = join(dirname(place), `.tmp-${randomUUID()}`);
  const file = await open(temporary, 'wx', 0o644);
  return {
    async append(octets) {
      await file.writeFile(octets);
    },
    async finish() {
      await file.sync();
      await file.close();
      await rename(temporary, place);
      const above = await open(dirname(place), 'r');
      await above.sync().finally(() => above.close());
    },
    async abandon() {
      await file.close().catch(() => {});
      await rm(temporary, { force: true });
    },
  };
}
