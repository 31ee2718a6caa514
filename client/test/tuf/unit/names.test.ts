// Names from signed files: what may be one, and what they match.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistentName,
  isTargetPath,
  matchesPattern,
  metadataFile,
  parseRoleName,
  parseTargetPath,
  type RoleName,
} from '../../../src/tuf/index.ts';

/** Every way in which the pattern might match, tried one after the other. */
function matchesSlowly(text: string, pattern: string): boolean {
  const [first, rest] = [pattern.slice(0, 1), pattern.slice(1)];
  if (first === '') return text === '';
  if (first === '*') {
    return (
      matchesSlowly(text, rest) || (text !== '' && text[0] !== '/' && matchesSlowly(text.slice(1), pattern))
    );
  }
  if (text === '') return false;
  const fits = first === '?' ? text[0] !== '/' : first === text[0];
  return fits && matchesSlowly(text.slice(1), rest);
}

describe('a path pattern', () => {
  const path = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '*'), maxLength: 10 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '*', '?', '.', '['), maxLength: 8 });

  it('matches as an oracle does that tries everything', () => {
    fc.assert(
      fc.property(path, pattern, (text, glob) => {
        expect(matchesPattern(text, glob)).toBe(matchesSlowly(text, glob));
      }),
      { numRuns: 3000 },
    );
  });

  it('made from a path by stars and question marks matches that path', () => {
    fc.assert(
      fc.property(path, fc.infiniteStream(fc.constantFrom('keep', '?', '*', '**')), (text, choices) => {
        const glob = [...text].map((sign) => blurred(sign, choices.next().value)).join('');
        expect(matchesPattern(text, glob)).toBe(true);
      }),
    );
  });

  it.each([
    ['firmware/FFF1/a2b/image.ota', 'firmware/FFF1/a2*/*', true],
    ['firmware/FFF1/b2a/image.ota', 'firmware/FFF1/a2*/*', false],
    ['firmware/FFF1/a/b/c', 'firmware/FFF1/*/*', false],
    ['firmware/FFF1/a', 'firmware/FFF1/*/*', false],
    ['firmware/FFF1x/a/b', 'firmware/FFF1/*/*', false],
    ['a', '**', true],
    ['a/b', '**', false],
    ['.hidden', '*', true],
    ['a', '[a]', false],
    ['[a]', '[a]', true],
    ['evil', '!good', false],
    ['{a,b}', 'a', false],
    ['a', 'A', false],
    ['axb', 'a.b', false],
    ['', '', true],
    ['a', '', false],
  ])('"%s" under "%s": %s', (text, glob, expected) => {
    expect(matchesPattern(text, glob)).toBe(expected);
  });

  it('full of stars is answered at once', () => {
    const started = performance.now();
    expect(matchesPattern('a'.repeat(4096), `${'*a'.repeat(2000)}*b`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('a target path', () => {
  const GOOD = [
    'a',
    'firmware/FFF1/0a/image.ota',
    '.hidden',
    '..a',
    '...',
    'a..b/c',
    'a b',
    'ü/字/😀',
    '%2e%2e/%2f',
    '~',
    '-',
    'C:',
    '*',
    'a'.repeat(4096),
  ];
  it.each(GOOD)('may be "%s"', (text) => {
    expect(parseTargetPath(text)).toBe(text);
  });

  const BAD: Record<string, string> = {
    nothing: '',
    'the root': '/',
    absolute: '/etc/passwd',
    'a folder': 'a/',
    'with an empty segment': 'a//b',
    here: '.',
    up: '..',
    'up in the middle': 'a/../b',
    'up at the end': 'a/..',
    'here at the start': './a',
    'here in the middle': 'a/./b',
    'with a backslash': 'a\\b',
    'with a zero octet': 'a\0b',
    'with a line end': 'a\nb',
    'with a line end at the end': 'a\n',
    'with a delete character': 'a\u007F',
    'with half a surrogate pair': 'a\uD800',
    'too long': 'a'.repeat(4097),
    'too long in segments': `${'a/'.repeat(2048)}a`,
  };
  it.each(Object.entries(BAD))('is never %s', (_, text) => {
    expect(isTargetPath(text)).toBe(false);
    expect(() => parseTargetPath(text)).toThrow(
      expect.objectContaining({ name: 'RefusedError', code: 'NOT_METADATA' }),
    );
  });

  it('is found good or bad by the rule alone, whatever the shortcut for plain ones', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'Z', '0', '_', '-', '.', '.', '/', '/', '\\', '\n', 'é', ' '),
      maxLength: 8,
    });
    fc.assert(
      fc.property(text, (path) => {
        const segments = path.split('/');
        const good = !/[\\\n]/.test(path) && !segments.some((segment) => ['', '.', '..'].includes(segment));
        expect(isTargetPath(path)).toBe(good);
      }),
      { numRuns: 2000 },
    );
  });

  it('under consistent snapshots has the digest before its last segment', () => {
    expect(consistentName(parseTargetPath('a'), 'd')).toBe('d.a');
    expect(consistentName(parseTargetPath('firmware/FFF1/a/image.ota'), 'd')).toBe(
      'firmware/FFF1/a/d.image.ota',
    );
  });
});

describe('a role name', () => {
  const name = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 12 })
    .filter((text) => !/\p{Cc}/u.test(text));

  it('is kept as the file has it', () => {
    for (const text of ['m-fff1', '../x', 'a/b', 'ü', 'con', '.', ' '])
      expect(parseRoleName(text)).toBe(text);
  });

  it.each([
    ['nothing', ''],
    ['a control character', 'a\u0000'],
    ['a line end', 'a\n'],
    ['half a surrogate pair', '\uDC00'],
    ['too long', 'a'.repeat(201)],
    ['too long in a URL', '字'.repeat(23)],
    ['no text', 7],
    ['missing', undefined],
  ])('is never %s', (_, text) => {
    expect(() => parseRoleName(text)).toThrow(
      expect.objectContaining({ name: 'RefusedError', code: 'NOT_METADATA' }),
    );
  });

  it('makes a file name that neither a file system nor a URL reads anything into', () => {
    fc.assert(
      fc.property(name, fc.option(fc.nat(), { nil: undefined }), (text, version) => {
        const file = metadataFile(parseRoleName(text), version);
        expect(file).toMatch(/^[\w.~%-]+\.json$/);
        expect(decodeURIComponent(file)).toBe(
          version === undefined ? `${text}.json` : `${version}.${text}.json`,
        );
        expect(['.', '..']).not.toContain(file);
      }),
    );
  });

  it('makes a file name that no other role has', () => {
    fc.assert(
      fc.property(name, name, (a, b) => {
        fc.pre(a !== b);
        expect(metadataFile(a as RoleName)).not.toBe(metadataFile(b as RoleName));
      }),
    );
  });
});

function blurred(sign: string, choice: string): string {
  if (choice === 'keep' || sign === '/') return sign;
  return choice;
}
