// Dates have one form, and name a moment that exists.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeDate, parseDate } from '../../src/encoding/index.ts';

const REFUSED: Record<string, unknown> = {
  '30 February': '2026-02-30T00:00:00Z',
  '29 February of a common year': '2026-02-29T00:00:00Z',
  '31 April': '2026-04-31T00:00:00Z',
  'month 13': '2026-13-01T00:00:00Z',
  'month 0': '2026-00-01T00:00:00Z',
  'day 0': '2026-01-00T00:00:00Z',
  '24 o’clock': '2026-01-01T24:00:00Z',
  'a leap second': '2026-12-31T23:59:60Z',
  'fractions of a second': '2026-01-01T00:00:00.000Z',
  'an offset': '2026-01-01T00:00:00+00:00',
  'no zone': '2026-01-01T00:00:00',
  'a lower-case z': '2026-01-01T00:00:00z',
  'a lower-case t': '2026-01-01t00:00:00Z',
  'a space for the T': '2026-01-01 00:00:00Z',
  'no seconds': '2026-01-01T00:00Z',
  'a day alone': '2026-01-01',
  'a year of six digits': '+010000-01-01T00:00:00Z',
  'a year below zero': '-000001-01-01T00:00:00Z',
  'a space behind': '2026-01-01T00:00:00Z ',
  'a line end behind': '2026-01-01T00:00:00Z\n',
  'digits of another script': '２０２６-01-01T00:00:00Z',
  'a number': 1767225600,
  'a date': new Date(0),
  nothing: undefined,
  'a list of a good one': ['2026-01-01T00:00:00Z'],
};

describe('parseDate', () => {
  it.each(Object.entries(REFUSED))('refuses %s', (_, text) => {
    expect(() => parseDate(text)).toThrow(TypeError);
  });

  it('accepts 29 February of a leap year', () => {
    expect(parseDate('2028-02-29T23:59:59Z').getTime()).toBe(Date.UTC(2028, 1, 29, 23, 59, 59));
  });

  it('reads what encodeDate writes, to the second', () => {
    const date = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(date, (moment) => {
        expect(parseDate(encodeDate(moment)).getTime()).toBe(Math.floor(moment.getTime() / 1000) * 1000);
      }),
    );
  });
});

it('encodeDate cuts fractions off and never rounds up', () => {
  expect(encodeDate(new Date('2026-11-20T09:00:00.999Z'))).toBe('2026-11-20T09:00:00Z');
});

it.each(['+010000-01-01T00:00:00Z', '-000001-12-31T23:59:59Z'])(
  'encodeDate writes no year that parseDate would refuse: %s',
  (text) => {
    expect(() => encodeDate(new Date(text))).toThrow(TypeError);
  },
);
