// Hexadecimal text and digests.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalOctets, fromHex, parseSha256, sha256, toHex } from '../../src/encoding/index.ts';

const octets = fc.uint8Array({ maxLength: 200 });

describe('hexadecimal', () => {
  it('is written as Node writes it, and read back in either case', () => {
    fc.assert(
      fc.property(octets, (value) => {
        expect(toHex(value)).toBe(Buffer.from(value).toString('hex'));
        expect(fromHex(toHex(value))).toEqual(value);
        expect(fromHex(toHex(value).toUpperCase())).toEqual(value);
      }),
    );
  });

  it.each(['0', 'abc', '0g', '0x00', ' 00', '00 ', '00\n', '-1', '+1', '０0', '1.', '1e1e1'])(
    'refuses "%s"',
    (text) => {
      expect(() => fromHex(text)).toThrow(TypeError);
    },
  );
});

describe('SHA-256', () => {
  it('is the one of Node, also of a part of a buffer', async () => {
    await fc.assert(
      fc.asyncProperty(octets, fc.nat(20), async (value, from) => {
        const part = value.subarray(from);
        expect(await sha256(part)).toBe(createHash('sha256').update(part).digest('hex'));
      }),
    );
  });

  const digest = 'a'.repeat(64);

  it('is read as 64 lower-case digits', () => {
    expect(parseSha256(digest)).toBe(digest);
  });

  it.each([
    digest.toUpperCase(),
    digest.slice(1),
    `${digest}a`,
    `${digest}\n`,
    ` ${digest}`,
    `0x${digest.slice(2)}`,
    '',
    null,
    7,
    [digest],
  ])('is not %j', (text) => {
    expect(() => parseSha256(text)).toThrow(TypeError);
  });
});

it('octets are equal where length and every octet are', () => {
  fc.assert(
    fc.property(octets, octets, (a, b) => {
      expect(equalOctets(a, b)).toBe(Buffer.compare(a, b) === 0);
      expect(equalOctets(a, a.slice())).toBe(true);
    }),
  );
});
