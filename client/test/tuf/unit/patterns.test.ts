// Do two patterns share a path? All that do are found, and no others.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern, patternsMeet } from '../../../src/tuf/index.ts';

describe('two patterns', () => {
  it.each<[string, string, boolean]>([
    ['firmware/FFF1/*/*', 'firmware/FFF2/*/*', false],
    ['firmware/FFF1/*/*', 'firmware/*/*/*', true],
    ['firmware/FFF1/a*/*', 'firmware/FFF1/*a/*', true],
    ['a*', '*b', true],
    ['a*c', 'a*d', false],
    ['*', '*/*', false],
    ['a?', 'ab', true],
    ['a?', '*b*', true],
    ['a?', 'a', false],
    ['**', 'a', true],
    ['', '*', true],
  ])('%s and %s', (a, b, meet) => {
    expect(patternsMeet(a, b)).toBe(meet);
    expect(patternsMeet(b, a)).toBe(meet);
  });

  it('meet where some path is covered by both, as a reader covers it', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 5 });
    const paths = ['', 'a', 'b'];
    for (let length = 2; length <= 8; length++)
      for (const path of paths.filter((one) => one.length === length - 1)) paths.push(`${path}a`, `${path}b`);
    fc.assert(
      fc.property(glob, glob, (a, b) => {
        // What both cover has, at its shortest, no more signs than both patterns together
        fc.pre(a.length + b.length <= 8);
        const some = paths.some((path) => matchesPattern(path, a) && matchesPattern(path, b));
        expect(patternsMeet(a, b)).toBe(some);
      }),
    );
  });
});
