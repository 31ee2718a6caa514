// From the Panel's file to a change that the Panel's key can sign: `cfl-repo cpl import`.

import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';
import { parseCplMapping } from './columns.ts';
import { readCplCsv, rowsInWords } from './csv.ts';
import { type CplImportPlan, planCplImport } from './plan.ts';

export interface CplImportRequest {
  readonly published: Published;
  /** The Panel's CSV file; its name, without folders, is kept in the index. */
  readonly name: string;
  readonly octets: Uint8Array;
  /** `--mapping FILE` */
  readonly mapping?: { readonly name: string; readonly octets: Uint8Array };
  /** `--skip-rows 17,23` as it was typed. */
  readonly skipRows?: string;
  /** `--date 2026-11-18`; without it the file's name says the day. */
  readonly date?: string;
  readonly now: Date;
}

export interface CplImport extends CplImportPlan {
  /** For stderr: what a person should look at before signing. */
  readonly warnings: readonly string[];
}

/** Plans; writes nothing. `change.words` are the lines for people. Throws ChangeError. */
export async function importCpl(request: CplImportRequest): Promise<CplImport> {
  const { published, name, octets, now } = request;
  const date = dateOf(name, request.date);
  const csv = readCplCsv(octets, {
    name,
    ...(request.mapping ? { mapping: parseCplMapping(request.mapping.octets, request.mapping.name) } : {}),
    ...(request.skipRows === undefined ? {} : { skipRows: parseSkipRows(request.skipRows) }),
  });
  const plan = await planCplImport(published, csv.entries, { name, octets, date }, now);
  const skipped = csv.skipped.length === 0 ? [] : [`Left out as asked: ${rowsInWords(csv.skipped)}`];
  // Those who sign read the change, not this terminal
  const change = { ...plan.change, words: [...plan.change.words, ...skipped] };
  return { ...plan, change, warnings: csv.warnings };
}

/** Throws a ChangeError where neither the option nor the name holds a day that exists. */
function dateOf(name: string, given: string | undefined): string {
  const date = given ?? /\d{4}-\d{2}-\d{2}/.exec(name)?.[0];
  if (date === undefined) {
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot import ${JSON.stringify(name)}: its name says no date, such as cpl-2026-11-18.csv`,
      "Say of which day the Panel's list is: --date YYYY-MM-DD",
    );
  }
  if (isDay(date)) return date;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot import ${JSON.stringify(name)}: "${date}" is not a day, expected one such as 2026-11-18`,
    "Say of which day the Panel's list is: --date YYYY-MM-DD",
  );
}

function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // 30 February is rolled over by Date, so it does not come back the same
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function parseSkipRows(text: string): ReadonlySet<number> {
  const words = text.split(',').map((word) => word.trim());
  const wrong = words.find((word) => !/^[1-9]\d{0,6}$/.test(word));
  if (wrong === undefined) return new Set(words.map(Number));
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot read "${text}" as rows: found "${wrong}", expected numbers with commas between`,
    'Write them like this: --skip-rows 17,23',
  );
}
