// What does the gateway keep about a submission beside its files? `judged/<digest>.json` of the operator's private
// folder: when it first came, and what a person decided about it.
//
// - The digest is of the submission's target files: a signature that mends a stale role file keeps the
//   judgement, another image, statement or note does not.
// - A release lets the named hold rules pass, at the next decision and at every later one. Which rules can be
//   released is the rules' to say. It never lets a refusal pass, nor a warning, which its submitter acknowledges.
// - A rejection is final: the same files are refused whenever they come again.

import type { ReleasedHold } from '@cfl/client/admission';
import {
  encodeCanonical,
  encodeDate,
  parseDate,
  parseSha256,
  type Sha256,
  sha256,
} from '@cfl/client/encoding';
import { fields } from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import type { Change } from '../change/change.ts';

export type Rejection = Omit<ReleasedHold, 'code'>;

export interface Judgement {
  /** The name of its folder, for people. */
  readonly submission: string;
  /** When it was first decided. */
  readonly received: Date;
  readonly released: readonly ReleasedHold[];
  readonly rejected: Rejection | undefined;
}

const FORMAT = 'cfl/judgement/1';

export async function contentOf({ targets }: Pick<Change, 'targets'>): Promise<Sha256> {
  const digests: Record<string, string> = {};
  for (const [path, octets] of targets) digests[path] = await sha256(octets);
  return sha256(encodeCanonical(digests));
}

/** What is kept, or what would be kept of a submission that comes for the first time. */
export async function readJudgement(
  files: Files,
  content: Sha256,
  { submission, now }: { readonly submission: string; readonly now: Date },
): Promise<Judgement> {
  const octets = await files.read(placeOf(content));
  if (octets !== undefined) return parseJudgement(octets);
  return { submission, received: now, released: [], rejected: undefined };
}

/** From now on it is known when it came; nothing changes where that is known. */
export async function keepReception(files: Files, content: Sha256, judgement: Judgement): Promise<void> {
  await files.writeNew(placeOf(content), encodeJudgement(judgement));
}

export function writeJudgement(files: Files, content: Sha256, judgement: Judgement): Promise<void> {
  return files.replace(placeOf(content), encodeJudgement(judgement));
}

function encodeJudgement({ submission, received, released, rejected }: Judgement): Uint8Array {
  const judgement = {
    format: FORMAT,
    submission,
    received: encodeDate(received),
    released,
    rejected: rejected ?? null,
  };
  return new TextEncoder().encode(`${JSON.stringify(judgement, undefined, 2)}\n`);
}

const judged = { by: fields.line, reason: fields.line };
const judgementFile = fields.object({
  format: fields.literal(FORMAT),
  submission: fields.words,
  received: fields.date,
  released: fields.list(fields.object({ code: fields.words, ...judged })),
  rejected: fields.nullable(fields.object(judged)),
});

/** Throws FormatError. */
export function parseJudgement(octets: Uint8Array): Judgement {
  const { format, received, rejected, ...rest } = judgementFile(fields.strictJson(octets), '');
  return { ...rest, received: parseDate(received), rejected: rejected ?? undefined };
}

/** As every reader of the public record takes it. */
export function isLine(text: string): boolean {
  return /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u.test(text);
}

function placeOf(content: Sha256): string {
  return `judged/${parseSha256(content)}.json`;
}
