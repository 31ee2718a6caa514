// JSON as it comes from outside: octets in, one value out, or a refusal.
//
// Stricter than JSON.parse: valid UTF-8 without a byte order mark, whole surrogate pairs, no key twice in
// an object, no nesting deeper than 64, and every number an integer, written as one, that JavaScript holds exactly.

import { DEEPEST, scanCanonical } from './scan.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export class JsonError extends Error {
  override name = 'JsonError';
}

export interface ParsedJson {
  readonly value: Json;
  /** Where the value of each top-level member stands, if the whole text is canonical already. */
  readonly canonicalMembers: ReadonlyMap<string, Uint8Array> | undefined;
}

/** Throws JsonError, whose message ends a sentence: `it is not UTF-8`. */
export function parseJson(octets: Uint8Array): Json {
  return parseJsonDocument(octets).value;
}

export function parseJsonDocument(octets: Uint8Array): ParsedJson {
  const text = decodeUtf8(octets);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (cause) {
    throw new JsonError('it is not JSON', { cause });
  }
  const canonicalMembers = scanCanonical(octets);
  if (canonicalMembers === undefined) refuseAmbiguity(text);
  return { value, canonicalMembers };
}

export function decodeUtf8(octets: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch (cause) {
    throw new JsonError('it is not UTF-8', { cause });
  }
}

/** The slow path, for text that is not canonical: what JSON.parse would pass over in silence. */
function refuseAmbiguity(text: string): void {
  const keysAt: (Set<string> | undefined)[] = [];
  const token = /["{}[\]]|-?[0-9][0-9.eE+-]*/g;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const found = match[0];
    if (found === '"') {
      token.lastIndex = stringEnd(text, token.lastIndex);
      const quoted = text.slice(match.index, token.lastIndex);
      checkSurrogates(quoted);
      checkKey(quoted, keysAt.at(-1), text, token.lastIndex);
    } else if (found === '{') keysAt.push(new Set());
    else if (found === '[') keysAt.push(undefined);
    else if (found === '}' || found === ']') keysAt.pop();
    else checkNumber(found);
    if (keysAt.length > DEEPEST) throw new JsonError(`it is nested deeper than ${DEEPEST}`);
  }
}

/** Behind the closing quote. Not by pattern: one that repeats a choice runs out of stack in a long string. */
function stringEnd(text: string, start: number): number {
  let at = start;
  for (; text[at] !== '"'; at++) if (text[at] === '\\') at++;
  return at + 1;
}

/** Only an escape can spell half a surrogate pair: the text itself is UTF-8. */
function checkSurrogates(quoted: string): void {
  if (!quoted.includes('\\u') || (JSON.parse(quoted) as string).isWellFormed()) return;
  throw new JsonError('it holds half a surrogate pair');
}

function checkKey(quoted: string, keys: Set<string> | undefined, text: string, next: number): void {
  if (keys === undefined || !isFollowedByColon(text, next)) return;
  const key = JSON.parse(quoted) as string;
  if (keys.has(key))
    throw new JsonError(`it has the key ${JSON.stringify(key.slice(0, 80))} twice in one object`);
  keys.add(key);
}

function isFollowedByColon(text: string, from: number): boolean {
  let at = from;
  while (text.charCodeAt(at) <= 0x20) at++;
  return text[at] === ':';
}

function checkNumber(digits: string): void {
  const shown = digits.length > 40 ? `${digits.slice(0, 40)}…` : digits;
  if (!/^-?(0|[1-9][0-9]*)$/.test(digits))
    throw new JsonError(`the number ${shown} is not written as an integer`);
  if (!Number.isSafeInteger(Number(digits)))
    throw new JsonError(`the number ${shown} is larger than can be held exactly`);
}
