// How is the Panel's decision about a hash made public? `cpl/decision-<n>.json`, which the Panel signs with the role cpl.
//
// It is written once, whatever was decided, so that everybody sees that a hash was in dispute, and why it is
// what it is. No person is named.

import { encodeDate, parseDate, parseSha256, type Sha256 } from '@cfl/client/encoding';
import {
  FormatError,
  type ManufacturerCode,
  type PartyId,
  parseEntryId,
  parseImageHash,
  parseManufacturerCode,
  parsePartyId,
  parseReleaseId,
  type ReleaseId,
} from '@cfl/client/firmware';
import { countOf, listOf, membersOf, parseMembers, textOf, textsOf } from '../intake/members.ts';
import type { Conflict } from './check.ts';
import type { Choice } from './investigation.ts';

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

export function cplDecisionPath(number: number): string {
  return `cpl/decision-${number}.json`;
}

export function encodeCplDecision({ decided, ...decision }: CplDecision): Uint8Array {
  const { number, choice, reason, code, release, originator, endorsers, bundle, conflicts } = decision;
  const file = {
    ...{ format: FORMAT, number, decided: encodeDate(decided), choice, reason, code, release },
    ...{ originator, endorsers, bundle, conflicts },
  };
  return new TextEncoder().encode(`${JSON.stringify(file)}\n`);
}

/** Throws FormatError, or TypeError for an identifier, date or digest that is not exact. */
export function parseCplDecision(octets: Uint8Array): CplDecision {
  const members = parseMembers(octets, FORMAT, [
    ...['number', 'decided', 'choice', 'reason', 'code', 'release', 'originator', 'endorsers', 'bundle'],
    'conflicts',
  ]);
  const choice = textOf(members, 'choice');
  if (choice !== 'keep' && choice !== 'replace')
    throw new FormatError('choice', { found: JSON.stringify(choice), expected: '"keep" or "replace"' });
  return {
    number: countOf(members, 'number'),
    decided: parseDate(members.get('decided')),
    choice,
    reason: textOf(members, 'reason'),
    code: parseManufacturerCode(members.get('code')),
    release: parseReleaseId(members.get('release')),
    originator: parsePartyId(members.get('originator')),
    endorsers: textsOf(members, 'endorsers').map(parsePartyId),
    bundle: parseSha256(members.get('bundle')),
    conflicts: listOf(members, 'conflicts').map((value, i) => {
      const one = membersOf(value, `conflicts[${i}]`, ['entry', 'present', 'asked']);
      return {
        entry: parseEntryId(one.get('entry')),
        present: parseImageHash(one.get('present')),
        asked: parseImageHash(one.get('asked')),
      };
    }),
  };
}
