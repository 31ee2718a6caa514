// What did the operator do that nobody else sees? `private/audit/<n>.json`: one record an act, for good.
//
// Rules
// - Records are numbered from 1 without gaps, are written only where there is none, and each names the one
//   before it by SHA-256. Each published decision names the newest record of its time, so that whoever cuts
//   off the end of the log is found out.
// - An act is recorded before it takes effect: before folders move, before a publication shows. What a crash
//   cut off in between is done by the next run, which does not record it a second time.
// - A record that names a library version took effect if it is the last one to name that version.
// - Whoever records holds the library's lock.

import { encodeDate, type Sha256, sha256 } from '@cfl/client/encoding';
import { FormatError, fields } from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import { ChangeError } from '../change/errors.ts';

export const ACTS = [
  'accepted',
  'held',
  'refused',
  'released',
  'rejected',
  'withdrawn',
  'imported',
  'associated',
  'investigated',
  'decided',
  'applied',
] as const;
export type ActName = (typeof ACTS)[number];

export interface Act {
  readonly act: ActName;
  /** The name of a submission, the title of a change, a release. */
  readonly what: string;
  /** Of the submission or the change; null where it cannot be read. */
  readonly digest: Sha256 | null;
  /** The version of the library that shows it; null where nothing is shown. */
  readonly library: number | null;
  /** Who decided, the rules that spoke, the reason given. */
  readonly says: readonly string[];
}

export interface AuditRecord extends Act {
  readonly number: number;
  /** The number of the first record of the same run. */
  readonly turn: number;
  readonly at: string;
  readonly before: Sha256 | null;
}

export interface ReadRecord {
  readonly record: AuditRecord;
  readonly sha256: Sha256;
}

const FORMAT = 'cfl/audit/1';
const FOLDER = 'audit';

/** The log as one run writes it. */
export interface AuditLog {
  /** Of the newest record. */
  readonly head: Sha256 | null;
  record(act: Act): Promise<void>;
}

/** Throws ChangeError BROKEN_LOG where the end of the log cannot be read. */
export async function openAudit(files: Files, now: Date): Promise<AuditLog> {
  const last = await lastRecord(files);
  const former = last === undefined ? [] : await turnOf(last, files);
  let head = last;
  return {
    get head() {
      return head?.sha256 ?? null;
    },
    async record(act) {
      // Recorded by a run that was cut off before it was done
      if (former.some(({ record }) => isSame(record, act))) return;
      const number = (head?.record.number ?? 0) + 1;
      const first = (last?.record.number ?? 0) + 1;
      const record = { number, turn: first, at: encodeDate(now), ...act, before: head?.sha256 ?? null };
      const octets = encodeRecord(record);
      if (!(await files.writeNew(placeOf(number), octets)))
        throw broken(`record ${number} is there already, and was not a moment ago`);
      head = { record, sha256: await sha256(octets) };
    },
  };
}

/** Every record, oldest first, with the chain verified. Throws ChangeError BROKEN_LOG. */
export async function readAudit(files: Files): Promise<readonly ReadRecord[]> {
  const numbers = await numbersOf(files);
  const records: ReadRecord[] = [];
  for (const [i, number] of numbers.entries()) {
    if (number !== i + 1) throw broken(`record ${i + 1} is missing`);
    const one = await readRecord(number, files);
    refuseUnlinked(one, records.at(-1));
    records.push(one);
  }
  return records;
}

/** Digests that the library published, each of the log's newest record at its time. Throws ChangeError BROKEN_LOG. */
export function refuseCutOff(records: readonly ReadRecord[], published: Iterable<Sha256 | null>): void {
  const known = new Set(records.map((one) => one.sha256));
  for (const digest of published)
    if (digest !== null && !known.has(digest))
      throw broken(`the library names the record ${digest.slice(0, 12)}, which is not in it`);
}

function isSame(record: AuditRecord, act: Act): boolean {
  return (
    record.act === act.act &&
    record.what === act.what &&
    record.digest === act.digest &&
    record.library === act.library &&
    record.says.join('\n') === act.says.join('\n')
  );
}

async function lastRecord(files: Files): Promise<ReadRecord | undefined> {
  const number = (await numbersOf(files)).at(-1);
  return number === undefined ? undefined : readRecord(number, files);
}

/** The records of the same run, newest first. */
async function turnOf(last: ReadRecord, files: Files): Promise<readonly ReadRecord[]> {
  const records = [last];
  for (let one = last; one.record.number > last.record.turn; ) {
    const former = await readRecord(one.record.number - 1, files);
    refuseUnlinked(one, former);
    records.push(former);
    one = former;
  }
  return records;
}

async function numbersOf(files: Files): Promise<readonly number[]> {
  const paths = await files.list(FOLDER);
  const stranger = paths.find((path) => !/^[1-9]\d*\.json$/.test(path));
  if (stranger !== undefined) throw broken(`"${stranger}" does not belong to it`);
  return paths.map((path) => Number.parseInt(path, 10)).sort((a, b) => a - b);
}

async function readRecord(number: number, files: Files): Promise<ReadRecord> {
  const octets = await files.read(placeOf(number));
  if (octets === undefined) throw broken(`record ${number} is missing`);
  try {
    const record = parseRecord(octets);
    if (record.number !== number) throw broken(`record ${number} says that it is number ${record.number}`);
    return { record, sha256: await sha256(octets) };
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw broken(`record ${number} cannot be read: ${cause.message}`, cause);
  }
}

function refuseUnlinked({ record }: ReadRecord, former: ReadRecord | undefined): void {
  if (record.before === (former?.sha256 ?? null)) return;
  const named = record.before === null ? 'none' : record.before.slice(0, 12);
  const found = former === undefined ? 'there is none' : `that is ${former.sha256.slice(0, 12)}`;
  throw broken(`record ${record.number} names ${named} before it, and ${found}`);
}

function placeOf(number: number): string {
  return `${FOLDER}/${number}.json`;
}

function encodeRecord({
  number,
  turn,
  at,
  act,
  what,
  digest,
  library,
  says,
  before,
}: AuditRecord): Uint8Array {
  const record = { format: FORMAT, number, turn, at, act, what, digest, library, says, before };
  return new TextEncoder().encode(`${JSON.stringify(record)}\n`);
}

const auditRecord = fields.object({
  format: fields.literal(FORMAT),
  number: fields.integer(1),
  turn: fields.integer(1),
  at: fields.date,
  act: fields.oneOf(...ACTS),
  what: fields.words,
  digest: fields.nullable(fields.digest),
  library: fields.nullable(fields.integer(1)),
  says: fields.list(fields.words),
  before: fields.nullable(fields.digest),
});

/** Throws FormatError. */
export function parseRecord(octets: Uint8Array): AuditRecord {
  const { format, ...record } = auditRecord(fields.strictJson(octets), '');
  return record;
}

function broken(reason: string, cause?: unknown): ChangeError {
  return new ChangeError(
    'BROKEN_LOG',
    `Cannot trust the audit log: ${reason}`,
    'Nothing is added to it until a person has looked: compare private/audit with its last copy',
    cause,
  );
}
