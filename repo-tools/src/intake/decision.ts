// How is an acceptance recorded? `intake/<release>/decision-<n>.json`, which the gate signs and nobody replaces.
//
// Decisions form one chain: each has a sequence number and names the decision before it by path and
// SHA-256. `intake/head/latest.json` names the newest; it is the only file under intake/ that changes.
// Refusals and holds are not published: they are known to the submitter and the operator only.

import { type Finding, RULES_VERSION, rules } from '@cfl/client/admission';
import { encodeDate, type Sha256, sha256 } from '@cfl/client/encoding';
import {
  decisionPath,
  type ManufacturerCode,
  type PartyId,
  parseReleaseId,
  type ReleaseId,
} from '@cfl/client/firmware';
import type { Published } from '../deploy/state.ts';
import { countOf, type Members, membersOf, parseMembers, textOf } from './members.ts';

export interface DecisionRecord {
  readonly release: ReleaseId;
  /** Of the statement. */
  readonly number: number;
  readonly code: ManufacturerCode;
  readonly originator: PartyId;
  /** What was decided upon: every role file and target of the submission. */
  readonly submission: Sha256;
  readonly role: { readonly name: string; readonly version: number };
  /** The version of the library that shows it. */
  readonly library: number;
  readonly now: Date;
  readonly cpl: number;
  readonly digests: { readonly register: Sha256 | null; readonly cpl: Sha256 | null };
  readonly findings: readonly Finding[];
  readonly sequence: number;
  readonly before: ChainLink | null;
}

/** One decision, as the next one names it. */
export interface ChainLink {
  readonly path: string;
  readonly sha256: string;
}

const DECISION_FORMAT = 'cfl/acceptance/1';
const HEAD_FORMAT = 'cfl/chain-head/1';
export const HEAD_PATH = 'intake/head/latest.json';

export interface ChainHead extends ChainLink {
  readonly sequence: number;
}

function encodeDecision({ now, findings, ...record }: DecisionRecord): Uint8Array {
  const spoke = new Set(findings.map(({ code }) => code));
  return encode({
    format: DECISION_FORMAT,
    outcome: 'accepted',
    decided: encodeDate(now),
    rules: RULES_VERSION,
    ...record,
    passed: rules.map(({ code }) => code).filter((code) => !spoke.has(code)),
    findings,
  });
}

export function encodeHead({ sequence, path, sha256: digest }: ChainHead): Uint8Array {
  return encode({ format: HEAD_FORMAT, sequence, path, sha256: digest });
}

function encode(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

/** What a reader of the record asks first. */
export interface RecordedDecision {
  readonly release: ReleaseId;
  readonly number: number;
  readonly submission: string;
  readonly decided: string;
  readonly library: number;
  readonly sequence: number;
  readonly before: ChainLink | null;
}

const MEMBERS = [
  ...[
    'outcome',
    'decided',
    'rules',
    'release',
    'number',
    'code',
    'originator',
    'submission',
    'role',
    'library',
  ],
  ...['cpl', 'digests', 'sequence', 'before', 'passed', 'findings'],
];

/** Throws FormatError. */
export function parseDecision(octets: Uint8Array): RecordedDecision {
  const members = parseMembers(octets, DECISION_FORMAT, MEMBERS);
  const before = members.get('before');
  return {
    release: parseReleaseId(textOf(members, 'release')),
    number: countOf(members, 'number'),
    submission: textOf(members, 'submission'),
    decided: textOf(members, 'decided'),
    library: countOf(members, 'library'),
    sequence: countOf(members, 'sequence'),
    before: before === null ? null : linkOf(membersOf(before, 'before', ['path', 'sha256'])),
  };
}

function linkOf(members: Members): ChainLink {
  return { path: textOf(members, 'path'), sha256: textOf(members, 'sha256') };
}

/** The newest decision; undefined before the first. */
export async function readHead(published: Published): Promise<ChainHead | undefined> {
  const octets = await published.read(HEAD_PATH);
  if (octets === undefined) return undefined;
  const members = parseMembers(octets, HEAD_FORMAT, ['sequence', 'path', 'sha256']);
  return { sequence: countOf(members, 'sequence'), ...linkOf(members) };
}

/** The published decision about this statement of a release. */
export async function readDecision(
  published: Published,
  release: ReleaseId,
  number: number,
): Promise<RecordedDecision | undefined> {
  const octets = await published.read(decisionPath(release, number));
  return octets === undefined ? undefined : parseDecision(octets);
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
