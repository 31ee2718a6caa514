// JSON from outside is read in one way or not at all.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonError, parseJson } from '../../src/encoding/index.ts';
import { anyJson, octetsOf } from './values.ts';

const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;

const REFUSED: Record<string, string> = {
  'a key twice': '{"a":1,"a":1}',
  'a key twice, apart': '{"a":1,"b":{"a":1},"a":2}',
  'a key twice, once escaped': '{"a":1,"\\u0061":2}',
  'a key twice, escaped in two ways': '{"\\u00E9":1,"\\u00e9":2}',
  'a key twice, once with an escaped slash': '{"/":1,"\\/":2}',
  'a key twice, deep in a list': '[[{"x":[{"a":1, "a":2}]}]]',
  'a key twice, white space before the colon': '{"a" \n:1,"a"\t:2}',
  'half a surrogate pair, escaped': '{"a":"\\ud800"}',
  'half a surrogate pair in a key': '{"\\udc00":1}',
  'the empty key twice': '{"":1,"":2}',
  '__proto__ twice': '{"__proto__":1,"__proto__":2}',
  'a byte order mark': '\uFEFF{}',
  '65 lists in each other': nested(65, '[', ']'),
  '65 objects in each other': nested(65, '{"a":', '}'),
  '65 lists, with white space': ` ${nested(65, '[', ']')}`,
  'a million lists': nested(1_000_000, '[', ']'),
  'an integer that is not exact': '{"a":9007199254740992}',
  'a negative one': '[-9007199254740992]',
  'an integer of 400 digits': '9'.repeat(400),
  'an integer written as a fraction': '1.0',
  'an integer written with an exponent': '{"version":1e3}',
  'a fraction that rounds to an integer': '{"version":1.0000000000000000001}',
  'a fraction': '0.5',
  'infinity by exponent': '[1e999]',
  'a leading zero': '01',
  'a plus sign': '+1',
  'a comma too many': '{"a":1,}',
  'a comment': '{}//',
  'single quotes': "{'a':1}",
  'two values': '{}{}',
  nothing: '',
  'a line end in a string': '"\n"',
  'not a number': 'NaN',
  'a zero octet behind': '{}\u0000',
};

describe('refused', () => {
  it.each(Object.entries(REFUSED))('%s', (_, text) => {
    expect(() => parseJson(octetsOf(text))).toThrow(JsonError);
  });

  const NOT_UTF8: Record<string, readonly number[]> = {
    'a lone continuation': [0x80],
    'a sequence cut short': [0xe2, 0x82],
    'a slash in two octets': [0xc0, 0xaf],
    'a quote in two octets': [0xc0, 0xa2],
    'half a surrogate pair': [0xed, 0xa0, 0x80],
    'a surrogate pair in six octets': [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
    'a code point past the last': [0xf4, 0x90, 0x80, 0x80],
    'an octet that UTF-8 does not have': [0xff],
  };

  it.each(Object.entries(NOT_UTF8))('%s, which is not UTF-8', (_, octets) => {
    expect(() => parseJson(Uint8Array.from([0x22, ...octets, 0x22]))).toThrow(JsonError);
  });

  it('UTF-16', () => {
    expect(() => parseJson(new Uint8Array(Buffer.from('\uFEFF{}', 'utf16le')))).toThrow(JsonError);
  });

  it('with a reason that ends a sentence', () => {
    expect(() => parseJson(octetsOf('{"a":1,"\\u0061":2}'))).toThrow(
      /^it has the key "a" twice in one object$/,
    );
    expect(() => parseJson(octetsOf(nested(65, '[', ']')))).toThrow(/^it is nested deeper than 64$/);
  });
});

describe('accepted', () => {
  it('64 lists in each other, canonical or not', () => {
    expect(() => parseJson(octetsOf(nested(64, '[', ']')))).not.toThrow();
    expect(() => parseJson(octetsOf(` ${nested(64, '{"a":', '}')}`))).not.toThrow();
  });

  it('the largest exact integers', () => {
    expect(parseJson(octetsOf('[9007199254740991,-9007199254740991]'))).toEqual([
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
    ]);
  });

  it('the same key in two objects, and a text that looks like the key', () => {
    expect(parseJson(octetsOf('[ {"a":"a"}, {"a":["a","a"]} ]'))).toEqual([{ a: 'a' }, { a: ['a', 'a'] }]);
  });

  it('a byte order mark inside a string: it is a character there', () => {
    expect(parseJson(octetsOf('"\uFEFF"'))).toBe('\uFEFF');
  });

  it('everything that JSON.stringify writes of exact integers, as JSON.parse reads it', () => {
    fc.assert(
      fc.property(anyJson, fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        expect(parseJson(octetsOf(text))).toEqual(JSON.parse(text));
      }),
    );
  });
});
