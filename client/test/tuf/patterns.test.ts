// Attack: a delegation's pattern is made to cover more than it seems to (TUF 4.5, PATHPATTERN).
// Only `*` and `?` are special, both within one segment; everything else stands for itself.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader } from './reader.ts';

const COVERED: readonly (readonly [pattern: string, path: string])[] = [
  ['targets/*.tgz', 'targets/foo.tgz'],
  ['foo-version-?.tgz', 'foo-version-a.tgz'],
  ['*.tgz', 'foo.tgz'],
  ['foo.tgz', 'foo.tgz'],
  ['firmware/FFF1/*/*', 'firmware/FFF1/a/image.ota'],
  ['firmware/FFF1/*/*', 'firmware/FFF1/.hidden/.dot'],
  ['*', '.hidden'],
  ['?hidden', '.hidden'],
  ['a*', 'a'],
  ['a*b*c', 'a-b-b-c'],
  ['**', 'ab'],
  ['a2*/x', 'a2/x'],
  ['[ab]', '[ab]'],
  ['{a,b}', '{a,b}'],
  ['!a', '!a'],
  ['#a', '#a'],
  ['a+(b)', 'a+(b)'],
  ['a.c', 'a.c'],
  ['a$', 'a$'],
  ['^a', '^a'],
  ['(a|b)', '(a|b)'],
  ['*', 'constructor'],
];

const NOT_COVERED: readonly (readonly [pattern: string, path: string])[] = [
  ['targets/*.tgz', 'targets/foo.txt'],
  ['targets/*.tgz', 'targets/deeper/foo.tgz'],
  ['foo-version-?.tgz', 'foo-version-alpha.tgz'],
  ['*.tgz', 'targets/foo.tgz'],
  ['*', 'a/b'],
  ['**', 'a/b'],
  ['**/b', 'a/x/b'],
  ['a/**', 'a/b/c'],
  ['a?b', 'a/b'],
  ['a*b', 'a/b'],
  ['firmware/FFF1/*/*', 'firmware/FFF1/a'],
  ['firmware/FFF1/*/*', 'firmware/FFF1/a/b/c'],
  ['firmware/FFF1/*/*', 'firmware/FFF11/a/b'],
  ['firmware/FFF1/*/*', 'Firmware/FFF1/a/b'],
  ['firmware/fff1/*/*', 'firmware/FFF1/a/b'],
  ['[ab]', 'a'],
  ['[!a]', 'b'],
  ['{a,b}', 'a'],
  ['!a', 'evil'],
  ['a.c', 'abc'],
  ['a+', 'aa'],
  ['(a|b)', 'a'],
  ['.*', 'a'],
  ['', 'a'],
  ['a', 'b/a'],
  ['a', 'a/b'],
  ['a/', 'a'],
  ['a*?', 'a'],
  ['\\*', 'a'],
];

describe.each([
  ['covers', COVERED, true],
  ['does not cover', NOT_COVERED, false],
] as const)('a pattern that %s the path', (_, cases, covered) => {
  it.each(cases)('%s and %s', (pattern, path) => {
    expect(matchesPattern(path, pattern)).toBe(covered);
  });

  it.each(cases)('%s and %s, seen by a reader who looks for the target', async (pattern, path) => {
    const repository = new MemoryRepository()
      .delegate('targets', { name: 'a', paths: [pattern] })
      .addTarget(path, 'x', 'a')
      .publish();
    const reader = new Reader(repository);
    expect((await reader.accepts(finds(path)))?.role).toBe(covered ? 'a' : undefined);
    expect(repository.asked().includes('1.a.json')).toBe(covered);
  });
});

it('a pattern of many stars takes no longer than a plain one', () => {
  const path = 'a'.repeat(4000);
  const pattern = `${'a*'.repeat(1000)}b`;
  const start = performance.now();
  expect(matchesPattern(path, pattern)).toBe(false);
  expect(performance.now() - start).toBeLessThan(1000);
});

describe('a delegation by the hash of the path', () => {
  const path = 'firmware/FFF1/a/image.ota';
  const digest = createHash('sha256').update(path).digest('hex');
  const other = digest.startsWith('0') ? '1' : '0';

  it.each([
    ['the first digits of the hash', [digest.slice(0, 3)], true],
    ['the whole hash', [digest], true],
    ['one of several prefixes', [other, digest.slice(0, 2)], true],
    ['another prefix', [other], false],
    ['digits from the middle of the hash', [`${other}${digest.slice(1, 4)}`], false],
    ['the hash and more', [`${digest}0`], false],
    ['no prefix at all', [], false],
  ])('%s', async (_, hashPrefixes, covered) => {
    const repository = new MemoryRepository()
      .delegate('targets', { name: 'a', hashPrefixes })
      .addTarget(path, 'x', 'a')
      .publish();
    const reader = new Reader(repository);
    expect((await reader.accepts(finds(path)))?.role).toBe(covered ? 'a' : undefined);
    expect(repository.asked().includes('1.a.json')).toBe(covered);
  });
});
