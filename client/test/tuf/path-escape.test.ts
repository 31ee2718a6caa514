// Attack: a name in a signed file that, taken as a file name, lies somewhere else.

import { posix, win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/encoding/index.ts';
import { FLOORS_FILE, parseTargetPath, RefusedError } from '../../src/tuf/index.ts';
import { MemoryCache } from './memory-cache.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';
import { sha256Hex } from './test-keys.ts';

const ROLE_NAMES = [
  '../x',
  'a/../b',
  '/etc/passwd',
  '..',
  '.',
  '../../../../x',
  'a\\b',
  '..\\x',
  'C:\\x',
  'C:x',
  '%2e%2e%2fx',
  '%2e%2e/x',
  '%00',
  '%',
  'x\u0000y',
  'x\ny',
  'x\u007f',
  'x?y',
  'x#y',
  'x&y',
  'a b',
  ' a',
  'a ',
  'a.',
  '~',
  '-rf',
  '$HOME',
  '`x`',
  '*',
  'x|y',
  '<x>',
  '"x"',
  "x'y",
  'ü',
  '\u202Egnp',
  '\u2024\u2024/x',
  'floors',
  'state',
  'state/floors',
  'state%2Ffloors',
  'roots',
  'roots/2.root',
  '2.root',
  '1.targets',
  'x.json',
  'root.json',
  'constructor',
  '__proto__',
  'e'.repeat(128),
  'ü'.repeat(100),
  'e'.repeat(300),
  '',
];

const OWN_FILES = [FLOORS_FILE, 'root.json', 'timestamp.json', 'snapshot.json', 'targets.json'];

/** One plain name below its folder, on every file system: no separator, no drive, nothing to decode twice. */
function expectPlain(file: string): void {
  const [folder, name] = file.startsWith('roots/') || file === FLOORS_FILE ? file.split('/') : ['', file];
  expect(name, `"${file}" has a segment too many or too few`).toBeDefined();
  expect(file.split('/').length, `"${file}" has a segment too many`).toBe(folder === '' ? 1 : 2);
  expect(name).toMatch(/^[A-Za-z0-9_.~%-]+\.json$/);
  expect(posix.basename(posix.join('/cache', name ?? ''))).toBe(name);
  expect(win32.basename(win32.join('C:\\cache', name ?? ''))).toBe(name);
  expect(name?.length, `"${file}" is longer than file systems take`).toBeLessThanOrEqual(255);
}

describe.each(ROLE_NAMES.map((name) => [JSON.stringify(name), name] as const))(
  'a role named %s',
  (_, name) => {
    const before = new MemoryRepository({ lists: 'versions' })
      .delegate('targets', { name: 'm-fff1', paths: ['honest'] })
      .addTarget('honest', 'honest', 'm-fff1');

    it('is refused, or stays a plain file beside the others', async () => {
      const repository = before.publish();
      const reader = new Reader(repository);
      expect(await reader.accepts(reads('honest'))).toBe('honest');
      const then = new Map(repository.files);
      const kept = new Set(reader.cache.files.keys());

      repository
        .delegate('targets', { name, paths: ['escaped'] })
        .addTarget('escaped', 'escaped', name)
        .publish();
      const got = await reader.accepts(reads('escaped')).catch((error: unknown) => error);
      if (got !== 'escaped') expect(got).toMatchObject({ name: 'RefusedError', code: 'NOT_METADATA' });
      for (const file of repository.asked().filter((asked) => asked !== 'escaped')) expectPlain(file);
      for (const file of reader.cache.writes) expectPlain(file);
      const added = [...reader.cache.files.keys()].filter((file) => !kept.has(file));
      expect(added.length, 'files that this role added').toBeLessThanOrEqual(1);
      expect(OWN_FILES.filter((file) => added.includes(file))).toEqual([]);

      // Whatever it is called, it has not become the floor, a root or a top-level role
      repository.replay(then);
      await expect(reader.accepts()).rejects.toMatchObject({ name: 'RefusedError', code: 'ROLLBACK' });
    });
  },
);

it.each(['Root', 'TIMESTAMP', 'Snapshot', 'Targets', 'M-FFF1'])(
  'a role named %s takes nobody in on a file system that ignores case',
  async (name) => {
    class CaselessCache extends MemoryCache {
      override read = (file: string) => super.read(file.toLowerCase());
      override write = (file: string, octets: Uint8Array) => super.write(file.toLowerCase(), octets);
    }
    const repository = new MemoryRepository()
      .delegate('targets', { name: 'm-fff1', paths: ['honest'] })
      .delegate('targets', { name, paths: ['escaped'] })
      .addTarget('honest', 'honest', 'm-fff1')
      .addTarget('escaped', 'escaped', name)
      .publish();
    const then = new Map(repository.files);
    const reader = new Reader(repository.publish());
    reader.cache = new CaselessCache();
    for (let i = 0; i < 2; i++) {
      expect(await reader.accepts(reads('escaped'))).toBe('escaped');
      expect(await reader.accepts(reads('honest'))).toBe('honest');
    }
    repository.replay(then);
    await reader.refuses('ROLLBACK', { asking: ['2.root.json', 'timestamp.json'] });
  },
);

const TARGET_PATHS = [
  '../x',
  'a/../b',
  '..',
  '.',
  './a',
  'a/.',
  'a/./b',
  'a/..',
  '/etc/passwd',
  '//host/x',
  'a//b',
  'a/',
  '',
  'a\\..\\b',
  '..\\x',
  'C:\\x',
  'a\u0000b',
  'a\nb',
  'a\u007fb',
  '\ud800',
];

describe.each(TARGET_PATHS.map((path) => [JSON.stringify(path), path] as const))(
  'a target path of %s',
  (_, path) => {
    it('is not a target path', () => {
      expect(() => parseTargetPath(path)).toThrow(RefusedError);
    });

    it('in a signed file is refused or passed over, and never asked for', async () => {
      const repository = new MemoryRepository({ lists: 'versions' })
        .delegate('targets', { name: 'm-fff1' })
        .addTarget('honest', 'honest', 'm-fff1')
        .publish();
      const reader = new Reader(repository);
      expect(await reader.accepts(reads('honest'))).toBe('honest');
      const listed = { length: 6, hashes: { sha256: sha256Hex(new TextEncoder().encode('honest')) } };
      const text = JSON.stringify(path);
      repository.publish({
        'm-fff1': {
          says: (signed: JsonObject) => ({
            ...signed,
            targets: { ...(signed.targets as JsonObject), PLACE: listed },
          }),
          written: (file) => file.replace('"PLACE"', text),
        },
      });
      const outcome = await reader.accepts(finds('honest')).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toMatchObject({ name: 'RefusedError' });
      expect(repository.asked()).not.toContain(path);
    });
  },
);

it.each([
  '%2e%2e/x',
  'a/%2e%2e/b',
  '%2Fetc',
  'a b',
  'a#b',
  'a?b',
  'a%00b',
  'ü',
  '...',
  '..a',
  'a..',
  '.hidden',
  'constructor',
  '__proto__',
])('a target path of %s is handed on as it is, letter for letter: nothing in it is decoded', async (path) => {
  const repository = new MemoryRepository().addTarget(path, 'plain').publish();
  const reader = new Reader(repository);
  expect(await reader.accepts(reads(path))).toBe('plain');
  expect(repository.asked().at(-1)).toBe(path);
});

describe('the digest in the name of a target file', () => {
  it.each([
    '../../x',
    '/etc/passwd',
    '..',
    'a/b',
    'a\\b',
    '%2e%2e',
    '',
    'x'.repeat(64),
    'AB'.repeat(32),
    'ab'.repeat(31),
  ])('is never %s', async (digest) => {
    const repository = new MemoryRepository({ lists: 'versions' }).addTarget('honest', 'honest').publish();
    const reader = new Reader(repository);
    expect(await reader.accepts(reads('honest'))).toBe('honest');
    expect(repository.digests).toEqual([sha256Hex(new TextEncoder().encode('honest'))]);
    const says = (signed: JsonObject) => ({
      ...signed,
      targets: { honest: { length: 6, hashes: { sha256: digest } } },
    });
    repository.publish({ targets: { says } });
    await expect(reader.accepts(reads('honest'))).rejects.toMatchObject({ name: 'RefusedError' });
    for (const asked of repository.digests) expect(asked).toMatch(/^[0-9a-f]{64}$/);
  });
});

it('a name in the snapshot that is a path is no more than a name', async () => {
  const repository = new MemoryRepository({ lists: 'versions' }).publish();
  const reader = new Reader(repository);
  await reader.accepts();
  const meta = {
    'targets.json': { version: 1 },
    '../../x.json': { version: 1 },
    'root.json': { version: 7 },
    '__proto__.json': { version: 1 },
  };
  repository.publish({ snapshot: { says: (signed) => ({ ...signed, meta }) } });
  await reader
    .accepts()
    .catch((error: unknown) => expect(error).toMatchObject({ name: 'RefusedError', code: 'NOT_METADATA' }));
  for (const file of [...repository.asked(), ...reader.cache.writes]) expectPlain(file);
});
