// May this release enter the library? The rules of intake, in prose; the code beside each rule is its name.
//
// Who and what
// - The statement is signed by a key that the register gives its originator, valid now (STATEMENT_SIGNATURE).
// - The originator is a registered manufacturer and the code is its own, in statement and path (CODE_NOT_YOURS).
// - Statements about a release are numbered without gaps (STATEMENT_NUMBER). A release that is published
//   already, with this statement or a later one, is held (DUPLICATE); another release with the same
//   manufacturer image is only noted (SAME_IMAGE), for one image may serve several models.
// - Release notes come with the image (NOTES_MISSING) and are finished (NOTES_INCOMPLETE).
//
// The image
// - It can be read (IMAGE_UNREADABLE) and is in library form: no supplier's trailer, and the size in its
//   header is its length (LIBRARY_FORM). Its header has the values of GB images (HEADER_PROFILE) and is field
//   by field as the manufacturer signed it (HEADER_AS_STATED).
// - Image, manufacturer image and notes have the digests that were signed (SUBJECT_MISMATCH).
// - As distributed, with the supplier's 66 octets where the device type has them, it is within the limit (SIZE).
// - Its device type is one that this library holds, and that of every claimed entry (DEVICE_TYPE).
//
// The Central Products List, for every claimed entry; if one fails, all are refused, never fewer claimed
// - The entry is there (ENTRY_UNKNOWN) and Active (ENTRY_NOT_ACTIVE). Active without a hash: wait (WAITS_FOR_CPL).
// - Its hash is the hash computed from the image (IMAGE_HASH).
// - Manufacturer (MANUFACTURER), model and hardware version (MODEL) and firmware version (FIRMWARE_VERSION)
//   are identical, and the hardware version is within the image's range (HARDWARE_OUT_OF_RANGE). A range that
//   leaves out hardware which the model's newest release took needs a second look (RANGE_SHRANK).
//
// The role file
// - With its bins, and against the versions that they were signed upon, it adds exactly the files of this
//   submission, each in its bin, and changes nothing else. It is split when it must be and not before, under
//   its own keys; no file is too long, and each meets the threshold (ROLE_FILE). If the library has moved on
//   meanwhile, it is held (BASE_MOVED).
//
// From findings to outcome: one refusal refuses; otherwise a hold, or a warning that the statement does not
// acknowledge, holds; otherwise it is accepted. Refusals and holds cannot be acknowledged away.
// Where plaintext is sealed to whoever decides, IMAGE_UNREADABLE refuses; a replay of public files leaves
// that one rule out by name, and the rules marked sealed then speak of the public files alone.

import { claimRules } from './claim-rules.ts';
import type { Facts } from './facts.ts';
import { imageRules } from './image-rules.ts';
import { originRules } from './origin-rules.ts';
import type { Finding, Rule, RuleCode } from './rule.ts';

export const RULES_VERSION = '2026-11-1';

export const rules: readonly Rule[] = [...originRules, ...imageRules, ...claimRules];

export type Outcome = 'accepted' | 'held' | 'refused';

export interface Decision {
  readonly outcome: Outcome;
  /** The version of the rule set. */
  readonly rules: string;
  /** The number of the CPL snapshot. */
  readonly cpl: number;
  readonly findings: readonly Finding[];
}

export function decide(facts: Facts, without: ReadonlySet<RuleCode> = new Set()): Decision {
  const findings = rules.filter(({ code }) => !without.has(code)).flatMap((rule) => findingsOf(rule, facts));
  return { outcome: outcomeOf(findings), rules: RULES_VERSION, cpl: facts.cpl.snapshot, findings };
}

function findingsOf({ code, severity, says }: Rule, facts: Facts): Finding[] {
  const acknowledged = facts.statement.predicate.acknowledged.includes(code);
  return says(facts).map((one) =>
    severity === 'warn' ? { code, severity, ...one, acknowledged } : { code, severity, ...one },
  );
}

function outcomeOf(findings: readonly Finding[]): Outcome {
  if (findings.some(({ severity }) => severity === 'refuse')) return 'refused';
  const holds = ({ severity, acknowledged }: Finding) =>
    severity === 'hold' || (severity === 'warn' && acknowledged !== true);
  return findings.some(holds) ? 'held' : 'accepted';
}

/** `34 rules: 32 passed, 1 warned, 1 refused` */
export function summary(decision: Decision): string {
  const spoke = new Map<RuleCode, string>();
  for (const finding of decision.findings) {
    if (finding.severity !== 'record') spoke.set(finding.code, wordFor(finding));
  }
  const parts = [`${rules.length - spoke.size} passed`];
  for (const word of ['warning acknowledged', 'warned', 'held', 'refused']) {
    const count = [...spoke.values()].filter((one) => one === word).length;
    if (count > 0) parts.push(`${count} ${count > 1 ? word.replace('warning', 'warnings') : word}`);
  }
  return `${rules.length} rules: ${parts.join(', ')}`;
}

function wordFor({ severity, acknowledged }: Finding): string {
  if (severity === 'refuse') return 'refused';
  if (severity === 'hold') return 'held';
  return acknowledged === true ? 'warning acknowledged' : 'warned';
}
