// How does an endorsement travel? As a submission of its own: one bundle, under the name that the gateway will publish.
//
// The gateway adds it whenever it comes. It never replaces one, and never lets one wait for a release that it
// does not know.

import { encodeDate, sha256 } from '@cfl/client/encoding';
import type { EvidenceTrust } from '@cfl/client/evidence';
import {
  type EndorsementPlace,
  endorsementOf,
  endorsementPath,
  endorsementStatement,
  FormatError,
  type PartyId,
  parseEndorsementPath,
  type Register,
  type ReleaseId,
  type Statement,
  statedDigests,
} from '@cfl/client/firmware';
import { parseTargetPath } from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import type { Published } from '../deploy/state.ts';
import { payloadOf, SubmissionError } from '../intake/submission.ts';
import type { SignStatement } from '../submission/keys.ts';
import { endorsables, type Waiting } from './gather.ts';
import { type EndorsementFault, judgeFile } from './proven.ts';

export interface EndorsementRequest {
  readonly statement: Statement;
  /** The manufacturer's. */
  readonly bundle: Uint8Array;
  readonly endorser: PartyId;
}

/** The submission. */
export async function planEndorsement(
  { statement, bundle, endorser }: EndorsementRequest,
  { published, sign, now }: { published: Pick<Published, 'library'>; sign: SignStatement; now: Date },
): Promise<Change> {
  const created = encodeDate(now);
  const value = endorsementOf({ statement, bundle: await sha256(bundle), endorser, created });
  const { release, number, entries } = value.predicate;
  const path = parseTargetPath(endorsementPath({ release, number, party: endorser }));
  return {
    title: `endorsement of release ${release.slice(0, 12)} by ${endorser}`,
    words: [
      `endorser  ${endorser}`,
      `release   ${release}, statement ${number}`,
      `hash      ${statedDigests(statement).manufacturerImage}`,
      `entries   ${entries.join(', ')}`,
    ],
    created: now,
    library: published.library,
    upon: new Map(),
    metadata: new Map(),
    targets: new Map([[path, await sign(endorsementStatement.encode(value))]]),
  };
}

/** `fff2-31be07d5c890-1-endorsed-by-example-energy` */
export function endorsementName({ predicate }: Statement, release: ReleaseId, endorser: PartyId): string {
  const { code, number } = predicate;
  return `${code.toLowerCase()}-${release.slice(0, 12)}-${number}-endorsed-by-${endorser}`;
}

export interface EndorsementDecision {
  /** `published`: by an earlier run; nothing is left to do. */
  readonly outcome: 'accepted' | 'held' | 'refused' | 'published';
  readonly findings: readonly EndorsementFault[];
  readonly place: EndorsementPlace;
  readonly path: string;
  readonly bundle: Uint8Array;
}

export interface DecideEndorsement {
  readonly published: Published;
  readonly register: Register;
  readonly trust: EvidenceTrust | undefined;
  readonly waiting: Pick<Waiting, 'statements'>;
  readonly now: Date;
  /** First reception, where that was before. */
  readonly received?: Date;
}

/** Throws SubmissionError where the change is none of one endorsement, or was made for elsewhere. */
export async function decideEndorsement(
  change: Change,
  { published, register, trust, waiting, now, received = now }: DecideEndorsement,
): Promise<EndorsementDecision> {
  if (change.library !== published.library)
    throw new SubmissionError(
      'it was made for another library',
      'Make it again for this library: cfl-publish endorse',
    );
  const [entry, ...others] = change.targets;
  const place = entry && parseEndorsementPath(entry[0]);
  if (entry === undefined || place === undefined || others.length > 0 || change.metadata.size > 0)
    throw new SubmissionError(
      'it brings more than one endorsement',
      'Submit an endorsement by itself, as cfl-publish endorse wrote it',
    );
  const [path, bundle] = entry;
  const lies = await published.read(path);
  const statements = await endorsables(statementOf(bundle, place), published, {
    ...waiting,
    endorsements: [],
  });
  const judge = { at: 'intake', now: received } as const;
  const judged = await judgeFile({ place, bundle }, { register, trust, judge, statements, published: lies });
  const known = judged.facts?.published === 'this';
  const findings = known ? [] : judged.findings;
  return { outcome: known ? 'published' : outcomeOf(findings), findings, place, path, bundle };
}

/** Under which code the manufacturer's statement lies says the endorsement itself; it is judged after. */
function statementOf(bundle: Uint8Array, { release, number }: EndorsementPlace) {
  try {
    const { code } = endorsementStatement.parse(payloadOf(bundle)).predicate;
    return { code, release, number };
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SubmissionError(
      `its endorsement cannot be read: ${cause.message}`,
      'Make it again: cfl-publish endorse',
      cause,
    );
  }
}

function outcomeOf(findings: readonly EndorsementFault[]): EndorsementDecision['outcome'] {
  if (findings.some(({ severity }) => severity === 'refuse')) return 'refused';
  return findings.length > 0 ? 'held' : 'accepted';
}
