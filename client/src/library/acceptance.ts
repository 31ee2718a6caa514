// When, by which rules and upon which files was a statement accepted? `intake/<release>/decision-<n>.json`,
// signed by the gate.

import {
  boolean,
  date,
  digest,
  either,
  type Format,
  format,
  integer,
  line,
  list,
  listOfDifferent,
  literal,
  object,
  oneOf,
  type Read,
  text,
} from '../firmware/fields.ts';
import { manufacturerCode, partyId, releaseId } from '../firmware/identifiers.ts';

function orNull<T>(read: Read<T>): Read<T | null> {
  return either(
    (value) => value === null,
    () => null,
    read,
  );
}

const ruleCode = text(/^[A-Z][A-Z0-9_]{0,39}$/, 'the code of a rule');
const words = text(/^[^\p{Cs}]{0,2000}$/u, 'text');
const path = text(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,299}$/, 'the path of a file');

const finding = object(
  {
    code: ruleCode,
    severity: oneOf('refuse', 'hold', 'warn', 'record'),
    at: words,
    expected: words,
    found: words,
    message: words,
    hint: words,
  },
  { acknowledged: boolean },
);

const acceptance = object({
  format: literal('cfl/acceptance/1'),
  outcome: literal('accepted'),
  decided: date,
  /** When the gateway first decided upon these files: earlier where they were held. */
  received: date,
  /** Version of the rule set: `2026-11-1`. */
  rules: line,
  release: releaseId.exact,
  /** Of the statement. */
  number: integer(1),
  code: manufacturerCode.exact,
  originator: partyId.exact,
  /** SHA-256 over every role file and target of the submission. */
  submission: digest,
  /** The role files of the submission: a manufacturer's role, and bins of it. */
  roles: listOfDifferent(object({ name: line, version: integer(1) }), ({ name }) => name, 1),
  library: integer(1),
  cpl: integer(0),
  /** Every published file that was read for it, role files as `metadata/7.m-fff1.json`; null where there was none. */
  digests: listOfDifferent(object({ path, sha256: orNull(digest) }), (one) => one.path),
  /** Rules that held it, and that a person let it pass. */
  released: listOfDifferent(object({ code: ruleCode, by: line, reason: line }), ({ code }) => code),
  /** Of the newest record of the operator's own log. */
  audit: orNull(digest),
  sequence: integer(1),
  before: orNull(object({ path, sha256: digest })),
  passed: list(ruleCode),
  findings: list(finding),
});
export type Acceptance = ReturnType<typeof acceptance>;

export const acceptanceFile: Format<Acceptance> = format(acceptance);

/** One decision, as the next one and the head of the chain name it. */
export type ChainLink = NonNullable<Acceptance['before']>;

const chainHead = object({
  format: literal('cfl/chain-head/1'),
  sequence: integer(1),
  path,
  sha256: digest,
});
/** The newest decision. */
export type ChainHead = Omit<ReturnType<typeof chainHead>, 'format'>;

export const chainHeadFile: Format<ReturnType<typeof chainHead>> = format(chainHead);

export const HEAD_PATH = 'intake/head/latest.json';

/** `rules 2026-11-1: 33 passed, 1 warning acknowledged (RANGE_SHRANK)` */
export function rulesInWords({ rules, passed, findings, released }: Acceptance): string {
  const acknowledged = findings.filter((one) => one.acknowledged === true).map(({ code }) => code);
  const warnings = `${acknowledged.length} warning${acknowledged.length === 1 ? '' : 's'} acknowledged`;
  const noted = acknowledged.length === 0 ? '' : `, ${warnings} (${acknowledged.join(', ')})`;
  const letThrough = released.map(({ code, by, reason }) => `, ${code} released by ${by}: "${reason}"`);
  return `rules ${rules}: ${passed.length} passed${noted}${letThrough.join('')}`;
}
