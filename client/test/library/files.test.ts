// The one way to files: a write is whole or did not happen, a secret is its owner's, and no path leaves the folder.

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Files, folder } from '../../src/library/index.ts';

async function temporary(): Promise<string> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-test-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  return base;
}

const octets = (text: string) => new TextEncoder().encode(text);
const text = (found: Uint8Array | undefined) => found && new TextDecoder().decode(found);

async function permissions(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

/** Every name below the folder, hidden ones too. */
async function everything(base: string): Promise<readonly string[]> {
  return (await readdir(base, { recursive: true })).toSorted();
}

describe('a folder', () => {
  it('keeps what is written, and makes the folders on the way', async () => {
    const base = await temporary();
    const files = folder(join(base, 'not/there/yet'));
    expect(await files.read('a/b.json')).toBeUndefined();
    expect(await files.writeNew('a/b.json', octets('1'))).toBe(true);
    expect(text(await files.read('a/b.json'))).toBe('1');
    await files.replace('a/b.json', octets('2'));
    await files.replace('c.json', octets('3'));
    expect(text(await files.read('a/b.json'))).toBe('2');
    expect(await files.list('')).toEqual(['a/b.json', 'c.json']);
    expect(await files.list('a')).toEqual(['b.json']);
    expect(await files.list('nothing/here')).toEqual([]);
    await files.remove('a/b.json');
    await files.remove('a/b.json');
    expect(await files.read('a/b.json')).toBeUndefined();
    expect(await everything(base)).not.toContainEqual(expect.stringContaining('.tmp-'));
  });

  it('has no file below a file', async () => {
    const files = folder(await temporary());
    await files.replace('a', octets('1'));
    expect(await files.read('a/b')).toBeUndefined();
    expect(await files.list('a/b')).toEqual([]);
  });

  it('lists the same paths whatever the form of its own', async () => {
    const base = await temporary();
    await folder(base).replace('a/b.json', octets('1'));
    const forms = [`${base}/`, `${base}/./`, `${base}/a/..`, relative('.', base), `./${relative('.', base)}`];
    for (const form of forms) {
      expect(await folder(form).list(''), form).toEqual(['a/b.json']);
      expect(await folder(form).list('a'), form).toEqual(['b.json']);
    }
  });

  it('lists files alone: no folder, no link to elsewhere, no temporary file', async () => {
    const base = await temporary();
    const files = folder(base);
    await files.replace('a/b.json', octets('1'));
    await mkdir(join(base, 'empty'));
    await symlink('/etc', join(base, 'etc'));
    await symlink('/etc/hostname', join(base, 'a/hostname'));
    await writeFile(join(base, 'a/.tmp-1-1'), 'half');
    expect(await files.list('')).toEqual(['a/b.json']);
  });
});

describe('a new file', () => {
  it('is never written over', async () => {
    const base = await temporary();
    const files = folder(base);
    expect(await files.writeNew('a', octets('first'))).toBe(true);
    expect(await files.writeNew('a', octets('second'))).toBe(false);
    expect(text(await files.read('a'))).toBe('first');
    expect(await everything(base)).toEqual(['a']);
  });

  it('that twenty write at once is written by one', async () => {
    const base = await temporary();
    const writers = Array.from({ length: 20 }, (_, i) =>
      folder(base).writeNew('sub/a', octets(`writer ${i}`)),
    );
    const results = await Promise.all(writers);
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(text(await folder(base).read('sub/a'))).toBe(`writer ${results.indexOf(true)}`);
    expect(await everything(base)).toEqual(['sub', 'sub/a']);
  });
});

describe('a replaced file', () => {
  it('is the old one or the new one for whoever reads meanwhile', async () => {
    const files = folder(await temporary());
    const versions = [octets('a'.repeat(200_000)), octets('b'.repeat(300_000))] as const;
    await files.replace('file', versions[0]);
    let done = false;
    const writing = (async () => {
      for (let i = 0; i < 30; i++) await files.replace('file', versions[i % 2 === 0 ? 1 : 0]);
      done = true;
    })();
    const seen = new Set<string>();
    while (!done) {
      const found = text(await files.read('file')) ?? 'missing';
      seen.add(`${found.length} ${[...new Set(found)].join('')}`);
    }
    await writing;
    expect([...seen].filter((one) => one !== '200000 a' && one !== '300000 b')).toEqual([]);
  });

  it('is one of those that ten write at once, whole', async () => {
    const base = await temporary();
    const all = Array.from({ length: 10 }, (_, i) => `${i}`.repeat(10_000));
    await Promise.all(all.map((one) => folder(base).replace('file', octets(one))));
    expect(all).toContain(text(await folder(base).read('file')));
    expect(await everything(base)).toEqual(['file']);
  });
});

describe('who may read', () => {
  it('secret files and their folders: their owner alone', async () => {
    const base = join(await temporary(), 'private');
    const files = folder(base, 'secret');
    await files.writeNew('keys/new.json', octets('1'));
    await files.replace('keys/replaced.json', octets('1'));
    expect(await permissions(base)).toBe('700');
    expect(await permissions(join(base, 'keys'))).toBe('700');
    expect(await permissions(join(base, 'keys/new.json'))).toBe('600');
    expect(await permissions(join(base, 'keys/replaced.json'))).toBe('600');
  });

  it('secret files that replace one that all could read', async () => {
    const base = await temporary();
    await writeFile(join(base, 'a'), 'old');
    await chmod(join(base, 'a'), 0o644);
    await folder(base, 'secret').replace('a', octets('new'));
    expect(await permissions(join(base, 'a'))).toBe('600');
  });

  it('published files: everybody', async () => {
    const base = join(await temporary(), 'metadata');
    await folder(base).writeNew('a/b.json', octets('1'));
    const open = (mode: number) => (mode & ~process.umask()).toString(8);
    expect(await permissions(join(base, 'a'))).toBe(open(0o755));
    expect(await permissions(join(base, 'a/b.json'))).toBe(open(0o644));
  });
});

describe('a path that leaves the folder', () => {
  const OUTSIDE = [
    '',
    '/',
    '/etc/hostname',
    '..',
    '../a',
    'a/../../b',
    'a/..',
    './a',
    'a/./b',
    'a//b',
    'a/',
    'a\0b',
  ];
  const operations: Record<string, (files: Files, path: string) => Promise<unknown>> = {
    read: (files, path) => files.read(path),
    writeNew: (files, path) => files.writeNew(path, octets('evil')),
    replace: (files, path) => files.replace(path, octets('evil')),
    remove: (files, path) => files.remove(path),
  };

  it.each(Object.entries(operations))('is a mistake of the program: %s', async (_name, operation) => {
    const base = await temporary();
    await folder(base).replace('a', octets('honest'));
    const files = folder(join(base, 'inside'));
    await operation(files, 'a/b');
    for (const path of OUTSIDE)
      await expect(operation(files, path), JSON.stringify(path)).rejects.toThrow(TypeError);
    expect(await readFile(join(base, 'a'), 'utf8')).toBe('honest');
  });

  it('is a mistake of the program: list', async () => {
    const files = folder(join(await temporary(), 'inside'));
    for (const path of OUTSIDE.filter((one) => one !== ''))
      await expect(files.list(path), JSON.stringify(path)).rejects.toThrow(TypeError);
  });
});

describe('a write that fails', () => {
  it('leaves nothing: a folder stands where the file should', async () => {
    const base = await temporary();
    await mkdir(join(base, 'a/b'), { recursive: true });
    const files = folder(base);
    await expect(files.replace('a', octets('1'))).rejects.toThrow();
    expect(await files.writeNew('a', octets('1'))).toBe(false);
    expect(await everything(base)).toEqual(['a', 'a/b']);
  });

  it('leaves nothing: a file stands where a folder should', async () => {
    const base = await temporary();
    const files = folder(base);
    await files.replace('a', octets('1'));
    await expect(files.writeNew('a/b', octets('2'))).rejects.toThrow();
    await expect(files.replace('a/b', octets('2'))).rejects.toThrow();
    expect(await everything(base)).toEqual(['a']);
  });
});

it('temporary files of a killed process with our number, as in a container, do not disturb', async () => {
  const base = await temporary();
  for (let serial = 1; serial <= 500; serial++)
    await writeFile(join(base, `.tmp-${process.pid}-${serial}`), 'half');
  const files = folder(base);
  expect(await files.writeNew('a', octets('1'))).toBe(true);
  await files.replace('b', octets('2'));
  expect(await files.list('')).toEqual(['a', 'b']);
});
