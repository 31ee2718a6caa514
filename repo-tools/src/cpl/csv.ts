// What does the Panel's CSV file say, row by row, and is every row exact?
//
// Rules
// - Rows are counted as a spreadsheet shows them: the header is row 1. An empty row counts and says nothing.
// - Either every row is exact, or the import is refused and every faulty row is listed.
// - `skipRows` leaves out faulty rows, and no others: a number mistyped must not remove a good row.
// - An entry id stands once. Where it stands more often, each of these rows is faulty; which one is right is
//   not ours to guess.
// - The same device model and firmware version under two entry ids is the list's own affair. It is allowed,
//   and named in a warning where both entries are Active.

import { decodeUtf8 } from '@cfl/client/encoding';
import { type CplColumn, type CplEntry, parseCplRow } from '@cfl/client/firmware';
import { parse } from 'csv-parse/sync';
import { ChangeError } from '../change/errors.ts';
import { type CplMapping, findColumns, quoted } from './columns.ts';

export interface CplCsvOptions {
  /** The file's name, for messages. */
  readonly name: string;
  readonly mapping?: CplMapping;
  readonly skipRows?: ReadonlySet<number>;
}

export interface CplCsv {
  /** In the order of the file. */
  readonly entries: readonly CplEntry[];
  /** Faulty rows that were left out as asked. */
  readonly skipped: readonly number[];
  readonly warnings: readonly string[];
}

export interface CplFault {
  /** As a spreadsheet counts: the header is row 1. */
  readonly row: number;
  /** `model_id "1.00E+05": expected 4 hex digits; a spreadsheet took 10E4 for a number` */
  readonly message: string;
  /** The row is exact by itself, but another has its entry id. */
  readonly duplicate: boolean;
}

/** Refused because rows are not exact: `faults` for programs, `lines` for people. */
export class CplRowsError extends ChangeError {
  override name = 'CplRowsError';
  readonly faults: readonly CplFault[];
  readonly lines: readonly string[];

  constructor(message: string, hint: string, faults: readonly CplFault[]) {
    super('BAD_INPUT', message, hint);
    this.faults = faults;
    this.lines = faults.map((fault) => `  row ${fault.row}  ${fault.message}`);
  }
}

/** Throws CplRowsError, or another ChangeError where the file is no such list at all. */
export function readCplCsv(octets: Uint8Array, options: CplCsvOptions): CplCsv {
  const { name, mapping = new Map(), skipRows = new Set() } = options;
  const [header = [], ...others] = records(textOf(octets, name), name);
  const { places, unknown, width } = findColumns(header, mapping, name);
  const rows = others
    .map((cells, i) => readRow(cells, { row: i + 2, places, width }))
    .filter((row) => row !== undefined);
  if (rows.length === 0)
    throw refused(
      name,
      'it has a header and no rows',
      'Give the whole list: a snapshot replaces the one before',
    );
  const kept = rows.filter(({ row }) => !skipRows.has(row));
  const faults = faultsOf(kept);
  refuseToSkip(skipRows, new Set(faultsOf(rows).map(({ row }) => row)), name);
  if (faults.length > 0) throw notExact(faults, rows.length, options);
  const good = kept.flatMap(({ row, entry }) => (entry === undefined ? [] : [{ row, entry }]));
  if (good.length === 0)
    throw refused(name, 'no row of it is left', 'Export the columns as text and import again');
  return {
    entries: good.map(({ entry }) => entry),
    skipped: rows.map(({ row }) => row).filter((row) => skipRows.has(row)),
    warnings: [
      ...(unknown.length === 0
        ? []
        : [`Not read: ${unknown.length === 1 ? 'column' : 'columns'} ${quoted(unknown)}`]),
      ...activeTwice(good),
    ],
  };
}

/** Text of a file that people saved; the byte order mark that spreadsheets write is taken off. */
export function textOf(octets: Uint8Array, name: string): string {
  const [a, b, c] = octets;
  if (a === 0x50 && b === 0x4b) throw notText('it is a spreadsheet or archive (it begins with "PK")', name);
  try {
    return decodeUtf8(a === 0xef && b === 0xbb && c === 0xbf ? octets.subarray(3) : octets);
  } catch (cause) {
    throw notText('it is not UTF-8 text', name, cause);
  }
}

function notText(reason: string, name: string, cause?: unknown): ChangeError {
  return new ChangeError(
    'BAD_INPUT',
    `Cannot import ${JSON.stringify(name)}: ${reason}, expected CSV in UTF-8`,
    'Save it in the spreadsheet as "CSV UTF-8 (comma delimited)"',
    cause,
  );
}

function records(text: string, name: string): string[][] {
  try {
    return parse(text, {
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      max_record_size: 100_000,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot read ${JSON.stringify(name)} as CSV: ${reason}`,
      'Export it again; a cell that holds a comma, a quote or a line break stands in double quotes',
      cause,
    );
  }
}

interface Row {
  readonly row: number;
  readonly id: string;
  readonly entry: CplEntry | undefined;
  readonly faults: readonly CplFault[];
}

interface RowPlace {
  readonly row: number;
  readonly places: ReadonlyMap<CplColumn, number>;
  readonly width: number;
}

/** Undefined for an empty row. */
function readRow(cells: readonly string[], { row, places, width }: RowPlace): Row | undefined {
  if (cells.every((cell) => cell.trim() === '')) return undefined;
  const id = (cells[places.get('entry_id') ?? 0] ?? '').trim();
  if (cells.length < width || cells.slice(width).some((cell) => cell.trim() !== '')) {
    const message = `it has ${cells.length} cells, the header has ${width}`;
    return { row, id, entry: undefined, faults: [{ row, message, duplicate: false }] };
  }
  const read = parseCplRow(new Map([...places].map(([column, i]) => [column, cells[i] ?? ''])), row);
  if (Array.isArray(read)) {
    const faults = read.map(({ message }) => ({ row, message, duplicate: false }));
    return { row, id, entry: undefined, faults };
  }
  return { row, id, entry: read as CplEntry, faults: [] };
}

const SHOWN = 5;

/** In the order of the rows, duplicates included. */
function faultsOf(rows: readonly Row[]): CplFault[] {
  const byId = new Map<string, number[]>();
  for (const { id, row } of rows) {
    const same = byId.get(id) ?? [];
    // As many as are named in a message, and the row itself
    if (id !== '' && same.length <= SHOWN) byId.set(id, [...same, row]);
  }
  return rows.flatMap(({ row, id, faults }) => {
    const others = (byId.get(id) ?? []).filter((other) => other !== row);
    if (others.length === 0) return faults;
    const verb = others.length === 1 ? 'has' : 'have';
    const message = `entry_id "${id}": expected once, ${rowsInWords(others.slice(0, SHOWN))} ${verb} it too`;
    return [...faults, { row, message, duplicate: true }];
  });
}

function refuseToSkip(skipRows: ReadonlySet<number>, faulty: ReadonlySet<number>, name: string): void {
  const exact = [...skipRows].filter((row) => !faulty.has(row)).sort((a, b) => a - b);
  if (exact.length === 0) return;
  throw refused(
    name,
    `${rowsInWords(exact)} cannot be left out, only faulty rows can`,
    'Rows count as the spreadsheet shows them: the header is row 1',
  );
}

function notExact(
  faults: readonly CplFault[],
  total: number,
  { name, skipRows }: CplCsvOptions,
): CplRowsError {
  const rows = [...new Set(faults.map(({ row }) => row))];
  const are = rows.length === 1 ? 'is' : 'are';
  return new CplRowsError(
    `Cannot import ${JSON.stringify(name)}: ${rows.length} of ${total} rows ${are} not exact`,
    faults.every(({ duplicate }) => duplicate)
      ? 'Ask the Panel which rows are right, and leave out the others: --skip-rows ROW,…'
      : `Export these columns as text${orSkip(rows, skipRows)}`,
    faults,
  );
}

function orSkip(rows: readonly number[], skipRows: ReadonlySet<number> = new Set()): string {
  const all = [...rows, ...skipRows].sort((a, b) => a - b);
  // Past that many, leaving rows out is no remedy
  if (all.length > 20) return '';
  const leave = rows.length === 1 ? 'the row' : `the ${inWords(rows.length)} rows`;
  return `, or leave ${leave} out: --skip-rows ${all.join(',')}`;
}

function activeTwice(rows: readonly { readonly row: number; readonly entry: CplEntry }[]): string[] {
  const seen = new Map<string, { readonly row: number; readonly entry: CplEntry }>();
  return rows.flatMap((one) => {
    const { manufacturerId, modelId, hardwareVersion, firmwareVersion } = one.entry;
    if (one.entry.status !== 'Active') return [];
    const device = `${manufacturerId} ${modelId} ${hardwareVersion} ${firmwareVersion}`;
    const first = seen.get(device);
    if (first === undefined) {
      seen.set(device, one);
      return [];
    }
    const hashes = first.entry.imageHash === one.entry.imageHash ? '' : ', with different hashes';
    return [
      `Rows ${first.row} and ${one.row} both list ${device} as Active: ${first.entry.entry} and ${one.entry.entry}${hashes}`,
    ];
  });
}

/** `row 17`, `rows 17, 23` */
export function rowsInWords(rows: readonly number[]): string {
  return `${rows.length === 1 ? 'row' : 'rows'} ${rows.join(', ')}`;
}

function inWords(count: number): string {
  return (
    ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'][count] ?? String(count)
  );
}

function refused(name: string, reason: string, hint: string): ChangeError {
  return new ChangeError('BAD_INPUT', `Cannot import ${JSON.stringify(name)}: ${reason}`, hint);
}
