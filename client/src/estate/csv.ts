// How is a list of meters read, a million of them, from a file that people and programs wrote?
//
// Rules
// - CSV in UTF-8 with one header row. Columns are found by name, in any order and either case; others are not read.
// - A row that is not exact is handed over as such, with its number as a spreadsheet counts, and reading goes on.
//   An empty row says nothing.
// - What cannot be such a list at all is refused: a spreadsheet, no header, a column missing or there twice.

import { createReadStream, type ReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { EstateError } from './errors.ts';
import { type OnFault, wholeLines } from './lines.ts';

export interface CsvReading {
  /** The file's name, for messages. */
  readonly name: string;
  readonly columns: readonly string[];
  /** Read where they are there. */
  readonly optional?: readonly string[];
  /** Which columns are there; what it throws ends the reading. */
  onHeader?(found: ReadonlySet<string>): void;
  /** Cells as they stand, in the order of `columns`, then `optional`; '' for one that is not there. */
  onRow(cells: readonly string[], row: number): void;
  readonly onFault: OnFault;
  /** Awaited now and then: a place to wait until what was made of the rows is written. */
  readonly drain?: () => Promise<void>;
}

const ROWS_BETWEEN_DRAINS = 1024;

/** Small pieces: the rows of one are gone before the next, and no memory fills with what is read once. */
export function openList(path: string): ReadStream {
  return createReadStream(path, { highWaterMark: 8192 });
}

/** Throws EstateError NOT_A_LIST. */
export async function readCsv(input: Readable, reading: CsvReading): Promise<void> {
  const wanted = [...reading.columns, ...(reading.optional ?? [])];
  const records = parse({ bom: true, record_delimiter: ['\r\n', '\n'], relax_column_count: true });
  let headerFault: string | undefined;
  const lines = wholeLines((row, reason) => {
    if (row === 1) headerFault = reason;
    else reading.onFault(row, reason);
  });
  pipeline(input, lines, records, () => {
    // What went wrong destroys the last stream with its reason, and the loop below throws it
  });
  let places: readonly number[] | undefined;
  let width = 0;
  let row = 0;
  for await (const record of records as AsyncIterable<string[]>) {
    row++;
    if (places === undefined) {
      if (headerFault !== undefined) throw noHeader(reading.name, headerFault);
      places = placesOf(record, wanted, reading);
      width = Math.max(...places) + 1;
      reading.onHeader?.(new Set(wanted.filter((_, i) => (places?.[i] ?? -1) >= 0)));
      continue;
    }
    if (record.length >= width) reading.onRow(cellsAt(record, places), row);
    else if (record.some((cell) => cell.trim() !== ''))
      reading.onFault(row, `it has ${record.length} cells, expected ${width} at least`);
    if (row % ROWS_BETWEEN_DRAINS === 0) await reading.drain?.();
  }
  if (headerFault !== undefined) throw noHeader(reading.name, headerFault);
  if (places === undefined) throw notAList(reading.name, 'it is empty');
}

function cellsAt(record: readonly string[], places: readonly number[]): string[] {
  const cells: string[] = [];
  for (const place of places) cells.push(place < 0 ? '' : (record[place] ?? ''));
  return cells;
}

/** Where each column stands; -1 for an optional one that is not there. */
function placesOf(
  header: readonly string[],
  wanted: readonly string[],
  { name, columns }: CsvReading,
): number[] {
  const names = header.map((cell) => cell.trim().toLowerCase());
  if (names[0]?.startsWith('pk\u0003\u0004') === true)
    throw notAList(name, 'it is a spreadsheet or archive (it begins with "PK")');
  return wanted.map((column) => {
    const place = names.indexOf(column);
    if (place === -1 && columns.includes(column))
      throw notAList(name, `the column "${column}" is missing, found ${shown(names)}`);
    if (place !== -1 && names.includes(column, place + 1))
      throw notAList(name, `the column "${column}" stands twice`);
    return place;
  });
}

function shown(names: readonly string[]): string {
  const text = names
    .slice(0, 8)
    .map((one) => JSON.stringify(one.slice(0, 40)))
    .join(', ');
  return names.length > 8 ? `${text} and ${names.length - 8} more` : text;
}

function noHeader(name: string, reason: string): EstateError {
  return notAList(name, `its first row is no header: ${reason}`);
}

function notAList(name: string, reason: string): EstateError {
  return new EstateError('NOT_A_LIST', `Cannot read "${name}" as a list of meters: ${reason}`, {
    hint: 'Save it as CSV in UTF-8, with commas and one header row: eui64,manufacturer,model,hardware_version,firmware_version,device_type',
  });
}
