// What became of a submission? The library's own decision says so, or the gateway's answer beside the folder.

import { encodeDate } from '@cfl/client/encoding';
import type { Files } from '@cfl/client/library';
import type { Published } from '../deploy/state.ts';
import type { Answer } from '../intake/answer.ts';
import { readAnswer } from '../intake/boxes.ts';
import { type RecordedDecision, readDecision } from '../intake/decision.ts';
import { readSubmission } from '../intake/submission.ts';

export type SubmissionStatus =
  | { readonly state: 'published'; readonly decision: RecordedDecision; readonly byThis: boolean }
  | { readonly state: 'held' | 'refused'; readonly answer: Answer }
  | { readonly state: 'not yet there' };

/** The library is asked first: an answer that lies beside may be older. */
export async function statusOf(files: Files, base: string, published: Published): Promise<SubmissionStatus> {
  const { releases, digest } = await readSubmission(files, base);
  const decisions = await Promise.all(
    releases.map(({ release, number }) => readDecision(published, release, number)),
  );
  const [first] = decisions;
  if (first !== undefined && decisions.every((one) => one !== undefined)) {
    return {
      state: 'published',
      decision: first,
      byThis: decisions.every((one) => one?.submission === digest),
    };
  }
  const answer = await readAnswer(files, base);
  if (answer === undefined || answer.outcome === 'accepted') return { state: 'not yet there' };
  return { state: answer.outcome, answer };
}

/** `2026-11-18 10:05 UTC` */
export function minuteOf(date: string | Date): string {
  const text = typeof date === 'string' ? date : encodeDate(date);
  return `${text.slice(0, 16).replace('T', ' ')} UTC`;
}
