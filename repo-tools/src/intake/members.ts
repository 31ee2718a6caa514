// The members of a JSON object of ours: those that must be there, those that may, and no other.

import { type Json, JsonError, type JsonObject, parseJson } from '@cfl/client/encoding';
import { FormatError } from '@cfl/client/firmware';

export type Members = ReadonlyMap<string, Json>;

/** Throws FormatError for a member that is missing or not known, and where `format` is another. */
export function parseMembers(
  octets: Uint8Array,
  format: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Members {
  const value = strictJson(octets);
  const found = isObject(value) ? value['format'] : format;
  // First: what another file has or lacks says nothing
  if (found === format) return membersOf(value, '', ['format', ...required], optional);
  throw new FormatError('format', { found: JSON.stringify(found), expected: `"${format}"` });
}

/** Throws FormatError where it is not JSON, or not strict JSON. */
export function strictJson(octets: Uint8Array): Json {
  try {
    return parseJson(octets);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    const found = `no strict JSON (${cause.message})`;
    throw new FormatError('', { found, expected: 'one JSON value' }, { cause });
  }
}

export function membersOf(
  value: Json | undefined,
  at: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Members {
  if (!isObject(value)) throw wrong(value, at, 'an object');
  const members = new Map(Object.entries(value));
  const missing = required.find((name) => !members.has(name));
  if (missing !== undefined) throw wrong(undefined, below(at, missing), 'a value');
  const unknown = [...members.keys()].find((name) => !required.includes(name) && !optional.includes(name));
  if (unknown === undefined) return members;
  const expected = `only ${[...required, ...optional].join(', ')}`;
  throw new FormatError(at, { found: `the unknown field ${JSON.stringify(unknown)}`, expected });
}

export function textOf(members: Members, name: string): string {
  const value = members.get(name);
  if (typeof value === 'string') return value;
  throw wrong(value, name, 'a text');
}

export function countOf(members: Members, name: string): number {
  const value = members.get(name);
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong(value, name, 'an integer from 0');
}

export function listOf(members: Members, name: string): readonly Json[] {
  const value = members.get(name);
  if (Array.isArray(value)) return value;
  throw wrong(value, name, 'a list');
}

export function textsOf(members: Members, name: string): readonly string[] {
  return listOf(members, name).map((value, i) => {
    if (typeof value === 'string') return value;
    throw wrong(value, `${name}[${i}]`, 'a text');
  });
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function below(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`;
}

function wrong(value: Json | undefined, at: string, expected: string): FormatError {
  const found = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 80);
  return new FormatError(at, { found, expected });
}
