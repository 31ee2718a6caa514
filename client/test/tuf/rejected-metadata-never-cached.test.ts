// Attack: what was refused today is kept, and believed tomorrow because it lies in the cache.

import { describe, expect, it } from 'vitest';
import { type Forgery, MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';
import { makeKey, sha256Hex } from './test-keys.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';
const ROLES = ['root', 'timestamp', 'snapshot', 'targets', 'm-fff1'] as const;

const FAULTS: Record<string, Forgery> = {
  unsigned: { signedBy: [] },
  'signed by a stranger': { signedBy: [makeKey()] },
  'not metadata': { says: () => ({}) },
  'not JSON': { written: (text) => text.slice(1) },
  'of version 0': { says: (signed) => ({ ...signed, version: 0 }) },
  expired: { says: (signed) => ({ ...signed, expires: '2026-11-20T08:59:59Z' }) },
  'of another version than is listed': { says: (signed) => ({ ...signed, version: 7 }) },
};

function library() {
  return new MemoryRepository({ lists: 'versions' })
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'image', 'm-fff1')
    .publish();
}

describe.each(ROLES)('a %s', (role) => {
  // A timestamp is listed nowhere, so any higher version is right; an expired root is kept, as TUF 5.3.8 says
  const faults = Object.keys(FAULTS).filter(
    (fault) =>
      !(role === 'timestamp' && fault.includes('listed')) && !(role === 'root' && fault === 'expired'),
  );

  it.each(faults)('that is %s is not in the cache, of a reader old or new', async (fault) => {
    const old = new Reader(library());
    const repository = old.repository;
    expect(await old.accepts(reads(IMAGE))).toBe('image');
    const trusted = old.cache.content()[`${role}.json`];
    if (role === 'root') repository.publishRoot(FAULTS[fault]);
    else repository.publish({ [role]: FAULTS[fault] ?? {} });
    const rejected = sha256Hex(repository.file(role === 'timestamp' ? 'timestamp.json' : `2.${role}.json`));

    const fresh = new Reader(repository);
    for (const reader of [old, old, fresh]) {
      await expect(reader.accepts(finds(IMAGE))).rejects.toMatchObject({ name: 'RefusedError' });
      expect(Object.values(reader.cache.content())).not.toContain(rejected);
    }
    expect(old.cache.content()[`${role}.json`]).toBe(trusted);
    if (role !== 'root') expect(fresh.cache.files.has(`${role}.json`)).toBe(false);
    if (role === 'root') expect([...fresh.cache.files.keys()]).not.toContain('roots/2.root.json');
  });
});

it('what is in the cache is what was published, octet for octet', async () => {
  const repository = library().publishRoot().publish();
  const reader = new Reader(repository);
  await reader.accepts(finds(IMAGE));
  const kept = reader.cache.files;
  expect(kept.get('root.json')).toEqual(repository.file('2.root.json'));
  expect(kept.get('roots/2.root.json')).toEqual(repository.file('2.root.json'));
  expect(kept.get('timestamp.json')).toEqual(repository.file('timestamp.json'));
  expect(kept.get('snapshot.json')).toEqual(repository.file('2.snapshot.json'));
  expect(kept.get('targets.json')).toEqual(repository.file('1.targets.json'));
  expect(kept.get('m-fff1.json')).toEqual(repository.file('1.m-fff1.json'));
});

it('a session that finds nothing new writes nothing', async () => {
  const reader = new Reader(library());
  await reader.accepts(finds(IMAGE));
  reader.cache.writes.length = 0;
  await reader.accepts(finds(IMAGE));
  expect(reader.cache.writes).toEqual([]);
  expect(reader.repository.asked()).toEqual(['2.root.json', 'timestamp.json']);
});

it('a cached file is verified like one from the network: what a thief puts there is passed over', async () => {
  const reader = new Reader(library());
  expect(await reader.accepts(reads(IMAGE))).toBe('image');
  const thief = library();
  for (const role of ROLES) {
    const versioned = role === 'timestamp' ? 'timestamp.json' : `1.${role}.json`;
    reader.cache.files.set(`${role}.json`, thief.file(versioned));
    expect(await reader.accepts(reads(IMAGE)), role).toBe('image');
    const own = reader.repository.file(versioned);
    expect(reader.cache.files.get(`${role}.json`), role).toEqual(own);
  }
});
