// Where do a million lines go? Into a file that is there whole, under its name, or not at all.
//
// Lines are gathered in pieces that are written, and used again: no more than a few are ever held.

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const PIECE = 128 * 1024;
const LINE_FEED = 0x0a;

export interface LineFile {
  line(text: string): void;
  /** Writes the pieces that are full. */
  drain(): Promise<void>;
  /** Puts the file under its name. */
  finish(): Promise<void>;
  /** Leaves nothing behind; does nothing after `finish`. */
  discard(): Promise<void>;
}

export async function openLineFile(path: string): Promise<LineFile> {
  const temporary = join(dirname(path), `.tmp-${basename(path)}-${randomUUID()}`);
  const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
  const full: { piece: Buffer; used: number }[] = [];
  const free: Buffer[] = [];
  let piece: Buffer = Buffer.allocUnsafe(PIECE);
  let used = 0;
  let isThere = true;
  const turn = (least: number) => {
    full.push({ piece, used });
    piece = (least <= PIECE ? free.pop() : undefined) ?? Buffer.allocUnsafe(Math.max(PIECE, least));
    used = 0;
  };
  const write = async () => {
    for (let next = full.shift(); next !== undefined; next = full.shift()) {
      await file.writeFile(next.piece.subarray(0, next.used));
      if (next.piece.length === PIECE) free.push(next.piece);
    }
  };
  return {
    line(text) {
      // An UTF-16 unit is three octets of UTF-8 at most
      const most = 3 * text.length + 1;
      if (used + most > piece.length) turn(most);
      used += piece.write(text, used);
      piece[used++] = LINE_FEED;
    },
    drain: write,
    async finish() {
      turn(0);
      await write();
      await file.sync();
      await file.close();
      await rename(temporary, path);
      isThere = false;
    },
    async discard() {
      if (!isThere) return;
      await file.close().catch(() => {});
      await rm(temporary, { force: true });
    },
  };
}

/**
 * A cell that no spreadsheet takes for a formula, and no other cell is mistaken for: text of others may stand in it,
 * such as the reason of a withdrawal.
 */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
