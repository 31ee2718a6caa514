// Are patterns that share a path found, all of them and no others, and among thousands of roles in no time?

import { type DelegatedRole, parseRoleName } from '@cfl/client/tuf';
import { describe, expect, it } from 'vitest';
import { oddness, sharedPaths } from '../../src/check/patterns.ts';

const role = (name: string, covers: DelegatedRole['covers']): DelegatedRole => ({
  name: parseRoleName(name),
  terminating: true,
  covers,
  keyIds: [],
  threshold: 1,
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
