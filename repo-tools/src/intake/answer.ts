// What does the gateway answer? `answer.json`, beside a submission that is held or was refused, signed by the
// gate: what its submitter gets back.
//
// The signature covers which library answers, and which submission by its SHA-256, so that an answer is never
// taken for one about something else. It is no TUF metadata, and cannot be read as such.

import type { Finding, Outcome } from '@cfl/client/admission';
import {
  encodeCanonical,
  fromHex,
  isObject,
  type Json,
  type JsonObject,
  type Sha256,
  toHex,
} from '@cfl/client/encoding';
import { fields } from '@cfl/client/firmware';
import type { Signer } from '@cfl/client/keys';
import { encodeDocument, type KeyId, signedOctets, verifySignature } from '@cfl/client/tuf';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';

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

/** What an answer is about, by digest. */
export interface AnswerTo {
  /** SHA-256 of the library's first root. */
  readonly library: string;
  /** Of the submission, over every role file and every target; null where it is none. */
  readonly digest: Sha256 | null;
}

export interface ReadAnswer {
  readonly answer: Answer;
  readonly to: AnswerTo;
  readonly signatures: readonly { readonly keyId: string; readonly sig: string }[];
  readonly signedOctets: Uint8Array;
}

const FORMAT = 'cfl/answer/1';

export async function encodeAnswer(answer: Answer, to: AnswerTo, gate: Signer): Promise<Uint8Array> {
  const { submission, outcome, since, rules, cpl } = answer;
  const findings = answer.findings.map((finding): JsonObject => ({ ...finding }));
  const signed = { format: FORMAT, ...to, submission, outcome, since, rules, cpl, findings };
  const sig = toHex(await gate.sign(signedOctets(signed)));
  return encodeDocument(signed, [{ keyId: gate.key.id, sig }]);
}

const answerFile = fields.object({
  signatures: fields.list(fields.object({ keyid: fields.words, sig: fields.words })),
  signed: fields.object({
    format: fields.literal(FORMAT),
    library: fields.words,
    digest: fields.nullable(fields.digest),
    submission: fields.words,
    outcome: fields.words,
    since: fields.words,
    rules: fields.words,
    cpl: fields.integer(0),
    findings: fields.list(fields.anything),
  }),
});

/** Not yet verified. Throws FormatError. */
export function parseAnswer(octets: Uint8Array): ReadAnswer {
  const { signatures, signed } = answerFile(fields.strictJson(octets), '');
  const { format, library, digest, outcome, findings, ...answer } = signed;
  return {
    answer: {
      ...answer,
      outcome: outcome === 'accepted' || outcome === 'held' ? outcome : 'refused',
      findings: findings.filter(isFinding),
    },
    to: { library, digest },
    signatures: signatures.map(({ keyid: keyId, sig }) => ({ keyId, sig })),
    signedOctets: encodeCanonical(signed),
  };
}

/** The gate answered this, about this submission. Throws ChangeError NOT_AN_ANSWER. */
export async function verifyAnswer(
  read: ReadAnswer,
  { library, digest }: AnswerTo,
  published: Published,
): Promise<Answer> {
  if (read.to.library !== library) throw notAnAnswer('it is of another library');
  if (read.to.digest !== null && read.to.digest !== digest)
    throw notAnAnswer(
      `it is about the submission ${read.to.digest.slice(0, 12)}, this is ${digest?.slice(0, 12) ?? 'none'}`,
    );
  if (!(await isSignedByGate(read, published))) throw notAnAnswer('the gate has not signed it');
  return read.answer;
}

async function isSignedByGate(
  { signatures, signedOctets: octets }: ReadAnswer,
  { trusted }: Published,
): Promise<boolean> {
  const { delegations } = trusted.targets.signed;
  const gate = delegations?.roles.find(({ name }) => name === 'gate');
  const good = new Set<KeyId>();
  for (const { keyId, sig } of signatures) {
    const id = gate?.keyIds.find((one) => one === keyId);
    const key = id && delegations?.keys.get(id);
    if (key === undefined || !/^([0-9a-f]{2})+$/.test(sig)) continue;
    if (await verifySignature(key, octets, fromHex(sig))) good.add(key.id);
  }
  return gate !== undefined && good.size >= gate.threshold;
}

function notAnAnswer(reason: string): ChangeError {
  return new ChangeError(
    'NOT_AN_ANSWER',
    `Cannot believe "${ANSWER_FILE}": ${reason}`,
    'Ask the operator for the answer to this submission again',
  );
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
