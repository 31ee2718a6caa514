// What does the gateway answer? `answer.json`, beside a submission that is held or was refused.

import type { Finding, Outcome } from '@cfl/client/admission';
import type { Json } from '@cfl/client/encoding';
import { countOf, isObject, listOf, parseMembers, textOf } from './members.ts';

export const ANSWER_FILE = 'answer.json';

/** A finding, or the reason why nothing could be decided: `code` is then NOT_A_SUBMISSION. */
export type AnswerFinding = Omit<Finding, 'code'> & { readonly code: string; readonly release?: string };

export interface Answer {
  readonly submission: string;
  readonly outcome: Outcome;
  /** Since when it is held, or when it was refused. */
  readonly since: string;
  readonly rules: string;
  readonly cpl: number;
  readonly findings: readonly AnswerFinding[];
}

const FORMAT = 'cfl/answer/1';

export function encodeAnswer(answer: Answer): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ format: FORMAT, ...answer }, undefined, 2)}\n`);
}

/** Throws FormatError. */
export function parseAnswer(octets: Uint8Array): Answer {
  const required = ['submission', 'outcome', 'since', 'rules', 'cpl', 'findings'];
  const members = parseMembers(octets, FORMAT, required);
  const outcome = textOf(members, 'outcome');
  return {
    submission: textOf(members, 'submission'),
    outcome: outcome === 'accepted' || outcome === 'held' ? outcome : 'refused',
    since: textOf(members, 'since'),
    rules: textOf(members, 'rules'),
    cpl: countOf(members, 'cpl'),
    findings: listOf(members, 'findings').filter(isFinding),
  };
}

function isFinding(value: Json): value is Json & AnswerFinding {
  const texts = ['code', 'severity', 'at', 'expected', 'found', 'message', 'hint'];
  return isObject(value) && texts.every((name) => typeof value[name] === 'string');
}

/** The findings that decide: what a submitter must read. Acknowledged warnings and records do not. */
export function decisive<F extends Pick<AnswerFinding, 'severity' | 'acknowledged'>>(
  findings: readonly F[],
): F[] {
  return findings.filter(({ severity, acknowledged }) => severity !== 'record' && acknowledged !== true);
}
