// Attack: files that were never together, each of them rightly signed (TUF 5.5.2, 5.5.4, 5.6.2, 5.6.4).

import { expect, it } from 'vitest';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';

/** Two moments whose files have the same version numbers: two publications upon one state, as by two publishers. */
function twoMoments() {
  const repository = new MemoryRepository()
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'zero', 'm-fff1')
    .publish();
  const back = new Map(repository.versions);
  repository.addTarget(IMAGE, 'one!', 'm-fff1').addTarget('list.txt', 'one!').publish();
  const one = new Map(repository.files);
  for (const [role, version] of back) repository.versions.set(role, version);
  repository.addTarget(IMAGE, 'two!', 'm-fff1').addTarget('list.txt', 'two!').publish();
  return { repository, one };
}

const SNAPSHOT = ['2.root.json', 'timestamp.json', '2.snapshot.json'];

it.each([
  ['2.snapshot.json', SNAPSHOT, []],
  ['2.targets.json', [...SNAPSHOT, '2.targets.json'], ['snapshot.json']],
  ['2.m-fff1.json', [...SNAPSHOT, '2.targets.json', '2.m-fff1.json'], ['snapshot.json', 'targets.json']],
] as const)(
  '%s of another moment, of the same version and as well signed, is refused by its hash',
  async (file, asking, moved) => {
    const { repository, one } = twoMoments();
    const twin = new Reader(repository);
    expect(await twin.accepts(reads(IMAGE))).toBe('two!');

    const reader = new Reader(repository);
    repository.lie({ [file]: one.get(file) ?? 'missing' });
    await reader.refuses(['WRONG_HASH', 'WRONG_LENGTH'], {
      act: finds(IMAGE),
      asking,
      moved: ['root.json', 'timestamp.json', FLOORS_FILE, ...moved],
    });
    repository.tellTheTruth();
    expect(await reader.accepts(reads(IMAGE))).toBe('two!');
  },
);

it('a target of another moment is refused', async () => {
  const { repository } = twoMoments();
  const reader = new Reader(repository);
  expect(await reader.accepts(reads(IMAGE))).toBe('two!');
  repository.lie({ [IMAGE]: new TextEncoder().encode('one!') });
  await reader.refuses('WRONG_HASH', { act: reads(IMAGE), asking: ['2.root.json', 'timestamp.json', IMAGE] });
});

it('the timestamp of one moment and all else of the other are not put together from cache and network', async () => {
  const { repository, one } = twoMoments();
  const reader = new Reader(repository);
  repository.replay(one);
  expect(await reader.accepts(finds(IMAGE))).toBeDefined();
  // Same versions, other hashes: nothing of the second moment may be taken while the first is trusted
  repository.tellTheTruth().lie({ [IMAGE]: new TextEncoder().encode('one!') });
  expect(await reader.accepts(reads(IMAGE))).toBe('one!');
});

it('cached files that do not belong to the timestamp in force are fetched again, not used', async () => {
  const { repository, one } = twoMoments();
  const reader = new Reader(repository);
  repository.replay(one);
  await reader.accepts(finds(IMAGE));
  repository.tellTheTruth();
  const other = new Reader(repository);
  expect(await other.accepts(reads(IMAGE))).toBe('two!');
  for (const file of ['snapshot.json', 'targets.json', 'm-fff1.json']) {
    const mixed = other.cache.copy();
    mixed.files.set(file, reader.cache.files.get(file) ?? new Uint8Array());
    const victim = new Reader(repository);
    victim.cache = mixed;
    expect(await victim.accepts(reads(IMAGE)), file).toBe('two!');
    expect(victim.cache.content()[file], file).toBe(other.cache.content()[file]);
  }
});
