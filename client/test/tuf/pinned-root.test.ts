// Attack: the cache, or the network, puts another root under the reader's feet. The pinned root is the anchor
// at every start; the cache only saves requests.

import { describe, expect, it } from 'vitest';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { Reader, reads } from './reader.ts';

function library(content = 'honest') {
  return new MemoryRepository()
    .addTarget('a.txt', content)
    .publish()
    .rotate('root')
    .rotate('timestamp')
    .publish();
}

describe('the chain of roots', () => {
  it('is walked from the pinned root at every start, and the cache saves the requests', async () => {
    const reader = new Reader(library());
    expect(await reader.accepts(reads('a.txt'))).toBe('honest');
    expect(reader.repository.asked().slice(0, 4)).toEqual([
      '2.root.json',
      '3.root.json',
      '4.root.json',
      'timestamp.json',
    ]);
    await reader.accepts();
    expect(reader.repository.asked()).toEqual(['4.root.json', 'timestamp.json']);
    expect([...reader.cache.files.keys()]).toEqual(
      expect.arrayContaining(['root.json', 'roots/2.root.json', 'roots/3.root.json']),
    );
  });

  it.each([
    ['roots/2.root.json', ['2.root.json', '4.root.json', 'timestamp.json']],
    ['roots/3.root.json', ['3.root.json', '4.root.json', 'timestamp.json']],
    ['root.json', ['4.root.json', 'timestamp.json']],
  ] as const)('with %s lost costs the request for it, and no more', async (file, asking) => {
    const reader = new Reader(library());
    await reader.accepts();
    const before = reader.cache.content();
    reader.cache.remove(file);
    await reader.accepts();
    expect(reader.repository.asked()).toEqual(asking);
    expect(reader.cache.content()).toEqual(before);
  });

  it('may start at a newer pinned root, with the old cache', async () => {
    const reader = new Reader(library());
    await reader.accepts();
    reader.root = reader.repository.file('3.root.json');
    expect(await reader.accepts(reads('a.txt'))).toBe('honest');
    expect(reader.repository.asked().slice(0, 2)).toEqual(['4.root.json', 'timestamp.json']);
  });

  it('takes the newest root into account when roots in the cache and new ones follow each other', async () => {
    const reader = new Reader(library());
    await reader.accepts();
    reader.repository.rotate('snapshot').publish();
    const { root } = await reader.accepts((client) => client.refresh());
    expect(root.signed.version).toBe(4);
  });
});

describe('a cache that is poisoned with another repository', () => {
  it('does not change whom the reader trusts', async () => {
    const thief = new Reader(library('stolen'));
    expect(await thief.accepts(reads('a.txt'))).toBe('stolen');

    const reader = new Reader(library());
    expect(await reader.accepts(reads('a.txt'))).toBe('honest');
    const clean = reader.cache.content();
    for (const file of Object.keys(thief.cache.content()).filter((name) => name !== FLOORS_FILE)) {
      reader.cache.files.set(file, thief.cache.files.get(file) ?? new Uint8Array());
    }
    expect(await reader.accepts(reads('a.txt'))).toBe('honest');
    expect(reader.cache.content()).toEqual(clean);
  });

  it('does not make the other repository acceptable, however complete the chain in the cache is', async () => {
    const thief = new Reader(library('stolen'));
    await thief.accepts();
    const honest = new Reader(library());
    const reader = new Reader(thief.repository);
    reader.root = honest.root;
    reader.cache = thief.cache.copy();
    await reader.refuses('UNSIGNED', { asking: ['2.root.json'] });
    thief.repository.lie({ '2.root.json': 'missing' });
    await expect(reader.accepts()).rejects.toMatchObject({ name: 'RefusedError' });
  });

  it('is no better with the pinned root of the reader and the next of the thief', async () => {
    const honest = new Reader(library());
    await honest.accepts();
    const stranger = library('stolen');
    honest.cache.files.set('roots/2.root.json', stranger.file('2.root.json'));
    honest.cache.files.set('root.json', stranger.file('3.root.json'));
    expect(await honest.accepts(reads('a.txt'))).toBe('honest');
    expect(honest.cache.files.get('roots/2.root.json')).toEqual(honest.repository.file('2.root.json'));
    expect(honest.cache.files.get('root.json')).toEqual(honest.repository.file('3.root.json'));
  });
});

describe('a root that is withheld', () => {
  it('after the reader has seen it is a rollback, and the trusted root does not go back', async () => {
    const reader = new Reader(library());
    await reader.accepts();
    reader.cache.remove('roots/3.root.json');
    reader.repository.lie({ '3.root.json': 'missing' });
    await reader.refuses('ROLLBACK', { asking: ['2.root.json', '3.root.json'].slice(1) });
    expect(reader.cache.files.get('root.json')).toEqual(reader.repository.file('3.root.json'));
  });

  it('does not hide a root that the cache has', async () => {
    const reader = new Reader(library());
    await reader.accepts();
    reader.repository.lie({ '2.root.json': 'missing', '3.root.json': 'missing' });
    const { root } = await reader.accepts((client) => client.refresh());
    expect(root.signed.version).toBe(3);
  });
});

describe('the pinned root itself', () => {
  it.each([
    ['nothing', ''],
    ['not JSON', 'root'],
    ['an empty object', '{}'],
  ])('that is %s is refused before any request', async (_, text) => {
    const reader = new Reader(library());
    await reader.accepts();
    reader.root = new TextEncoder().encode(text);
    await reader.refuses('NOT_METADATA', { asking: [] });
  });

  it('that is another role is refused', async () => {
    const reader = new Reader(library());
    await reader.accepts();
    reader.root = reader.repository.file('timestamp.json');
    await reader.refuses('NOT_METADATA', { asking: [] });
  });

  it('that was changed by one letter is refused', async () => {
    const reader = new Reader(library());
    await reader.accepts();
    const text = new TextDecoder().decode(reader.root);
    reader.root = new TextEncoder().encode(text.replace('2028-01-01', '2038-01-01'));
    await reader.refuses('UNSIGNED', { asking: [] });
  });
});
