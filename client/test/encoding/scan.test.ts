// The shortcut past re-encoding: it must say yes to canonical text alone, and give exactly the octets that
// were signed. A wrong yes would be a forged signature.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText, encodeCanonical, type Json, JsonError } from '../../src/encoding/index.ts';
import { parseJsonDocument } from '../../src/encoding/json.ts';
import { objectOf, octetsOf, plainJson, plainText, textOf } from './values.ts';

const plainObject = objectOf(plainText, plainJson);

describe('canonical text', () => {
  it('is known as such, and each top-level member stands where it says', () => {
    fc.assert(
      fc.property(plainObject, (value) => {
        const { canonicalMembers } = parseJsonDocument(encodeCanonical(value));
        const found = new Map([...(canonicalMembers ?? [])].map(([key, octets]) => [key, textOf(octets)]));
        expect(found).toEqual(
          new Map(Object.entries(value).map(([key, member]) => [key, canonicalText(member)])),
        );
      }),
    );
  });

  it('of a list or a single value has no members', () => {
    for (const text of ['[]', '[{"a":1}]', '"signed"', '1', 'true', 'null', '{}', '[["a",[1]],{"b":{}}]']) {
      expect(parseJsonDocument(octetsOf(text)).canonicalMembers?.size).toBe(0);
    }
  });

  it('keeps two keys apart of which one begins with a byte order mark', () => {
    const { canonicalMembers } = parseJsonDocument(octetsOf('{"signed":1,"\uFEFFsigned":2}'));
    expect([...(canonicalMembers ?? [])].map(([key, octets]) => [key, textOf(octets)])).toEqual([
      ['signed', '1'],
      ['\uFEFFsigned', '2'],
    ]);
  });

  it('has its members under their names, not under the spelling of these', () => {
    const { canonicalMembers } = parseJsonDocument(octetsOf('{"\\"":1,"\\\\\\"":2}'));
    expect([...(canonicalMembers?.keys() ?? [])]).toEqual(['"', '\\"']);
  });

  it('holds strings with every octet that UTF-8 has', () => {
    const value = { 'é\u0080߿ࠀ￿😀\u{10FFFF}': '"\\\u007F\u2028', '\\"': ['\\\\', '""'], '': {} };
    expect(parseJsonDocument(encodeCanonical(value)).canonicalMembers?.size).toBe(3);
  });
});

describe('text that is not canonical is never taken for it', () => {
  it('whatever one change is made to one word of it', () => {
    const change = fc.constantFrom(
      'space before',
      'space after',
      'escape',
      'fraction',
      'exponent',
      'minus',
      'zero',
      'plus',
    );
    fc.assert(
      fc.property(plainObject, fc.nat(), change, (value, pick, kind) => {
        const words: readonly string[] =
          canonicalText(value).match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^{}[\],:"]+/gsu) ?? [];
        const at = pick % words.length;
        const word = words[at] ?? '';
        const changed = changedWord(word, kind);
        fc.pre(changed !== word);
        expectNoWrongYes(octetsOf(words.with(at, changed).join('')), value);
      }),
      { numRuns: 500 },
    );
  });

  it('whatever octet is put in, taken away or changed', () => {
    const octet = fc.constantFrom(
      ...octetsOf('"\\/{}[]:,019-+.eEutnrf \t\n\r\u0000'),
      0x80,
      0xc3,
      0xef,
      0xff,
    );
    fc.assert(
      fc.property(
        plainObject,
        fc.nat(),
        fc.constantFrom(0, 1),
        fc.array(octet, { maxLength: 3 }),
        (value, pick, cut, put) => {
          const octets = encodeCanonical(value);
          const at = pick % (octets.length + 1);
          expectNoWrongYes(
            Uint8Array.from([...octets.subarray(0, at), ...put, ...octets.subarray(at + cut)]),
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('where two members of one object change places', () => {
    fc.assert(
      fc.property(plainText, plainText, plainJson, plainJson, (a, b, x, y) => {
        fc.pre(a !== b);
        const [first, second] = [[a, x] as const, [b, y] as const].map(([key, value]) =>
          canonicalText({ [key]: value }).slice(1, -1),
        );
        const one = parseJsonDocument(octetsOf(`{${first},${second}}`)).canonicalMembers;
        const other = parseJsonDocument(octetsOf(`{${second},${first}}`)).canonicalMembers;
        expect([one, other].filter((members) => members !== undefined)).toHaveLength(1);
      }),
    );
  });

  it('where a key stands twice: that is refused', () => {
    fc.assert(
      fc.property(plainText, plainJson, plainJson, fc.boolean(), (key, x, y, deep) => {
        const [first, second] = [x, y].map((value) => canonicalText({ [key]: value }).slice(1, -1));
        const twice = `{${first},${second}}`;
        expect(() => parseJsonDocument(octetsOf(deep ? `{"a":[${twice}]}` : twice))).toThrow(JsonError);
      }),
    );
  });

  const SPELLINGS: Record<string, string> = {
    'a space at the end': '{"a":1} ',
    'a line end at the end': '{"a":1}\n',
    'a space at the start': ' {"a":1}',
    'an escaped slash': '{"a":"\\/"}',
    'an escaped letter': '{"\\u0061":1}',
    'an escaped quote, spelled as a number': '{"a":"\\u0022"}',
    'an escaped line end': '{"a":"\\n"}',
    'a zero below zero': '{"a":-0}',
    'sixteen digits': '{"a":9007199254740991}',
    'keys out of order in a list': '[{"b":1,"a":2}]',
    'a key after its own beginning': '{"ab":1,"a":2}',
    'an escaped key before a smaller one': '{"\\\\":1,"\\"":2}',
  };

  it.each(Object.entries(SPELLINGS))('with %s', (_, text) => {
    expect(parseJsonDocument(octetsOf(text)).canonicalMembers).toBeUndefined();
  });
});

/** Refused, or read as what it says; and taken as canonical only where it is. */
function expectNoWrongYes(octets: Uint8Array, value?: Json): void {
  let parsed: ReturnType<typeof parseJsonDocument>;
  try {
    parsed = parseJsonDocument(octets);
  } catch (error) {
    expect(error).toBeInstanceOf(JsonError);
    return;
  }
  if (value !== undefined) expect(parsed.canonicalMembers).toBeUndefined();
  if (parsed.canonicalMembers === undefined) return;
  expect(textOf(octets)).toBe(canonicalText(parsed.value));
  for (const [key, slice] of parsed.canonicalMembers) {
    expect(textOf(slice)).toBe(canonicalText((parsed.value as Record<string, Json>)[key] ?? null));
  }
}

function changedWord(word: string, kind: string): string {
  const number = /^-?[0-9]+$/.test(word);
  if (kind === 'space before') return ` ${word}`;
  if (kind === 'space after') return `${word}\n`;
  if (kind === 'escape' && /^"[^"\\]/.test(word))
    return `"\\u${word.charCodeAt(1).toString(16).padStart(4, '0')}${word.slice(2)}`;
  if (kind === 'fraction' && number) return `${word}.0`;
  if (kind === 'exponent' && number) return `${word}e0`;
  if (kind === 'minus' && word === '0') return '-0';
  if (kind === 'zero' && number) return word.replace(/^-?/, '$&0');
  if (kind === 'plus' && number) return `+${word}`;
  return word;
}
