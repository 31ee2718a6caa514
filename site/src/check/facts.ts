// What does a page say of a release that is signed, word by word?
//
// The pages are written from these facts, and the check in the browser makes them again from the signed files
// and compares. So each text has one place where it is made, and a page that says something else is found out.

import type { Claim, CplEntry, Statement, StateWithReason } from '@cfl/client/firmware';
import type { Acceptance } from '@cfl/client/library/reading';

export interface SignedRelease {
  readonly statement: Statement;
  /** Of the register: the owner of the manufacturer code. */
  readonly party: string;
  readonly state: StateWithReason;
  /** When the first statement about it was accepted. */
  readonly published: string;
  readonly acceptance: Acceptance;
  /** As the newest Central Products List has the claimed entries. */
  readonly entries: ReadonlyMap<string, CplEntry>;
  /** Of the manufacturer's certificate, as the register lists it. */
  readonly certificate: string;
  /** The suppliers that endorsed the statement, in the order of their ids. */
  readonly endorsers: readonly string[];
}

/** By the name that the page gives it in `data-signed`. */
export type Facts = ReadonlyMap<string, string>;

/** The rows of the page's tables. */
export const HEADER_FACTS = [
  ['headerVersion', 4],
  ['headerLength', 0],
  ['fieldControl', 4],
  ['manufacturerCode', 4],
  ['imageType', 4],
  ['fileVersion', 8],
  ['stackVersion', 4],
  ['headerStringHex', 0],
  ['totalImageSize', 0],
  ['minHardwareVersion', 4],
  ['maxHardwareVersion', 4],
] as const;

export function factsOf(signed: SignedRelease): Facts {
  const { statement, acceptance, state } = signed;
  const { predicate, subject } = statement;
  const { header } = predicate;
  const [release, imageHash, notes] = subject.map(({ digest }) => digest.sha256);
  return new Map<string, string>([
    ['title', titleOf(signed)],
    ['state', state.state],
    ['since', sinceOf(signed)],
    ['release', release ?? ''],
    ['imageHash', imageHash ?? ''],
    ['notes', notes ?? ''],
    ['manufacturer', signed.party],
    ['code', predicate.code],
    ['deviceType', predicate.deviceType],
    ['models', modelsOf(statement).join(', ')],
    ['firmware', firmwareOf(statement)],
    ['hardware', `${hex(header.minHardwareVersion, 4)} to ${hex(header.maxHardwareVersion, 4)}`],
    ['class', predicate.class],
    ['upgrades', upgradesInWords(predicate.upgradesFrom)],
    ['supersedes', predicate.supersedes.join(' ') || 'none'],
    ['size', octets(header.totalImageSize)],
    ['slices', slicesInWords(predicate.slices?.length)],
    ['contact', predicate.contact.mailbox],
    ['number', String(predicate.number)],
    ['created', minute(predicate.created)],
    ['certificate', signed.certificate],
    ['endorsed', signed.endorsers.join(', ') || 'by no supplier'],
    ['published', minute(signed.published)],
    ['decided', minute(acceptance.decided)],
    ['received', minute(acceptance.received)],
    ['rules', acceptance.rules],
    ['sequence', String(acceptance.sequence)],
    ['cpl', String(acceptance.cpl)],
    ['passed', acceptance.passed.join(' ')],
    ...HEADER_FACTS.map(([field, digits]): [string, string] => [field, fieldText(header[field], digits)]),
    ...predicate.claims.flatMap((claim) => claimFacts(claim, signed.entries.get(claim.entry))),
    ...acceptance.findings.map((finding, i): [string, string] => [
      `finding ${i}`,
      `${finding.code}, ${wordOf(finding)}: ${finding.message}`,
    ]),
    ...acceptance.released.map(({ code, by, reason }, i): [string, string] => [
      `released ${i}`,
      `${code}, released by ${by}: "${reason}"`,
    ]),
  ]);
}

function titleOf({ statement, party }: SignedRelease): string {
  const { deviceType } = statement.predicate;
  return `${party} ${deviceType} ${modelsOf(statement).join(', ')}, firmware ${firmwareOf(statement)}`;
}

/** What follows the state, with its date or its reason. */
function sinceOf({ state: { state, reason }, published }: SignedRelease): string {
  if (state === 'current') return `since ${published.slice(0, 10)}; ${reason}`;
  return state === 'suspended' ? reason : reason.slice(state.length + 1);
}

function claimFacts(claim: Claim, row: CplEntry | undefined): readonly [string, string][] {
  const about = (what: string, text: string): [string, string] => [`${claim.entry} ${what}`, text];
  return [
    about('entry', claim.entry),
    about('model', claim.model),
    about('hardware', claim.hardwareVersion),
    about('firmware', claim.firmwareVersion),
    about('status', row?.status ?? 'not on the CPL'),
    about('SMETS', row?.smetsVersion ?? '–'),
    about('GBCS', row?.gbcsVersion ?? '–'),
  ];
}

/** `refused` never comes: such a submission is not published. */
function wordOf({ severity, acknowledged }: Acceptance['findings'][number]): string {
  if (severity === 'warn') return acknowledged === true ? 'warning acknowledged' : 'warning';
  return severity === 'record' ? 'noted' : severity;
}

export function modelsOf({ predicate }: Statement): readonly string[] {
  return [...new Set(predicate.claims.map(({ model }) => model))];
}

function firmwareOf({ predicate }: Statement): string {
  return [...new Set(predicate.claims.map(({ firmwareVersion }) => firmwareVersion))].join(', ');
}

export function upgradesInWords(from: Statement['predicate']['upgradesFrom']): string {
  if (from === 'any') return 'from any version';
  return from === 'none' ? 'from no version' : `from ${from.join(' and ')}`;
}

function slicesInWords(count: number | undefined): string {
  return count === undefined ? 'one transfer' : `${count} transfers`;
}

function fieldText(value: number | string, digits: number): string {
  return typeof value === 'number' && digits > 0 ? hex(value, digits) : String(value);
}

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, '0');
}

function octets(count: number): string {
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, ',')} octets`;
}

/** `2026-11-18 10:02:11 UTC` */
export function minute(date: string): string {
  return date.replace('T', ' ').replace('Z', ' UTC');
}
