// Values and texts for the property tests.

import fc from 'fast-check';
import type { Json } from '../../src/encoding/index.ts';

/** Whole code points, half a surrogate pair never; control characters and astral ones included. */
export const anyText = fc.string({ unit: 'binary', maxLength: 12 });

/** Without what JSON must escape and canonical form does not: such a text is both. */
export const plainText = anyText.map((text) => text.replace(/\p{Cc}/gu, '·'));

export const shortInteger = fc.integer({ min: -99_999_999_999_999, max: 999_999_999_999_999 });

export interface Leaves {
  readonly text: fc.Arbitrary<string>;
  readonly number: fc.Arbitrary<number>;
}

export function jsonOf({ text, number }: Leaves): fc.Arbitrary<Json> {
  return fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(text, number, fc.boolean(), fc.constant(null)),
      fc.array(tie('value'), { maxLength: 4 }),
      objectOf(text, tie('value')),
    ),
  })).value;
}

/** Keys include `__proto__`, as an own key: JSON.parse makes one too. */
export function objectOf(
  text: fc.Arbitrary<string>,
  value: fc.Arbitrary<Json>,
): fc.Arbitrary<Record<string, Json>> {
  const key = fc.oneof(
    { weight: 9, arbitrary: text },
    fc.constantFrom('__proto__', 'constructor', 'signed', '10', '9'),
  );
  return fc.array(fc.tuple(key, value), { maxLength: 5 }).map((members) => Object.fromEntries(members));
}

/** Such that the canonical text is plain JSON too. */
export const plainJson = jsonOf({ text: plainText, number: shortInteger });
export const anyJson = jsonOf({ text: anyText, number: fc.maxSafeInteger() });

export function octetsOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function textOf(octets: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
}
