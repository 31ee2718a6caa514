// How is an acceptance recorded? `intake/<release>/decision-<n>.json`, which the gate signs and nobody replaces.
//
// Decisions form one chain: each has a sequence number and names the decision before it by path and
// SHA-256. `intake/head/latest.json` names the newest; it is the only file under intake/ that changes.
// Each names every published file that was read for it by SHA-256, so that anybody decides it again.
// Refusals and holds are not published: they are known to the submitter and the operator only.

import { type Finding, RULES_VERSION, rules, sealedNotesCodes } from '@cfl/client/admission';
import { encodeDate, type Sha256, sha256 } from '@cfl/client/encoding';
import { decisionPath, type ManufacturerCode, type PartyId, type ReleaseId } from '@cfl/client/firmware';
import {
  type Acceptance,
  acceptanceFile,
  type ChainHead,
  type ChainLink,
  chainHeadFile,
  HEAD_PATH,
} from '@cfl/client/library';
import type { Published } from '../deploy/state.ts';

export interface DecisionRecord {
  readonly release: ReleaseId;
  /** Of the statement. */
  readonly number: number;
  readonly code: ManufacturerCode;
  readonly originator: PartyId;
  /** What was decided upon: every role file and target of the submission. */
  readonly submission: Sha256;
  readonly roles: Acceptance['roles'];
  /** The version of the library that shows it. */
  readonly library: number;
  readonly now: Date;
  readonly received: Date;
  readonly cpl: number;
  readonly digests: Acceptance['digests'];
  readonly released: Acceptance['released'];
  readonly audit: Sha256 | null;
  readonly findings: readonly Finding[];
  readonly sequence: number;
  readonly before: ChainLink | null;
}

export function encodeDecision({ now, received, findings, ...record }: DecisionRecord): Uint8Array {
  const spoke = new Set(findings.map(({ code }) => code));
  return acceptanceFile.encode({
    format: 'cfl/acceptance/1',
    outcome: 'accepted',
    decided: encodeDate(now),
    received: encodeDate(received),
    rules: RULES_VERSION,
    ...record,
    // The gateway does not read notes, so it did not ask whether they are finished
    passed: rules.map(({ code }) => code).filter((code) => !spoke.has(code) && !sealedNotesCodes.has(code)),
    findings,
  });
}

export function encodeHead(head: ChainHead): Uint8Array {
  return chainHeadFile.encode({ format: 'cfl/chain-head/1', ...head });
}

/** The newest decision; undefined before the first. Throws FormatError. */
export async function readHead(published: Pick<Published, 'read'>): Promise<ChainHead | undefined> {
  const octets = await published.read(HEAD_PATH);
  if (octets === undefined) return undefined;
  const { sequence, path, sha256: digest } = chainHeadFile.parse(octets);
  return { sequence, path, sha256: digest };
}

/** The published decision about this statement of a release. */
export async function readDecision(
  published: Published,
  release: ReleaseId,
  number: number,
): Promise<Acceptance | undefined> {
  const octets = await published.read(decisionPath(release, number));
  return octets === undefined ? undefined : acceptanceFile.parse(octets);
}

/** The record, its place, and the head of the chain behind it. */
export async function recordDecision(
  record: Omit<DecisionRecord, 'sequence' | 'before'>,
  head: ChainHead | undefined,
): Promise<{ readonly octets: Uint8Array; readonly head: ChainHead }> {
  const sequence = (head?.sequence ?? 0) + 1;
  const before = head === undefined ? null : { path: head.path, sha256: head.sha256 };
  const octets = encodeDecision({ ...record, sequence, before });
  return {
    octets,
    head: { sequence, path: decisionPath(record.release, record.number), sha256: await sha256(octets) },
  };
}
