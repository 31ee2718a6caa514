// Where do a million lines go? Into a file that is there whole, under its name, or not at all.
//
// Lines are gathered and written in pieces, so that no more than a piece is held.

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const PIECE = 256 * 1024;

export interface LineFile {
  line(text: string): void;
  /** Writes what was gathered, where it is enough for a piece. */
  drain(): Promise<void>;
  /** Puts the file under its name. */
  finish(): Promise<void>;
  /** Leaves nothing behind; does nothing after `finish`. */
  discard(): Promise<void>;
}

export async function openLineFile(path: string): Promise<LineFile> {
  const temporary = join(dirname(path), `.tmp-${basename(path)}-${randomUUID()}`);
  const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644);
  let gathered: string[] = [];
  let octets = 0;
  let isThere = true;
  const write = async () => {
    const piece = gathered.join('');
    gathered = [];
    octets = 0;
    if (piece !== '') await file.writeFile(piece);
  };
  return {
    line(text) {
      gathered.push(text, '\n');
      octets += text.length + 1;
    },
    async drain() {
      if (octets >= PIECE) await write();
    },
    async finish() {
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
