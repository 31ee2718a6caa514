import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binOf, binPrefixes, isBinCount, MOST_BINS } from '../../src/firmware/index.ts';

const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
const release = fc.stringMatching(/^[0-9a-f]{64}$/);

describe('a release belongs to', () => {
  it.each([
    ['a2f', 2, 0],
    ['a2f', 16, 10],
    ['a2f', 32, 10],
    ['a3f', 32, 26],
    ['a2f', 256, 42],
    ['a2f', 4096, 10 + 16 * 2 + 256 * 15],
  ])('%s…: of %i bins the one numbered %i', (digits, bins, expected) => {
    expect(binOf(digits.padEnd(64, '0'), bins)).toBe(expected);
  });
});

describe('the bins', () => {
  it('are 1, 2, 4 … 4,096', () => {
    expect(Array.from({ length: MOST_BINS + 2 }, (_, i) => i).filter(isBinCount)).toEqual(COUNTS);
    expect([-2, 1.5, 8192, Number.NaN].filter(isBinCount)).toEqual([]);
  });

  it.each(COUNTS.slice(1))('of %i: every name begins as one of them does, its own', (bins) => {
    const owners = new Map<string, number>();
    for (let bin = 0; bin < bins; bin++) {
      for (const prefix of binPrefixes(bin, bins)) {
        expect(owners.has(prefix)).toBe(false);
        owners.set(prefix, bin);
      }
    }
    fc.assert(
      fc.property(release, (name) => {
        const found = [1, 2, 3].flatMap((digits) => owners.get(name.slice(0, digits)) ?? []);
        expect(found).toEqual([binOf(name, bins)]);
      }),
    );
  });

  it('keep their names when they are doubled: what was in bin i is in i or in i + b', () => {
    fc.assert(
      fc.property(release, fc.constantFrom(...COUNTS.slice(0, -1)), (name, bins) => {
        expect([binOf(name, bins), binOf(name, bins) + bins]).toContain(binOf(name, 2 * bins));
      }),
    );
  });
});
