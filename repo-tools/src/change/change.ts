// A change: the one way in which work that needs signatures travels between people.
//
// It is a folder:
//   change.json             what it is about, in words; which library; upon which versions it was made
//   metadata/<role>.json    the next version of each role concerned, signed in part or in full
//   targets/<path>          the new files that these roles list, under their plain target paths
//
// `change.json` itself is signed by nobody. It helps people; what counts is in the role files, and each
// of its statements is checked against them when the change is applied.

import { READ_KEY_USES, type ReadKeyUse } from '@cfl/client/access';
import { encodeDate, isObject, type Json, type JsonObject, parseDate, parseJson } from '@cfl/client/encoding';
import type { Files } from '@cfl/client/library';
import {
  type Document,
  metadataFile,
  parseRoleName,
  parseRoot,
  parseTargetPath,
  parseTargets,
  ROOT,
  type RoleName,
  type Root,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import { ChangeError } from './errors.ts';

export interface Change {
  readonly title: string;
  /** Lines for people: what becomes different. */
  readonly words: readonly string[];
  readonly created: Date;
  /** SHA-256 of the library's first root; undefined in the change that brings it. */
  readonly library: string | undefined;
  /** The version of each role that this was made upon; 0 where the role did not exist. */
  readonly upon: ReadonlyMap<RoleName, number>;
  /** Of a submission: the epochs that its images and notes are sealed to. */
  readonly sealedTo?: SealedTo | undefined;
  readonly metadata: ReadonlyMap<RoleName, Document<Root | Targets>>;
  readonly targets: ReadonlyMap<TargetPath, Uint8Array>;
}

export type SealedTo = Readonly<Record<ReadKeyUse, number>>;

const FORMAT = 'cfl/change/1';

/** Writes the folder; role files that are there already are replaced by further signed ones. */
export async function writeChange(files: Files, base: string, change: Change): Promise<void> {
  for (const [path, octets] of change.targets) await files.replace(`${base}/targets/${path}`, octets);
  for (const [role, document] of change.metadata)
    await files.replace(`${base}/metadata/${metadataFile(role)}`, document.octets);
  // Last, so that a folder with a change.json is whole
  await files.replace(`${base}/change.json`, encodeHead(change));
}

export async function readChange(files: Files, base: string): Promise<Change> {
  const paths = await files.list(base);
  // Not read where it is not listed: it may be a link out of the folder
  if (paths.length === 0) throw notAChange(base, 'there is no such folder, or nothing is in it');
  const octets = paths.includes('change.json') ? await files.read(`${base}/change.json`) : undefined;
  if (octets === undefined) throw notAChange(base, 'it has no change.json');
  const head = readHead(octets, base);
  const metadata = new Map<RoleName, Document<Root | Targets>>();
  const targets = new Map<TargetPath, Uint8Array>();
  for (const path of paths) {
    if (path === 'change.json') continue;
    const content = (await files.read(`${base}/${path}`)) ?? new Uint8Array();
    const role = roleOf(path);
    if (role !== undefined) {
      metadata.set(role, role === ROOT ? await parseRoot(content, role) : await parseTargets(content, role));
    } else if (path.startsWith('targets/')) {
      targets.set(parseTargetPath(path.slice('targets/'.length)), content);
    } else {
      throw notAChange(base, `it holds "${path}", which belongs to no change`);
    }
  }
  return { ...head, metadata, targets };
}

/** Of `metadata/<role>.json` in the one spelling that `writeChange` uses, so that no role comes twice. */
function roleOf(path: string): RoleName | undefined {
  const encoded = /^metadata\/([^/]+)\.json$/.exec(path)?.[1];
  if (encoded === undefined) return undefined;
  try {
    const role = parseRoleName(decodeURIComponent(encoded));
    return path === `metadata/${metadataFile(role)}` ? role : undefined;
  } catch {
    return undefined;
  }
}

type Head = Omit<Change, 'metadata' | 'targets'>;

function encodeHead({ title, words, created, library, upon, sealedTo }: Change): Uint8Array {
  const head = {
    format: FORMAT,
    title,
    words,
    created: encodeDate(created),
    ...(library === undefined ? {} : { library }),
    upon: Object.fromEntries(upon),
    ...(sealedTo === undefined ? {} : { sealedTo }),
  };
  return new TextEncoder().encode(`${JSON.stringify(head, undefined, 2)}\n`);
}

function readHead(octets: Uint8Array, base: string): Head {
  try {
    const { format, title, words, created, library, upon, sealedTo, ...rest } = object(
      parseJson(octets),
      'change.json',
    );
    if (format !== FORMAT)
      throw new TypeError(`its format is ${JSON.stringify(format)}, expected "${FORMAT}"`);
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined) throw new TypeError(`it has the unknown field "${unknown}"`);
    if (typeof title !== 'string' || !isTextList(words)) throw new TypeError('title or words are not text');
    if (![title, ...words].every(isLine)) throw new TypeError('title or words are not lines of text');
    if (library !== undefined && typeof library !== 'string') throw new TypeError('library is not text');
    const head = { title, words, created: parseDate(created), library, upon: readUpon(upon) };
    return sealedTo === undefined ? head : { ...head, sealedTo: readSealedTo(sealedTo) };
  } catch (cause) {
    throw notAChange(base, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function readUpon(value: Json | undefined): ReadonlyMap<RoleName, number> {
  return new Map(
    Object.entries(object(value, 'upon')).map(([role, version]) => {
      if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0) {
        throw new TypeError(`upon.${role} is not a version`);
      }
      return [parseRoleName(role), version];
    }),
  );
}

function readSealedTo(value: Json): SealedTo {
  const { images, notes, ...rest } = object(value, 'sealedTo');
  if (isEpoch(images) && isEpoch(notes) && Object.keys(rest).length === 0) return { images, notes };
  throw new TypeError(`sealedTo does not name one epoch of ${READ_KEY_USES.join(' and one of ')}`);
}

function isEpoch(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

function object(value: Json | undefined, at: string): JsonObject {
  if (isObject(value)) return value;
  throw new TypeError(`${at} is not an object`);
}

/** It is shown to whoever is asked to sign, so it must not pass for more lines, or for others. */
function isLine(text: string): boolean {
  return !/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u.test(text);
}

function isTextList(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((line) => typeof line === 'string');
}

function notAChange(base: string, reason: string, cause?: unknown): ChangeError {
  return new ChangeError(
    'NOT_A_CHANGE',
    `Cannot read the change "${base}": ${reason}`,
    'Give the whole folder as it was written, or ask for it again',
    cause,
  );
}
