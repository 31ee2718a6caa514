// Attack: a key that was replaced is used again, by a thief, or by an old file in the cache (TUF 5.4.2, 5.5.3, 5.6.3).

import { describe, expect, it } from 'vitest';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';
import { makeKey, makeKeys } from './test-keys.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';

function library(keys = makeKeys(1)) {
  return new MemoryRepository({ lists: 'versions' })
    .delegate('targets', { name: 'm-fff1', keys, paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'image', 'm-fff1')
    .publish();
}

describe.each(['timestamp', 'snapshot', 'targets'] as const)('a replaced key of %s', (role) => {
  it('signs nothing any more', async () => {
    const repository = library();
    const reader = new Reader(repository);
    await reader.accepts();
    const revoked = repository.holders(role).keys;
    repository.rotate(role).publish();
    expect(await reader.accepts(reads(IMAGE))).toBe('image');
    repository.publish({ [role]: { signedBy: revoked } });
    await expect(reader.accepts()).rejects.toMatchObject({ name: 'RefusedError', code: 'UNSIGNED' });
  });
});

it('a cached targets file of the old holder is not used under the new root, though its version still is right', async () => {
  const repository = library();
  const reader = new Reader(repository);
  expect(await reader.accepts(reads(IMAGE))).toBe('image');
  // The root changes, and nobody signs targets anew: the snapshot still lists version 1
  repository.rotate('targets');
  await reader.refuses('UNSIGNED', {
    asking: ['2.root.json', '3.root.json', 'timestamp.json', '1.targets.json'],
    moved: ['root.json', 'roots/2.root.json', FLOORS_FILE],
  });
});

describe('a manufacturer whose key was replaced in the delegation', () => {
  it('is not read from the cache by the old signature', async () => {
    const repository = library();
    const reader = new Reader(repository);
    expect(await reader.accepts(reads(IMAGE))).toBe('image');
    repository.delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] });
    // The role's own file stays as it was, version 1 by the old key
    const stale = repository.file('1.m-fff1.json');
    repository.publish();
    repository.lie({ '2.m-fff1.json': stale });
    await expect(reader.accepts(finds(IMAGE))).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'UNSIGNED',
    });
    repository.tellTheTruth();
    expect(await reader.accepts(reads(IMAGE))).toBe('image');
  });

  it('who has another key left still publishes', async () => {
    const [lost, left] = makeKeys(2);
    if (lost === undefined || left === undefined) throw new TypeError('two keys were made');
    const repository = library([lost, left]);
    const reader = new Reader(repository);
    expect(await reader.accepts(reads(IMAGE))).toBe('image');
    repository.addTarget(IMAGE, 'newer', 'm-fff1').publish({ 'm-fff1': { signedBy: [left] } });
    expect(await reader.accepts(reads(IMAGE))).toBe('newer');
    repository.publish({ 'm-fff1': { signedBy: [makeKey()] } });
    await expect(reader.accepts(finds(IMAGE))).rejects.toMatchObject({ code: 'UNSIGNED' });
  });

  it('and whose threshold rose is not read from the cache with too few', async () => {
    const keys = makeKeys(2);
    const repository = library(keys).publish({ 'm-fff1': { signedBy: keys.slice(0, 1) } });
    const reader = new Reader(repository);
    expect(await reader.accepts(reads(IMAGE))).toBe('image');
    const stale = repository.file('2.m-fff1.json');
    repository
      .delegate('targets', { name: 'm-fff1', keys, threshold: 2, paths: ['firmware/FFF1/*/*'] })
      .publish();
    repository.lie({ '3.m-fff1.json': stale });
    await expect(reader.accepts(finds(IMAGE))).rejects.toMatchObject({ code: 'UNSIGNED' });
    repository.tellTheTruth();
    expect(await reader.accepts(reads(IMAGE))).toBe('image');
  });
});
