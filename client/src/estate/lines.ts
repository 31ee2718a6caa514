// May a CSV parser read this line by itself? A quote that is opened and never closed would swallow the rest of the file.
//
// Rules
// - A record is one line: a cell of a list of meters holds no line break.
// - A line whose quotes are not whole, or that is longer than any honest one, is left out and named. An empty line
//   takes its place, so that rows are counted as they stand in the file.
// - Everything else passes as it is. A file without quotes is only looked through for them.

import { Transform } from 'node:stream';

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const LONGEST_LINE = 10_000;
/** Cells with whole quotes, or with none. */
const WHOLE = /^(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*\r?$/;

export type OnFault = (row: number, reason: string) => void;

/** Counts rows from 1. */
export function wholeLines(onFault: OnFault): Transform {
  let rest: Buffer = Buffer.alloc(0);
  let row = 0;

  const checked = (lines: Buffer): Buffer => {
    const parts: string[] = [];
    for (const line of lines.toString('latin1').split('\n')) {
      row++;
      const fault = faultOf(line);
      if (fault !== undefined) onFault(row, fault);
      parts.push(fault === undefined ? line : '');
    }
    return Buffer.from(parts.join('\n'), 'latin1');
  };

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const last = chunk.lastIndexOf(LINE_FEED);
      if (last === -1) {
        // The beginning of a line that is too long stays, so that it is refused as a whole
        if (rest.length <= LONGEST_LINE) rest = Buffer.concat([rest, chunk]);
        return done();
      }
      const lines = chunk.subarray(0, last + 1);
      if (isPlain(rest, lines)) {
        // The usual case copies nothing: a million meters would leave a hundred megaoctets of copies behind
        row += count(lines);
        if (rest.length > 0) this.push(rest);
        this.push(lines);
      } else {
        this.push(checked(Buffer.concat([rest, chunk.subarray(0, last)])));
        this.push('\n');
      }
      rest = Buffer.from(chunk.subarray(last + 1));
      done();
    },
    flush(done) {
      if (rest.length > 0) this.push(checked(rest));
      done();
    },
  });
}

/** No quote, and no line that is too long. */
function isPlain(rest: Buffer, lines: Buffer): boolean {
  if (rest.includes(QUOTE) || lines.includes(QUOTE)) return false;
  return rest.length + lines.indexOf(LINE_FEED) <= LONGEST_LINE && !hasLongLine(lines);
}

function faultOf(line: string): string | undefined {
  if (line.length > LONGEST_LINE) return `it has more than ${LONGEST_LINE} octets`;
  return !line.includes('"') || WHOLE.test(line)
    ? undefined
    : 'a quote in it is not closed, or stands inside a cell';
}

function hasLongLine(lines: Buffer): boolean {
  if (lines.length <= LONGEST_LINE) return false;
  for (let start = 0; start + LONGEST_LINE < lines.length; ) {
    // From the last place at which the line may end, backwards
    const end = lines.lastIndexOf(LINE_FEED, start + LONGEST_LINE);
    if (end < start) return true;
    start = end + 1;
  }
  return false;
}

function count(lines: Buffer): number {
  let found = 0;
  for (let at = lines.indexOf(LINE_FEED); at !== -1; at = lines.indexOf(LINE_FEED, at + 1)) found++;
  return found;
}
