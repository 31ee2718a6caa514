// Which column of the Panel's file is which of ours?
//
// Rules
// - A mapping file says so: {"format":"cfl/cpl-mapping/1","columns":{"entry_id":"CPL reference", …}}. A
//   column that it does not name keeps our own header.
// - Every one of our columns stands in the header row, exactly once. None is guessed.
// - A header that belongs to none of ours is named in a warning: it may be one of ours, misspelt.

import { isObject, type Json, type JsonObject, parseJson } from '@cfl/client/encoding';
import { CPL_COLUMNS, type CplColumn } from '@cfl/client/firmware';
import { ChangeError } from '../change/errors.ts';

/** Our column → the header in the Panel's file. */
export type CplMapping = ReadonlyMap<CplColumn, string>;

const FORMAT = 'cfl/cpl-mapping/1';

export function parseCplMapping(octets: Uint8Array, name: string): CplMapping {
  try {
    const { format, columns } = fields(parseJson(octets), ['format', 'columns']);
    if (format !== FORMAT) {
      throw new TypeError(`its format is ${JSON.stringify(format)}, expected "${FORMAT}"`);
    }
    const headers = Object.entries(fields(columns, CPL_COLUMNS)).map(([column, header]) => {
      if (typeof header === 'string' && header.trim() !== '')
        return [column as CplColumn, header.trim()] as const;
      throw new TypeError(`columns.${column} holds ${JSON.stringify(header)}, expected a header as text`);
    });
    return new Map(headers);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot read ${JSON.stringify(name)} as a mapping of columns: ${reason}`,
      `Write it like this: {"format":"${FORMAT}","columns":{"entry_id":"CPL reference"}}`,
      cause,
    );
  }
}

function fields(value: Json | undefined, known: readonly string[]): JsonObject {
  if (!isObject(value)) {
    throw new TypeError(`it holds ${JSON.stringify(value)}, expected an object`);
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return value;
  throw new TypeError(`it holds the unknown field "${unknown}", expected only ${known.join(', ')}`);
}

export interface Columns {
  /** Where each of our columns stands in a row. */
  readonly places: ReadonlyMap<CplColumn, number>;
  /** Headers that nothing reads. */
  readonly unknown: readonly string[];
  /** Cells that a row has; empty headers at the end do not count. */
  readonly width: number;
}

/** Finds our columns in the header row. The message names the file. */
export function findColumns(headerRow: readonly string[], mapping: CplMapping, name: string): Columns {
  const headers = headerRow.map((header) => header.trim());
  const wanted = new Map(CPL_COLUMNS.map((column) => [column, mapping.get(column) ?? column]));
  const missing = [...wanted.values()].filter((header) => !headers.includes(header));
  if (missing.length > 0) throw noColumns(`it has no column ${quoted(missing)}`, headers, name);
  const twice = [...wanted.values()].find((header, i, all) => all.indexOf(header) !== i);
  if (twice !== undefined) throw noColumns(`the mapping takes two columns from "${twice}"`, headers, name);
  const ambiguous = [...wanted.values()].find(
    (header) => headers.indexOf(header) !== headers.lastIndexOf(header),
  );
  if (ambiguous !== undefined) throw noColumns(`it has two columns "${ambiguous}"`, headers, name);
  const known = new Set(wanted.values());
  return {
    places: new Map([...wanted].map(([column, header]) => [column, headers.indexOf(header)])),
    unknown: headers.filter((header) => header !== '' && !known.has(header)),
    width: headers.findLastIndex((header) => header !== '') + 1,
  };
}

function noColumns(reason: string, headers: readonly string[], name: string): ChangeError {
  const found = headers.filter((header) => header !== '').join(', ');
  return new ChangeError(
    'BAD_INPUT',
    `Cannot import ${JSON.stringify(name)}: ${reason}`,
    `Its first row holds ${found === '' ? 'no header' : `"${shortened(found)}"`}; name columns that are called differently in a mapping file: --mapping FILE`,
  );
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

export function quoted(words: readonly string[]): string {
  const [last = '', ...others] = words.map((word) => `"${word}"`).reverse();
  return others.length === 0 ? last : `${others.reverse().join(', ')} and ${last}`;
}
