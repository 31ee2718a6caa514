// What is decided about a whole submission? Each release by the rules; the worst outcome counts for all.

import {
  type Decision,
  decide,
  type Facts,
  type Outcome,
  RULES_VERSION,
  type RuleCode,
} from '@cfl/client/admission';
import { encodeDate } from '@cfl/client/encoding';
import type { Published } from '../deploy/state.ts';
import type { Answer, AnswerFinding } from './answer.ts';
import { type FactsOptions, factsOf, type GatheredFacts } from './facts.ts';
import type { Submission, SubmissionError, SubmittedRelease } from './submission.ts';

export interface DecidedRelease {
  readonly submitted: SubmittedRelease;
  readonly facts: Facts;
  readonly decision: Decision;
}

export interface SubmissionDecision {
  readonly outcome: Outcome;
  readonly cpl: number;
  readonly digests: GatheredFacts['library']['digests'];
  readonly releases: readonly DecidedRelease[];
}

export interface DecideSubmission extends FactsOptions {
  /** Rules that whoever decides cannot ask. */
  readonly without?: ReadonlySet<RuleCode>;
}

/** Throws SubmissionError where nothing can be decided. */
export async function decideSubmission(
  submission: Submission,
  published: Published,
  { without = new Set(), ...options }: DecideSubmission,
): Promise<SubmissionDecision> {
  const { library, releases } = await factsOf(submission, published, options);
  const decided = releases.map(({ submitted, facts }) => ({
    submitted,
    facts,
    decision: decide(facts, { without }),
  }));
  const worst = (['refused', 'held'] as const).find((outcome) =>
    decided.some(({ decision }) => decision.outcome === outcome),
  );
  return {
    outcome: worst ?? 'accepted',
    cpl: library.cpl.snapshot,
    digests: library.digests,
    releases: decided,
  };
}

/** For the submitter. With several releases each finding says of which it is. */
export function answerOf(name: string, { outcome, cpl, releases }: SubmissionDecision, now: Date): Answer {
  const findings = releases.flatMap(({ submitted, decision }) =>
    decision.findings.map(
      (finding): AnswerFinding =>
        releases.length > 1 ? { ...finding, release: submitted.release } : finding,
    ),
  );
  return { submission: name, outcome, since: encodeDate(now), rules: RULES_VERSION, cpl, findings };
}

export function refusalOf(name: string, { code, message, hint }: SubmissionError, now: Date): Answer {
  const finding: AnswerFinding = {
    code,
    severity: 'refuse',
    at: 'submission',
    expected: 'a submission',
    found: message,
    message,
    hint,
  };
  return {
    submission: name,
    outcome: 'refused',
    since: encodeDate(now),
    rules: RULES_VERSION,
    cpl: 0,
    findings: [finding],
  };
}
