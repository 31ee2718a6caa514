// Are patterns that share a path found, all of them and no others, and among thousands of roles in no time?

import { type DelegatedRole, matchesPattern, parseRoleName } from '@cfl/client/tuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oddness, patternsMeet, sharedPaths } from '../../src/check/patterns.ts';

const role = (name: string, covers: DelegatedRole['covers']): DelegatedRole => ({
  name: parseRoleName(name),
  terminating: true,
  covers,
  keyIds: [],
  threshold: 1,
});

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

describe('the roles that one role delegates to', () => {
  it('are named once a pair, with two patterns that meet', () => {
    const roles = [
      role('one', { paths: ['firmware/FFF1/*/*', 'firmware/FFF1/*'] }),
      role('two', { paths: ['firmware/*/*', 'firmware/*/*/*'] }),
      role('three', { paths: ['cpl/*'] }),
    ];
    expect(sharedPaths(roles)).toEqual([
      { roles: ['two', 'one'], patterns: ['firmware/*/*/*', 'firmware/FFF1/*/*'] },
    ]);
  });

  it('by hash prefixes share paths where one prefix begins another', () => {
    const bins = ['0', '1', '2'].map((prefix) => role(`bin-${prefix}`, { hashPrefixes: [prefix] }));
    expect(sharedPaths(bins)).toEqual([]);
    const shared = sharedPaths([...bins, role('bin-1f', { hashPrefixes: ['1f'] })]);
    expect(shared?.map(({ roles }) => roles)).toEqual([['bin-1', 'bin-1f']]);
  });

  it('by hashes and by paths may always share one', () => {
    const mixed = [role('bin', { hashPrefixes: ['0'] }), role('named', { paths: ['a/*'] })];
    expect(sharedPaths(mixed)).toHaveLength(1);
  });

  it('may be ten thousand, each with hundreds of patterns', () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      role(`m-${i}`, { paths: Array.from({ length: 20 }, (_, j) => `firmware/${i}/${j}-*/*`) }),
    );
    expect(sharedPaths(many)).toEqual([]);
  });

  it('are given up where every pattern begins with a star', () => {
    const many = Array.from({ length: 3_000 }, (_, i) =>
      role(`m-${i}`, { paths: [`*${'-'.repeat(50)}${i}`, `*/${i}`] }),
    );
    expect(sharedPaths(many)).toBeUndefined();
  });
});

it.each<[string, string | undefined]>([
  ['firmware/FFF1/a2*/*', undefined],
  ['catalogue/*F1-*', undefined],
  ['targets/image?.ota', 'has a pattern character that is not "*"'],
  ['[ab]/*', 'has a pattern character that is not "*"'],
  ['a/**', 'has two stars in a row'],
  ['/a', 'has a segment that no target path has'],
  ['a/../b', 'has a segment that no target path has'],
])('the pattern %s %s', (pattern, odd) => {
  expect(oddness(pattern)).toBe(odd);
});
