// Canonical JSON, against an implementation that shares no code with it, and against the rules of its order.

import { canonicalize } from '@tufjs/canonical-json';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText, encodeCanonical, type Json, parseJson } from '../../src/encoding/index.ts';
import { anyJson, anyText, jsonOf, plainJson, textOf } from './values.ts';

/** Order of UTF-16 units, as JavaScript sorts, is order of code points where nothing is astral. */
const withinBmp = jsonOf({
  text: anyText.map((text) => text.replace(/[\u{10000}-\u{10FFFF}]/gu, '')),
  number: fc.maxSafeInteger(),
});

describe('the canonical form', () => {
  it('is what @tufjs/canonical-json writes, wherever both order keys alike', () => {
    fc.assert(
      fc.property(withinBmp, (value) => {
        expect(canonicalText(value)).toBe(canonicalize(value));
      }),
    );
  });

  it('reads back as the value, where it holds no control character', () => {
    fc.assert(
      fc.property(plainJson, (value) => {
        expect(parseJson(encodeCanonical(value))).toEqual(value);
      }),
    );
  });

  it('is one: neither the order of members nor the spelling of the text changes it', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const respelled = JSON.stringify(reversed(value), undefined, 1);
        expect(canonicalText(parseJson(new TextEncoder().encode(respelled)))).toBe(canonicalText(value));
      }),
    );
  });

  it('is different for different values', () => {
    fc.assert(
      fc.property(anyJson, anyJson, (a, b) => {
        fc.pre(JSON.stringify(reversed(a)) !== JSON.stringify(reversed(b)));
        if (canonicalText(a) === canonicalText(b)) expect(a).toEqual(b);
      }),
    );
  });
});

describe('keys', () => {
  it('stand in the order of their code points', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyText, { maxLength: 8 }), (keys) => {
        const written = canonicalText(Object.fromEntries(keys.map((key) => [key, 0])));
        const expected = keys.toSorted(byCodePoints).map((key) => `${canonicalText(key)}:0`);
        expect(written).toBe(`{${expected.join(',')}}`);
      }),
    );
  });

  it('stand in that order where the order of UTF-16 units is another', () => {
    expect(canonicalText({ '\u{10000}': 1, '\uFFFD': 2, '\uE000': 3, '\uD7FF': 4 })).toBe(
      '{"\uD7FF":4,"\uE000":3,"\uFFFD":2,"\u{10000}":1}',
    );
  });

  it('that look like numbers stand among the others', () => {
    expect(canonicalText({ a: 1, 9: 2, 10: 3, B: 4 })).toBe('{"10":3,"9":2,"B":4,"a":1}');
  });

  it('that objects have anyway are keys like others', () => {
    const value = JSON.parse('{"__proto__":{"b":1},"constructor":2}') as Json;
    expect(canonicalText(value)).toBe('{"__proto__":{"b":1},"constructor":2}');
  });
});

describe('text', () => {
  it('has only " and \\ escaped; the line ends of a PEM stand as they are', () => {
    expect(canonicalText('a"b\\c/d\n\t\u0000\u007F\u2028é')).toBe('"a\\"b\\\\c/d\n\t\u0000\u007F\u2028é"');
  });

  it('is UTF-8', () => {
    expect([...encodeCanonical('é😀')]).toEqual([0x22, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80, 0x22]);
    expect(textOf(encodeCanonical('\uFEFF'))).toBe('"\uFEFF"');
  });
});

describe('what has no canonical form is a mistake of the program', () => {
  const CASES: Record<string, unknown> = {
    'a fraction': 0.5,
    infinity: Number.POSITIVE_INFINITY,
    'no number': Number.NaN,
    'an integer that is not exact': 2 ** 53,
    'a negative one': -(2 ** 53),
    'a large round number': 1e21,
    'half a surrogate pair': '\uD800',
    'half a surrogate pair in a key': { '\uDC00': 1 },
    'a member that is undefined': { a: undefined },
  };

  it.each(Object.entries(CASES))('%s', (_, value) => {
    expect(() => canonicalText(value as Json)).toThrow(TypeError);
    expect(() => canonicalText([{ deep: value as Json }])).toThrow(TypeError);
  });

  it('zero has one form', () => {
    expect(canonicalText([0, -0])).toBe('[0,0]');
  });
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
}

function byCodePoints(a: string, b: string): number {
  const [x, y] = [[...a], [...b]].map((text) => text.map((sign) => sign.codePointAt(0) ?? 0)) as [
    number[],
    number[],
  ];
  const at = x.findIndex((point, i) => point !== y[i]);
  return at < 0 ? x.length - y.length : (x[at] ?? 0) - (y[at] ?? -1);
}
