// What became of a submission? The library's own decision says so, or the gateway's signed answer beside the folder.

import { encodeDate, equalOctets, type Sha256 } from '@cfl/client/encoding';
import { endorsementPath, FormatError } from '@cfl/client/firmware';
import type { Acceptance, Files } from '@cfl/client/library';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';
import { endorsementsIn, isEndorsement } from '../endorsement/gather.ts';
import { ANSWER_FILE, type Answer, parseAnswer, verifyAnswer } from '../intake/answer.ts';
import { contentsOf } from '../intake/boxes.ts';
import { readDecision } from '../intake/decision.ts';
import { contentOf } from '../intake/judgement.ts';
import { readSubmission, readSubmittedChange, SubmissionError } from '../intake/submission.ts';
import { isWithdrawal, publishedAct } from '../withdraw/act.ts';

export type SubmissionStatus =
  | { readonly state: 'published'; readonly decision: Acceptance; readonly byThis: boolean }
  | { readonly state: 'withdrawn'; readonly release: string; readonly date: string }
  | { readonly state: 'endorsed'; readonly release: string; readonly endorser: string }
  | { readonly state: 'held' | 'refused'; readonly answer: Answer }
  | { readonly state: 'not yet there' };

/** The library is asked first: an answer that lies beside may be older. Throws ChangeError NOT_AN_ANSWER. */
export async function statusOf(files: Files, base: string, published: Published): Promise<SubmissionStatus> {
  const paths = await contentsOf(files, base);
  if (isWithdrawal(paths)) return withdrawalStatus(files, base, published);
  if (isEndorsement(paths)) return endorsementStatus(files, base, published);
  let digest: Sha256;
  try {
    const submission = await readSubmission(files, base);
    const found = await publishedStatus(submission, published);
    if (found !== undefined) return found;
    digest = submission.digest;
  } catch (error) {
    if (!(error instanceof SubmissionError)) throw error;
    // Why the gateway could not read it either
    const answered = await answeredStatus(files, base, published, null);
    if (answered.state === 'not yet there') throw error;
    return answered;
  }
  return answeredStatus(files, base, published, digest);
}

async function publishedStatus(
  { releases, digest }: Awaited<ReturnType<typeof readSubmission>>,
  published: Published,
): Promise<SubmissionStatus | undefined> {
  const decisions: (Acceptance | undefined)[] = [];
  for (const { release, number } of releases) decisions.push(await readDecision(published, release, number));
  const [first] = decisions;
  if (first === undefined || decisions.some((one) => one === undefined)) return undefined;
  const byThis = decisions.every((one) => one?.submission === digest);
  return { state: 'published', decision: first, byThis };
}

async function withdrawalStatus(files: Files, base: string, published: Published): Promise<SubmissionStatus> {
  const change = await readSubmittedChange(files, base);
  const done = await publishedAct(change, published);
  if (done !== undefined) return { state: 'withdrawn', release: done.release, date: done.date };
  return answeredStatus(files, base, published, await contentOf(change));
}

async function endorsementStatus(
  files: Files,
  base: string,
  published: Published,
): Promise<SubmissionStatus> {
  const change = await readSubmittedChange(files, base);
  for (const { place, bundle } of endorsementsIn(change.targets)) {
    const lies = await published.read(endorsementPath(place));
    if (lies !== undefined && equalOctets(lies, bundle))
      return { state: 'endorsed', release: place.release, endorser: place.party };
  }
  return answeredStatus(files, base, published, await contentOf(change));
}

async function answeredStatus(
  files: Files,
  base: string,
  published: Published,
  digest: Sha256 | null,
): Promise<SubmissionStatus> {
  const octets = await files.read(`${base}/${ANSWER_FILE}`);
  if (octets === undefined) return { state: 'not yet there' };
  const answer = await verifyAnswer(readAnswer(octets), { library: published.library, digest }, published);
  return answer.outcome === 'accepted' ? { state: 'not yet there' } : { state: answer.outcome, answer };
}

function readAnswer(octets: Uint8Array): ReturnType<typeof parseAnswer> {
  try {
    return parseAnswer(octets);
  } catch (cause) {
    if (!(cause instanceof FormatError || cause instanceof TypeError)) throw cause;
    throw new ChangeError(
      'NOT_AN_ANSWER',
      `Cannot read "${ANSWER_FILE}": ${cause.message}`,
      'Ask the operator for the answer to this submission again',
      cause,
    );
  }
}

/** `2026-11-18 10:05 UTC` */
export function minuteOf(date: string | Date): string {
  const text = typeof date === 'string' ? date : encodeDate(date);
  return `${text.slice(0, 16).replace('T', ' ')} UTC`;
}
