// Canonical JSON: the one sequence of octets that a signature covers (TUF 4.2, the OLPC form).
//
// Rules
// - Object keys in order of their code points, no white space, no key twice.
// - Strings in UTF-8; only `"` and `\` are escaped, so control characters stand as they are.
// - Numbers are integers that JavaScript holds exactly.
//
// A canonical text that holds no control character is also plain JSON. Such a text needs no
// re-encoding before its signature is checked: `scanCanonical` finds it out in one pass over the octets.

import type { Json } from './json.ts';

export function encodeCanonical(value: Json): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalText(value));
}

export function canonicalText(value: Json): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return integer(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  const object = value as { readonly [key: string]: Json };
  const members = Object.keys(object).sort(byCodePoint);
  return `{${members.map((key) => `${quoted(key)}:${canonicalText(member(object, key))}`).join(',')}}`;
}

function member(object: { readonly [key: string]: Json }, key: string): Json {
  const value = object[key];
  if (value === undefined) throw new TypeError(`Cannot encode "${key}": it is undefined`);
  return value;
}

function quoted(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('Cannot encode a string: it holds half a surrogate pair');
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function integer(value: number): string {
  if (!Number.isSafeInteger(value))
    throw new TypeError(`Cannot encode the number ${value}: expected an exact integer`);
  return Object.is(value, -0) ? '0' : String(value);
}

/** UTF-16 order differs from code point order only where a surrogate meets U+E000 to U+FFFF. */
function byCodePoint(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
