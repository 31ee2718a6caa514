// When and by which rules was a statement accepted? `intake/<release>/decision-<n>.json`, signed by the gate.

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
  /** Version of the rule set: `2026-11-1`. */
  rules: line,
  release: releaseId.exact,
  /** Of the statement. */
  number: integer(1),
  code: manufacturerCode.exact,
  originator: partyId.exact,
  submission: digest,
  role: object({ name: line, version: integer(1) }),
  library: integer(1),
  cpl: integer(0),
  digests: object({ register: orNull(digest), cpl: orNull(digest) }),
  sequence: integer(1),
  before: orNull(object({ path: line, sha256: digest })),
  passed: list(ruleCode),
  findings: list(finding),
});
export type Acceptance = ReturnType<typeof acceptance>;

export const acceptanceFile: Format<Acceptance> = format(acceptance);

/** `rules 2026-11-1: 33 passed, 1 warning acknowledged (RANGE_SHRANK)` */
export function rulesInWords({ rules, passed, findings }: Acceptance): string {
  const acknowledged = findings.filter((one) => one.acknowledged === true).map(({ code }) => code);
  const warnings = `${acknowledged.length} warning${acknowledged.length === 1 ? '' : 's'} acknowledged`;
  const noted = acknowledged.length === 0 ? '' : `, ${warnings} (${acknowledged.join(', ')})`;
  return `rules ${rules}: ${passed.length} passed${noted}`;
}
