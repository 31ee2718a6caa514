// What was submitted? A change that brings releases, and nothing but releases.
//
// Rules
// - Every file is one of a release: its image, one statement, the notes of the same number.
// - Every release has exactly one statement here. Its image may be published already.
// - Its role files are those of the releases' manufacturer codes, or bins of theirs: no more, no fewer.
// Whether any of it may be published is not asked here.

import { encodeCanonical, isObject, type Sha256, sha256 } from '@cfl/client/encoding';
import {
  FormatError,
  fields,
  imagePath,
  type ManufacturerCode,
  notesPath,
  parseReleasePath,
  type ReleaseId,
  statementPath,
} from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import { metadataFile, parseTargetPath, RefusedError, type TargetPath } from '@cfl/client/tuf';
import { manufacturerRole } from '../ceremony/roles.ts';
import { familyOf } from '../change/bins.ts';
import { type Change, readChange } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { ANSWER_FILE } from './answer.ts';

export interface SubmittedRelease {
  readonly code: ManufacturerCode;
  readonly release: ReleaseId;
  /** Of the statement. */
  readonly number: number;
  readonly bundle: Uint8Array;
  /** Undefined where the submission does not bring it. */
  readonly image: Uint8Array | undefined;
  readonly notes: Uint8Array | undefined;
}

export interface Submission {
  readonly change: Change;
  readonly releases: readonly SubmittedRelease[];
  /** Over every role file and every target: the same for the same submission only. */
  readonly digest: Sha256;
}

/** What came is no submission; nothing about its releases can be decided. */
export class SubmissionError extends Error {
  override name = 'SubmissionError';
  readonly code = 'NOT_A_SUBMISSION';
  readonly hint: string;

  constructor(reason: string, hint: string, cause?: unknown) {
    super(inOneLine(reason), cause === undefined ? undefined : { cause });
    this.hint = hint;
  }
}

/** The reason may quote a name that the submitter chose; it must not pass for a line of ours. */
function inOneLine(text: string): string {
  return text.replace(/\p{Cc}|[\u2028\u2029]/gu, (sign) => JSON.stringify(sign).slice(1, -1));
}

const SMALLER = 'Send its releases in several submissions';
const WHOLE = 'Give the whole folder that cfl-publish submit wrote, and nothing else in it';

/** Throws SubmissionError; an error of the file system stays what it is. */
export function readSubmission(files: Files, base: string): Promise<Submission> {
  return understood(async () => submissionOf(await readChange(ofSubmission(files), base)));
}

/** The same of a folder that brings something else than releases. */
export function readSubmittedChange(files: Files, base: string): Promise<Change> {
  return understood(() => readChange(ofSubmission(files), base));
}

async function understood<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof ChangeError || cause instanceof RefusedError)
      throw new SubmissionError(cause.message, WHOLE, cause);
    if (cause instanceof FormatError || cause instanceof URIError || isOfContent(cause))
      throw new SubmissionError(`a file of it cannot be read: ${(cause as Error).message}`, WHOLE, cause);
    throw cause;
  }
}

/** The parsers of identifiers, dates and keys throw a TypeError; the file system's errors carry a code. */
function isOfContent(cause: unknown): boolean {
  return cause instanceof TypeError && !('code' in cause);
}

/** Far more than one person would submit at once. */
const MOST_FILES = 10_000;
const MOST_OCTETS = 256 * 1024 * 1024;

/**
 * The gateway's answer lies in the folder of a held submission; it is no part of it. Reading stops, with
 * a SubmissionError, where it would become too much to hold in memory.
 */
function ofSubmission(files: Files): Files {
  let octets = 0;
  return {
    async list(path) {
      const all = (await files.list(path)).filter((file) => file !== ANSWER_FILE);
      if (all.length <= MOST_FILES) return all;
      throw new SubmissionError(`it has ${all.length} files, expected at most ${MOST_FILES}`, SMALLER);
    },
    async read(path) {
      const content = await files.read(path);
      octets += content?.length ?? 0;
      if (octets <= MOST_OCTETS) return content;
      throw new SubmissionError(`it has more than ${MOST_OCTETS} octets`, SMALLER);
    },
    writeNew: (path, octets) => files.writeNew(path, octets),
    replace: (path, octets) => files.replace(path, octets),
    remove: (path) => files.remove(path),
  };
}

export async function submissionOf(change: Change): Promise<Submission> {
  const releases = releasesOf(change.targets);
  const roles = new Set<string>(releases.map(({ code }) => manufacturerRole(code)));
  const foreign = [...change.metadata.keys()].find((role) => !roles.has(familyOf(role)));
  if (foreign !== undefined)
    throw new SubmissionError(
      `it brings a version of the role "${foreign}", expected only ${list(roles)}`,
      WHOLE,
    );
  const brought = new Set<string>([...change.metadata.keys()].map(familyOf));
  const missing = [...roles].find((role) => !brought.has(role));
  if (missing !== undefined)
    throw new SubmissionError(
      `it brings no version of the role "${missing}", expected ${list(roles)}`,
      WHOLE,
    );
  return { change, releases, digest: await digestOf(change) };
}

function releasesOf(targets: Change['targets']): readonly SubmittedRelease[] {
  const releases = new Map<string, { code: ManufacturerCode; release: ReleaseId; numbers: Set<number> }>();
  for (const path of targets.keys()) {
    const file = parseReleasePath(path);
    if (file === undefined || file.kind === 'decision')
      throw new SubmissionError(`it brings "${path}", expected the files of releases only`, WHOLE);
    const key = `${file.code}/${file.release}`;
    const one = releases.get(key) ?? { code: file.code, release: file.release, numbers: new Set() };
    if (file.kind !== 'image') one.numbers.add(file.number);
    releases.set(key, one);
  }
  if (releases.size === 0) throw new SubmissionError('it brings no release, expected one or more', WHOLE);
  return [...releases.values()].map(({ numbers, ...one }) => releaseOf(one, [...numbers], targets));
}

function releaseOf(
  { code, release }: Pick<SubmittedRelease, 'code' | 'release'>,
  numbers: readonly number[],
  targets: Change['targets'],
): SubmittedRelease {
  const [number] = numbers;
  const bundle = targets.get(target(statementPath(code, release, number ?? 1)));
  if (number === undefined || numbers.length > 1 || bundle === undefined) {
    const found = bundle === undefined ? 'no statement' : `files of the numbers ${numbers.join(', ')}`;
    throw new SubmissionError(
      `release ${release.slice(0, 12)} has ${found}, expected one statement, and notes of the same number`,
      WHOLE,
    );
  }
  return {
    code,
    release,
    number,
    bundle,
    image: targets.get(target(imagePath(code, release))),
    notes: targets.get(target(notesPath(code, release, number))),
  };
}

function target(path: string): TargetPath {
  return parseTargetPath(path);
}

async function digestOf({ metadata, targets }: Change): Promise<Sha256> {
  const digests: Record<string, string> = {};
  for (const [role, { octets }] of metadata) digests[`metadata/${metadataFile(role)}`] = await sha256(octets);
  for (const [path, octets] of targets) digests[`targets/${path}`] = await sha256(octets);
  return sha256(encodeCanonical(digests));
}

/** What the payload of a bundle says, whether or not its signature holds. Throws FormatError where it has none. */
export function payloadOf(bundle: Uint8Array): Uint8Array {
  const json = fields.strictJson(bundle);
  const envelope = isObject(json) ? json['dsseEnvelope'] : undefined;
  const payload = isObject(envelope) ? envelope['payload'] : undefined;
  if (typeof payload === 'string' && payload !== '') return new Uint8Array(Buffer.from(payload, 'base64'));
  throw new FormatError('dsseEnvelope.payload', { found: 'nothing', expected: 'a statement' });
}

function list(names: Iterable<string>): string {
  return [...names].join(', ');
}
