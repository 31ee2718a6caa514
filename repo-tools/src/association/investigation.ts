// Which hash associations are in dispute, and how were they decided? `private/investigations/` at the Panel.
//
// Rules
// - `<n>.json` opens an investigation: what was asked, by whom, which hashes the CPL had, and the bundles
//   themselves. `<n>-decision.json` closes it, with a reason. Each is written once; nothing is overwritten.
// - Investigations are numbered from 1 without gaps, and each names the one before it by SHA-256; a decision
//   names its investigation in the same way.
// - One communication opens one investigation about the same hashes, however often it is looked at.

import { encodeDate, parseDate, type Sha256, sha256 } from '@cfl/client/encoding';
import {
  type EndorsementPlace,
  type EntryId,
  entryId,
  FormatError,
  fields,
  imageHash,
  type ManufacturerCode,
  manufacturerCode,
  partyId,
  type Read,
  type ReleaseId,
  releaseId,
} from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import type { Conflict } from './check.ts';
import { AssociationError } from './errors.ts';

const FOLDER = 'investigations';
const FORMAT = 'cfl/investigation/1';
const DECISION_FORMAT = 'cfl/investigation-decision/1';

export interface Investigation {
  readonly number: number;
  readonly opened: Date;
  readonly code: ManufacturerCode;
  readonly release: ReleaseId;
  /** Of the statement. */
  readonly statement: number;
  readonly conflicts: readonly Conflict[];
  /** The manufacturer's. */
  readonly bundle: Uint8Array;
  readonly endorsements: readonly { readonly place: EndorsementPlace; readonly bundle: Uint8Array }[];
  /** Of the investigation before; null in the first. */
  readonly before: Sha256 | null;
}

export type Choice = 'keep' | 'replace';

export interface InvestigationDecision {
  readonly number: number;
  readonly decided: Date;
  readonly choice: Choice;
  readonly reason: string;
  /** Of the file that opened it. */
  readonly investigation: Sha256;
}

export interface KeptInvestigation {
  readonly investigation: Investigation;
  readonly sha256: Sha256;
  readonly decision: InvestigationDecision | undefined;
}

/** All, in their order. Throws AssociationError BROKEN_INVESTIGATIONS. */
export async function readInvestigations(files: Files): Promise<readonly KeptInvestigation[]> {
  const names = await files.list(FOLDER);
  const count = names.filter((name) => /^[1-9]\d*\.json$/.test(name)).length;
  const kept: KeptInvestigation[] = [];
  for (let number = 1; number <= count; number++) {
    const one = await readOne(files, number);
    if (one.investigation.before !== (kept.at(-1)?.sha256 ?? null))
      throw broken(`number ${number} does not follow number ${number - 1} as it is now`);
    kept.push(one);
  }
  const known = new Set(
    kept.flatMap(({ investigation: { number } }) => [`${number}.json`, `${number}-decision.json`]),
  );
  const stranger = names.find((name) => !known.has(name));
  if (stranger !== undefined) throw broken(`"${stranger}" does not belong there, or a number is missing`);
  return kept;
}

/** Those that nobody has decided. Throws AssociationError BROKEN_INVESTIGATIONS. */
export async function openInvestigations(files: Files): Promise<readonly Investigation[]> {
  const kept = await readInvestigations(files);
  return kept.flatMap(({ investigation, decision }) => (decision === undefined ? [investigation] : []));
}

async function readOne(files: Files, number: number): Promise<KeptInvestigation> {
  const octets = await files.read(placeOf(number));
  if (octets === undefined) throw broken(`number ${number} is missing`);
  const closing = await files.read(decisionPlaceOf(number));
  try {
    const digest = await sha256(octets);
    const investigation = parseInvestigation(octets);
    const decision = closing && parseDecision(closing);
    if (investigation.number !== number)
      throw broken(`number ${number} says that it is ${investigation.number}`);
    if (decision !== undefined && (decision.number !== number || decision.investigation !== digest))
      throw broken(`the decision of number ${number} is about another`);
    return { investigation, sha256: digest, decision };
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw broken(`number ${number} cannot be read: ${cause.message}`, cause);
  }
}

/** Throws AssociationError where another was opened at the same moment. */
export async function writeInvestigation(files: Files, investigation: Investigation): Promise<void> {
  if (await files.writeNew(placeOf(investigation.number), encodeInvestigation(investigation))) return;
  throw broken(`number ${investigation.number} is there already, and was not a moment ago`);
}

/** Throws AssociationError DECIDED_ALREADY. */
export async function writeDecision(files: Files, decision: InvestigationDecision): Promise<void> {
  if (await files.writeNew(decisionPlaceOf(decision.number), encodeDecision(decision))) return;
  throw new AssociationError(
    'DECIDED_ALREADY',
    `Cannot decide investigation ${decision.number}: it was decided already`,
    'A decision stands. If it was wrong, a new communication opens a new investigation',
  );
}

function placeOf(number: number): string {
  return `${FOLDER}/${number}.json`;
}

function decisionPlaceOf(number: number): string {
  return `${FOLDER}/${number}-decision.json`;
}

export function encodeInvestigation(investigation: Investigation): Uint8Array {
  const { number, opened, code, release, statement, conflicts, bundle, endorsements, before } = investigation;
  return json({
    format: FORMAT,
    number,
    opened: encodeDate(opened),
    code,
    release,
    statement,
    conflicts,
    bundle: inBase64(bundle),
    endorsements: endorsements.map((one) => ({ party: one.place.party, bundle: inBase64(one.bundle) })),
    before,
  });
}

const conflict = fields.object({ entry: entryId.exact, present: imageHash.exact, asked: imageHash.exact });
export const conflicts = fields.list(conflict);

const base64: Read<Uint8Array> = (value, at) => {
  const octets = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  return octets.toString('base64') === value
    ? new Uint8Array(octets)
    : fields.refuse('something else', at, 'base64');
};

const investigationFile = fields.object({
  format: fields.literal(FORMAT),
  number: fields.integer(1),
  opened: fields.date,
  code: manufacturerCode.exact,
  release: releaseId.exact,
  statement: fields.integer(1),
  conflicts,
  bundle: base64,
  endorsements: fields.list(fields.object({ party: partyId.exact, bundle: base64 })),
  before: fields.nullable(fields.digest),
});

/** Throws FormatError. */
export function parseInvestigation(octets: Uint8Array): Investigation {
  const { format, opened, endorsements, ...rest } = investigationFile(fields.strictJson(octets), '');
  const { release, statement: number } = rest;
  return {
    ...rest,
    opened: parseDate(opened),
    endorsements: endorsements.map(({ party, bundle }) => ({ place: { release, number, party }, bundle })),
  };
}

export function encodeDecision({
  number,
  decided,
  choice,
  reason,
  investigation,
}: InvestigationDecision): Uint8Array {
  return json({
    format: DECISION_FORMAT,
    number,
    decided: encodeDate(decided),
    choice,
    reason,
    investigation,
  });
}

export const choice: Read<Choice> = fields.oneOf('keep', 'replace');

const decisionFile = fields.object({
  format: fields.literal(DECISION_FORMAT),
  number: fields.integer(1),
  decided: fields.date,
  choice,
  reason: fields.line,
  investigation: fields.digest,
});

/** Throws FormatError. */
export function parseDecision(octets: Uint8Array): InvestigationDecision {
  const { format, decided, ...decision } = decisionFile(fields.strictJson(octets), '');
  return { ...decision, decided: parseDate(decided) };
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

function inBase64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64');
}

export function entriesInWords(conflicts: readonly Conflict[]): string {
  return conflicts.map(({ entry }): EntryId => entry).join(', ');
}

function broken(reason: string, cause?: unknown): AssociationError {
  return new AssociationError(
    'BROKEN_INVESTIGATIONS',
    `Cannot use private/investigations: ${reason}`,
    'Nothing is added before a person has looked: compare the folder with its last copy',
    cause,
  );
}
