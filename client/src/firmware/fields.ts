// Our own JSON formats: what stands in a file, field by field, read strictly.
//
// Rules
// - Every field that is required is there; a field that is not known is refused. Of another `format` nothing
//   else is said: what another kind of file has or lacks says nothing.
// - A value has one form: what a reader accepts is what an encoder writes.
// - Written in the order in which the format lists its fields, so equal values are equal octets.
//
// A reader takes any value and the place where it stands, and returns it typed or throws.

import {
  isObject,
  type Json,
  JsonError,
  parseDate,
  parseJson,
  parseSha256,
  type Sha256,
} from '../encoding/index.ts';

export type Read<T> = (value: unknown, at: string) => T;

/** The message ends a sentence that the caller begins with what it could not read. */
export class FormatError extends Error {
  override name = 'FormatError';
  /** `predicate.claims[1].model`; empty for the whole. */
  readonly at: string;
  readonly expected: string;
  readonly found: string;

  constructor(at: string, detail: { found: string; expected: string }, options?: ErrorOptions) {
    super(`${at === '' ? 'it' : at} holds ${detail.found}, expected ${detail.expected}`, options);
    this.at = at;
    this.found = detail.found;
    this.expected = detail.expected;
  }
}

/** A file format: parse octets or throw FormatError; encode a value, which is checked the same way. */
export interface Format<T> {
  parse(octets: Uint8Array): T;
  encode(value: T): Uint8Array<ArrayBuffer>;
}

export function format<T>(read: Read<T>): Format<T> {
  return {
    parse: (octets) => read(strictJson(octets), ''),
    encode: (value) => new TextEncoder().encode(`${JSON.stringify(read(value, ''))}\n`),
  };
}

/** Throws FormatError where it is not JSON, or not strict JSON. */
export function strictJson(octets: Uint8Array): Json {
  try {
    return parseJson(octets);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    throw new FormatError(
      '',
      { found: `no strict JSON (${cause.message})`, expected: 'one JSON value' },
      { cause },
    );
  }
}

export function refuse(value: unknown, at: string, expected: string): never {
  throw new FormatError(at, { found: shown(value), expected });
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

type Shape = Readonly<Record<string, Read<unknown>>>;
type Values<S extends Shape> = { readonly [K in keyof S]: ReturnType<S[K]> };
type Simplified<T> = { readonly [K in keyof T]: T[K] };

/** An object with exactly these fields; those of `optional` may be absent. */
export function object<R extends Shape, O extends Shape = Record<never, never>>(
  required: R,
  optional?: O,
): Read<Simplified<Values<R> & Partial<Values<O>>>> {
  const may: Shape = optional ?? {};
  return (value, at) => {
    if (!isObject(value)) return refuse(value, at, 'an object');
    const given = new Map(Object.entries(value).filter(([, member]) => member !== undefined));
    if (given.has('format') && Object.hasOwn(required, 'format'))
      required['format']?.(given.get('format'), below(at, 'format'));
    for (const key of given.keys()) {
      if (!Object.hasOwn(required, key) && !Object.hasOwn(may, key)) refuseField(key, at, [required, may]);
    }
    const result: Record<string, unknown> = {};
    for (const [key, read] of Object.entries(required)) result[key] = read(given.get(key), below(at, key));
    for (const [key, read] of Object.entries(may)) {
      if (given.has(key)) result[key] = read(given.get(key), below(at, key));
    }
    return result as Simplified<Values<R> & Partial<Values<O>>>;
  };
}

function refuseField(key: string, at: string, shapes: readonly Shape[]): never {
  const known = shapes.flatMap((shape) => Object.keys(shape)).join(', ');
  throw new FormatError(at, { found: `the unknown field ${shown(key)}`, expected: `only ${known}` });
}

function below(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`;
}

export function list<T>(read: Read<T>, least = 0): Read<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value) || value.length < least) {
      return refuse(value, at, least === 0 ? 'a list' : `a list of ${least} or more`);
    }
    return value.map((member, i) => read(member, `${at}[${i}]`));
  };
}

/** A list in which no two members have the same key. */
export function listOfDifferent<T>(read: Read<T>, key: (member: T) => string, least = 0): Read<readonly T[]> {
  const members = list(read, least);
  return (value, at) => {
    const seen = new Set<string>();
    return members(value, at).map((member, i) => {
      if (seen.has(key(member))) refuse(key(member), `${at}[${i}]`, 'each only once');
      seen.add(key(member));
      return member;
    });
  };
}

export function literal<const T extends string | number>(expected: T): Read<T> {
  return (value, at) => (value === expected ? expected : refuse(value, at, shown(expected)));
}

export function oneOf<const T extends readonly string[]>(...choices: T): Read<T[number]> {
  const words = choices.map((choice) => `"${choice}"`).join(', ');
  return (value, at) => choices.find((choice) => choice === value) ?? refuse(value, at, `one of ${words}`);
}

export function either<A, B>(
  isFirst: (value: unknown) => boolean,
  first: Read<A>,
  second: Read<B>,
): Read<A | B> {
  return (value, at) => (isFirst(value) ? first(value, at) : second(value, at));
}

export function nullable<T>(read: Read<T>): Read<T | null> {
  return (value, at) => (value === null ? null : read(value, at));
}

/** An object whose fields have names of their own, and values of one kind. */
export function record<T>(read: Read<T>): Read<ReadonlyMap<string, T>> {
  return (value, at) =>
    isObject(value)
      ? new Map(Object.entries(value).map(([key, member]) => [key, read(member, below(at, key))]))
      : refuse(value, at, 'an object');
}

/** Any value: who asks reads it elsewhere. */
export const anything: Read<Json> = (value, at) =>
  value === undefined ? refuse(value, at, 'a value') : (value as Json);

export function integer(least: number, most = Number.MAX_SAFE_INTEGER): Read<number> {
  return (value, at) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
      return value;
    return refuse(
      value,
      at,
      most === Number.MAX_SAFE_INTEGER ? `an integer from ${least}` : `an integer from ${least} to ${most}`,
    );
  };
}

export const boolean: Read<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : refuse(value, at, 'true or false');

/** Text that matches the whole of a pattern; `expected` says so in words. */
export function text(pattern: RegExp, expected: string): Read<string> {
  return (value, at) =>
    typeof value === 'string' && pattern.test(value) ? value : refuse(value, at, expected);
}

/** Text of any kind and length. */
export const words: Read<string> = (value, at) =>
  typeof value === 'string' ? value : refuse(value, at, 'a text');

/** One line for people: 1 to 200 characters, none of which is a control character. */
export const line: Read<string> = text(
  /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u,
  'one line of 1 to 200 characters',
);

export const mailbox: Read<string> = text(
  /^[^\s\p{C}@<>"]{1,64}@[A-Za-z0-9.-]{1,190}$/u,
  'a mailbox such as firmware@meters.example',
);

/** `2026-11-20T09:00:00Z`, kept as text. */
export const date: Read<string> = (value, at) => {
  if (!isDate(value)) return refuse(value, at, 'a date such as 2026-11-20T09:00:00Z');
  return value;
};

/** `2026-11-20`, a day that exists. */
export const day: Read<string> = (value, at) => {
  if (typeof value !== 'string' || !isDate(`${value}T00:00:00Z`))
    return refuse(value, at, 'a day such as 2026-11-20');
  return value;
};

function isDate(value: unknown): value is string {
  try {
    parseDate(value);
    return true;
  } catch {
    return false;
  }
}

export const digest: Read<Sha256> = (value, at) => {
  try {
    return parseSha256(value);
  } catch {
    return refuse(value, at, '64 lower-case hex digits');
  }
};
