// What may a person do about a held submission? Let named hold rules pass, or reject it for good.
//
// Both are recorded in the audit log before they take effect. A release takes effect at the next intake, and
// stands in the public decision with who gave it and why; a rejection moves the folder at once.

import { isReleasable } from '@cfl/client/admission';
import type { Signer } from '@cfl/client/keys';
import { openAudit } from '../audit/log.ts';
import { ChangeError } from '../change/errors.ts';
import type { Place } from '../deploy/state.ts';
import { writingUpon } from '../deploy/writing.ts';
import { isEndorsement } from '../endorsement/gather.ts';
import { type Answer, type AnswerFinding, decisive, encodeAnswer } from './answer.ts';
import { contentsOf, finishLeaving, moveWithAnswer, readAnswer, submissionsIn } from './boxes.ts';
import { rejectionOf } from './intake.ts';
import { contentOf, isLine, type Judgement, readJudgement, writeJudgement } from './judgement.ts';
import { readSubmission, readSubmittedChange, type Submission } from './submission.ts';

export interface HeldSubmission {
  readonly name: string;
  readonly answer: Answer;
  readonly submission: Submission;
  readonly judgement: Judgement;
}

export async function heldNames({ private: files }: Place): Promise<readonly string[]> {
  return submissionsIn(files, 'held');
}

/** Throws ChangeError BAD_INPUT where no submission of this name is held. */
export async function readHeld({ private: files }: Place, name: string, now: Date): Promise<HeldSubmission> {
  const isHeld = (await submissionsIn(files, 'held')).includes(name);
  const answer = isHeld ? await readAnswer(files, `held/${name}`) : undefined;
  if (answer === undefined)
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot find "${name}" among the held submissions`,
      'Run: cfl-repo held list',
    );
  const submission = await submissionIn(files, `held/${name}`);
  const judgement = await readJudgement(files, await contentOf(submission.change), { submission: name, now });
  return { name, answer, submission, judgement };
}

/** An endorsement brings no release. */
async function submissionIn(files: Place['private'], base: string): Promise<Submission> {
  if (!isEndorsement(await contentsOf(files, base))) return readSubmission(files, base);
  const change = await readSubmittedChange(files, base);
  return { change, releases: [], digest: await contentOf(change) };
}

/** The holds that stand, each rule once. */
export function holdsOf({ answer, judgement }: HeldSubmission): readonly AnswerFinding[] {
  const released = new Set(judgement.released.map(({ code }) => code));
  const seen = new Set<string>();
  return decisive(answer.findings).filter(({ code }) => {
    const isNew = !seen.has(code) && !released.has(code);
    seen.add(code);
    return isNew;
  });
}

export interface JudgeOptions {
  readonly place: Place;
  /** An office, no person: `the operator`. */
  readonly by: string;
  readonly reason: string;
  readonly now: Date;
}

/** `codes`: the rules; none for every hold that a person may lift. Returns those that were released. */
export async function release(
  name: string,
  codes: readonly string[],
  { place, by, reason, now }: JudgeOptions,
): Promise<readonly string[]> {
  refuseOtherThanLines(name, by, reason);
  return writingUpon(place, now, async () => {
    await finishLeaving(place.private);
    const held = await readHeld(place, name, now);
    const named = releasableOf(held, codes);
    const audit = await openAudit(place.private, now);
    const { digest } = held.submission;
    const says = [`${by}: "${reason}"`, ...named];
    await audit.record({ act: 'released', what: name, digest, library: null, says });
    const released = [...held.judgement.released, ...named.map((code) => ({ code, by, reason }))];
    await writeJudgement(place.private, await contentOf(held.submission.change), {
      ...held.judgement,
      released,
    });
    return named;
  });
}

function releasableOf(held: HeldSubmission, codes: readonly string[]): readonly string[] {
  const holds = holdsOf(held);
  const stranger = codes.find((code) => !holds.some((one) => one.code === code));
  if (stranger !== undefined)
    throw notReleasable(held.name, `the rule "${stranger}" does not hold it`, holds);
  const wanted = codes.length === 0 ? holds.map(({ code }) => code).filter(isReleasable) : codes;
  const fixed = wanted.find((code) => !isReleasable(code));
  if (fixed !== undefined) throw notReleasable(held.name, `nobody may lift ${fixed}`, holds);
  if (wanted.length === 0) throw notReleasable(held.name, 'no rule holds it that a person may lift', holds);
  return wanted;
}

function notReleasable(name: string, reason: string, holds: readonly AnswerFinding[]): ChangeError {
  const [first] = holds;
  const hint =
    first === undefined ? 'It is decided again at the next intake' : `${first.code}: ${first.hint}`;
  return new ChangeError('NOT_RELEASABLE', `Cannot release "${name}": ${reason}`, hint);
}

/** Moves it to the refused ones, with an answer that the gate signs. */
export async function reject(
  name: string,
  { place, by, reason, now, gate }: JudgeOptions & { readonly gate: Signer },
): Promise<void> {
  refuseOtherThanLines(name, by, reason);
  return writingUpon(place, now, async ({ library }) => {
    const { private: files } = place;
    await finishLeaving(files);
    const held = await readHeld(place, name, now);
    const { digest, change } = held.submission;
    const audit = await openAudit(files, now);
    await audit.record({ act: 'rejected', what: name, digest, library: null, says: [`${by}: "${reason}"`] });
    const rejected = { by, reason };
    await writeJudgement(files, await contentOf(change), { ...held.judgement, rejected });
    const answer = rejectionOf(name, rejected, now);
    await moveWithAnswer(
      files,
      name,
      { from: 'held', to: 'refused' },
      await encodeAnswer(answer, { library, digest }, gate),
    );
  });
}

function refuseOtherThanLines(name: string, by: string, reason: string): void {
  const wrong = [reason, by].find((text) => !isLine(text));
  if (wrong === undefined) return;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot decide about "${name}": the reason is ${JSON.stringify(wrong.slice(0, 40))}, expected one line of 1 to 200 characters`,
    'The submitter reads it, and for a release everybody: --reason "…"',
  );
}
