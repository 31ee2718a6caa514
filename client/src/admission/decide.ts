// May this release enter the library? The rules of intake, in prose; the code beside each rule is its name.
// docs/rules.md lists them one by one, with what each rests on and what to do.
//
// Who signed
// - The statement is signed (STATEMENT_SIGNATURE) with a certificate that leads to an anchor of the register
//   (CERTIFICATE_UNTRUSTED), is made for this (CERTIFICATE_PURPOSE), was good when it was stamped and when it
//   was first received (CERTIFICATE_EXPIRED, CERTIFICATE_REVOKED), as far as a fresh list can tell (CRL_STALE),
//   and is the originator's by register entry, never by its names (CERTIFICATE_NOT_YOURS).
// - A known authority stamped it (STAMP_UNTRUSTED), less than 30 days before (STAMP_AGE). Whether a supplier
//   endorsed it is noted (NO_ENDORSEMENT).
//
// What it is
// - The originator is a registered manufacturer, or the DCC, and the code is its own (CODE_NOT_YOURS). What is
//   SMETS1 comes from the DCC (SMETS1_ORIGIN). The release lies under the digest that was signed (RELEASE_NAME).
// - Statements about a release are numbered without gaps (STATEMENT_NUMBER). A release that is published
//   already, with this statement or a later one, is held (DUPLICATE). So is another image that a device cannot
//   tell from a published one (SAME_IDENTITY); the operator may let that pass. The same manufacturer image under
//   another header is only noted (SAME_IMAGE), for one image may serve several models.
// - The manufacturer's role with its bins adds exactly the files of this submission, each in its bin, and
//   changes nothing else. It is split when it must be and not before, under its own keys; no file is too long,
//   and each meets the threshold (ROLE_FILE). If the library has moved on meanwhile, it is held (BASE_MOVED).
//
// The notes come with the image (NOTES_MISSING), are text (NOTES_FORM) of a sensible size (NOTES_SIZE), and are
// finished (NOTES_INCOMPLETE).
//
// The image
// - It can be read (IMAGE_UNREADABLE) and is in library form: no supplier's trailer, and the size in its
//   header is its length (LIBRARY_FORM). Its header has the values of GB images (HEADER_PROFILE) and is field
//   by field as the manufacturer signed it (HEADER_AS_STATED).
// - Image, manufacturer image and notes have the digests that were signed (SUBJECT_MISMATCH).
// - As distributed, with the supplier's 66 octets where the device type has them, it is within the limit
//   (SIZE). A larger PPMID image is stated in slices, which are whole (SLICES) and its own (SLICE_MISMATCH).
//
// The Central Products List, for every claimed entry; if one fails, all are refused, never fewer claimed
// - Its device type is one that this library holds, and that of every claimed entry (DEVICE_TYPE). It is not a
//   commercial version (COMMERCIAL).
// - The list is not older than one seen before (CPL_ROLLBACK).
// - The entry is there (ENTRY_UNKNOWN) and Active (ENTRY_NOT_ACTIVE). Active without a hash: wait (WAITS_FOR_CPL).
// - Its hash is that of the manufacturer image (IMAGE_HASH).
// - Manufacturer (MANUFACTURER), model and hardware version (MODEL) and firmware version (FIRMWARE_VERSION)
//   are identical, and the hardware version is within the image's range (HARDWARE_OUT_OF_RANGE).
//
// What must be meant: a range that leaves out hardware which the model's newest release took (RANGE_SHRANK) or
// that takes everything (CATCH_ALL_RANGE), upgrades from versions that the CPL does not know
// (UPGRADES_UNKNOWN) or does not name there (UPGRADES_DIFFER).
//
// From findings to outcome: one refusal refuses; otherwise a hold, or a warning that the statement does not
// acknowledge, holds; otherwise it is accepted. Refusals and holds cannot be acknowledged away; the operator
// may lift a hold that is marked so, and it is recorded then.
//
// What a rule says is bounded, however much the statement gives it to say: the record of a decision is read by
// everybody, and the gate must be able to write it.
//
// Sealed rules look at plaintext, and IMAGE_UNREADABLE refuses where there is none: without a key nothing is
// accepted. The open rules judge the signed statement alone. Whoever replays a decision from public files
// leaves the sealed ones out by name, and the others say what they said at the gate.

import { careRules } from './care-rules.ts';
import { claimRules } from './claim-rules.ts';
import { evidenceRules } from './evidence-rules.ts';
import type { Facts } from './facts.ts';
import { imageRules } from './image-rules.ts';
import { notesRules } from './notes-rules.ts';
import { originRules } from './origin-rules.ts';
import { roleRules } from './role-rules.ts';
import type { Finding, Observation, Rule, RuleCode, Severity } from './rule.ts';

export const RULES_VERSION = '2026-11-3';

export const ruleGroups: readonly { readonly title: string; readonly rules: readonly Rule[] }[] = [
  { title: 'Who signed', rules: evidenceRules },
  { title: 'Who says what', rules: originRules },
  { title: "The manufacturer's role", rules: roleRules },
  { title: 'The release notes', rules: notesRules },
  { title: 'The image', rules: imageRules },
  { title: 'The Central Products List', rules: claimRules },
  { title: 'What must be meant', rules: careRules },
];

export const rules: readonly Rule[] = ruleGroups.flatMap((group) => group.rules);

/** Those that say the same whether or not plaintext is sealed. */
export const openRules: readonly Rule[] = rules.filter(({ sealed }) => !sealed);
/** Left out by whoever cannot read plaintext: `decide(facts, { without: sealedCodes })`. */
export const sealedCodes: ReadonlySet<RuleCode> = new Set(
  rules.filter(({ sealed }) => sealed).map(({ code }) => code),
);

/** Whether the operator may lift this hold. */
export function isReleasable(code: string): boolean {
  return rules.some((rule) => rule.code === code && rule.releasable === true);
}

export type Outcome = 'accepted' | 'held' | 'refused';

export interface Decision {
  readonly outcome: Outcome;
  /** The version of the rule set. */
  readonly rules: string;
  /** The number of the CPL snapshot. */
  readonly cpl: number;
  readonly findings: readonly Finding[];
  /** Only where rules were left out: then it says nothing about them. */
  readonly without?: readonly RuleCode[];
}

export interface DecideOptions {
  readonly without?: Iterable<RuleCode>;
}

export function decide(facts: Facts, { without = [] }: DecideOptions = {}): Decision {
  const left = new Set(without);
  const findings = rules.filter(({ code }) => !left.has(code)).flatMap((rule) => findingsOf(rule, facts));
  const decision = {
    outcome: outcomeOf(findings),
    rules: RULES_VERSION,
    cpl: facts.cpl.snapshot,
    findings,
  };
  return left.size === 0 ? decision : { ...decision, without: [...left] };
}

function findingsOf(rule: Rule, facts: Facts): Finding[] {
  const { code, remedy } = rule;
  const severity = severityOf(rule, facts);
  const acknowledged = facts.statement.predicate.acknowledged.includes(code);
  return bounded(rule.says(facts)).map((one) => {
    const finding = { code, severity, ...one, hint: one.hint ?? remedy };
    return severity === 'warn' ? { ...finding, acknowledged } : finding;
  });
}

/** Observations of one rule, and characters of one text. */
const MOST_OBSERVATIONS = 100;
const LONGEST_TEXT = 1000;

function bounded(all: readonly Observation[]): readonly Observation[] {
  const more = all.length - MOST_OBSERVATIONS;
  return all.slice(0, MOST_OBSERVATIONS).map((one, i) => {
    const isLast = more > 0 && i === MOST_OBSERVATIONS - 1;
    const message = cut(one.message) + (isLast ? ` (and ${more} more)` : '');
    return { ...one, expected: cut(one.expected), found: cut(one.found), message };
  });
}

/** Never inside a sign of two halves. */
function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT).replace(/\p{Cs}$/u, '')}…`;
}

function severityOf({ code, severity, releasable }: Rule, { released }: Facts): Severity {
  const lifted = releasable === true && released.some((one) => one.code === code);
  return severity === 'hold' && lifted ? 'record' : severity;
}

function outcomeOf(findings: readonly Finding[]): Outcome {
  if (findings.some(({ severity }) => severity === 'refuse')) return 'refused';
  const holds = ({ severity, acknowledged }: Finding) =>
    severity === 'hold' || (severity === 'warn' && acknowledged !== true);
  return findings.some(holds) ? 'held' : 'accepted';
}

/** `34 rules: 32 passed, 1 warned, 1 refused` */
export function summary({ findings, without = [] }: Decision): string {
  const asked = rules.length - without.length;
  const spoke = new Map<RuleCode, string>();
  for (const finding of findings) {
    if (finding.severity !== 'record') spoke.set(finding.code, wordFor(finding));
  }
  const parts = [`${asked - spoke.size} passed`];
  for (const word of ['warning acknowledged', 'warned', 'held', 'refused']) {
    const count = [...spoke.values()].filter((one) => one === word).length;
    if (count > 0) parts.push(`${count} ${count > 1 ? word.replace('warning', 'warnings') : word}`);
  }
  return `${asked} rules: ${parts.join(', ')}`;
}

function wordFor({ severity, acknowledged }: Finding): string {
  if (severity === 'refuse') return 'refused';
  if (severity === 'hold') return 'held';
  return acknowledged === true ? 'warning acknowledged' : 'warned';
}
