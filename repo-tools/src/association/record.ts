// How is the Panel's decision about a hash made public? `cpl/decision-<n>.json`, which the Panel signs with the role cpl.
//
// It is written once, whatever was decided, so that everybody sees that a hash was in dispute, and why it is
// what it is. No person is named.

import { encodeDate, parseDate, type Sha256 } from '@cfl/client/encoding';
import {
  fields,
  type ManufacturerCode,
  manufacturerCode,
  type PartyId,
  partyId,
  type ReleaseId,
  releaseId,
} from '@cfl/client/firmware';
import type { Conflict } from './check.ts';
import { type Choice, choice, conflicts } from './investigation.ts';

export interface CplDecision {
  /** Of the investigation. */
  readonly number: number;
  readonly decided: Date;
  readonly choice: Choice;
  readonly reason: string;
  readonly code: ManufacturerCode;
  readonly release: ReleaseId;
  readonly originator: PartyId;
  readonly endorsers: readonly PartyId[];
  /** SHA-256 of the manufacturer's bundle. */
  readonly bundle: Sha256;
  readonly conflicts: readonly Conflict[];
}

const FORMAT = 'cfl/cpl-decision/1';

const cplDecision = fields.object({
  format: fields.literal(FORMAT),
  number: fields.integer(1),
  decided: fields.date,
  choice,
  reason: fields.line,
  code: manufacturerCode.exact,
  release: releaseId.exact,
  originator: partyId.exact,
  endorsers: fields.list(partyId.exact),
  bundle: fields.digest,
  conflicts,
});

export function cplDecisionPath(number: number): string {
  return `cpl/decision-${number}.json`;
}

export function encodeCplDecision({ decided, ...decision }: CplDecision): Uint8Array {
  const { number, ...rest } = decision;
  const file = cplDecision({ format: FORMAT, number, decided: encodeDate(decided), ...rest }, '');
  return new TextEncoder().encode(`${JSON.stringify(file)}\n`);
}

/** Throws FormatError. */
export function parseCplDecision(octets: Uint8Array): CplDecision {
  const { format, decided, ...decision } = cplDecision(fields.strictJson(octets), '');
  return { ...decision, decided: parseDate(decided) };
}
