// Octets in DER: one form for each value, and nothing else is read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DerError, der, fromHex, toHex } from '../../src/encoding/index.ts';

const one = (hex: string) => der.readDer(fromHex(hex));

describe('what was written is read again:', () => {
  it('numbers', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 200n }), (n) => {
        expect(der.readInteger(der.readDer(der.integer(n)))).toBe(n);
      }),
    );
  });

  it('object identifiers', () => {
    const arcs = fc.tuple(
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 39 }),
      fc.array(fc.nat(), { maxLength: 8 }),
    );
    fc.assert(
      fc.property(arcs, ([first, second, rest]) => {
        const dotted = [first, second, ...rest].join('.');
        expect(der.readOid(der.readDer(der.oid(dotted)))).toBe(dotted);
      }),
    );
    expect(toHex(der.oid('2.999.1'))).toBe('0603883701');
  });

  it('octets of any length, nested', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), (octets) => {
        const [inner] = der.inside(der.readDer(der.sequence(der.octetString(octets))));
        expect(toHex(inner?.content ?? new Uint8Array())).toBe(toHex(octets));
      }),
      { numRuns: 30 },
    );
  });

  it('named bits, dates and truth', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 8 })), (set) => {
        expect(der.readBits(der.readDer(der.bits(...set)))).toEqual([...set].sort((a, b) => a - b));
      }),
    );
    for (const date of [
      '1950-01-01T00:00:00Z',
      '2049-12-31T23:59:59Z',
      '2050-01-01T00:00:00Z',
      '2026-11-20T09:00:00Z',
    ])
      expect(der.readTime(der.readDer(der.time(new Date(date))))).toEqual(new Date(date));
    expect(der.readBoolean(der.readDer(der.boolean(true)))).toBe(true);
  });
});

describe('is refused:', () => {
  it.each<[string, () => unknown]>([
    ['nothing', () => one('')],
    ['half an element', () => one('0402ff')],
    ['something after the element', () => one('050005')],
    ['a length without an end', () => one('30800000')],
    ['a length in a longer form than needed', () => one('048101ff')],
    ['a length with zeros before it', () => one('04820001ff')],
    ['a length of eight octets', () => one('04880000000000000001ff')],
    ['a tag of two octets', () => one('1f0100')],
    ['a number in a longer form than needed', () => der.readInteger(one('02020001'))],
    ['a number of no octets', () => der.readInteger(one('0200'))],
    ['a truth value of 01', () => der.readBoolean(one('010101'))],
    ['an unfinished object identifier', () => der.readOid(one('060288'))],
    ['an object identifier with zeros before an arc', () => der.readOid(one('060455048001'))],
    ['bits beyond the last', () => der.readBits(one('03020301'))],
    [
      'a day that does not exist',
      () => der.readTime(one(`180f${Buffer.from('20260230090000Z').toString('hex')}`)),
    ],
    [
      'a date of another zone',
      () => der.readTime(one(`1811${Buffer.from('20260220090000+00').toString('hex')}`)),
    ],
    ['another tag than is expected', () => der.readInteger(one('0500'))],
  ])('%s', (_name, read) => {
    expect(read).toThrow(DerError);
  });

  it('never anything but a DerError, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
        try {
          der.readElements(octets);
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
    );
  });
});
