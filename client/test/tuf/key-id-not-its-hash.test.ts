// Attack: a key stands under an id that is not its hash, such as the id of somebody else's key (TUF 4.3).
// Such a key is dropped: it never counts, and it does no harm to the keys beside it.

import { describe, expect, it } from 'vitest';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader } from './reader.ts';
import { makeKey, misnamed } from './test-keys.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';

const WRONG_IDS: Record<string, (right: string) => string> = {
  'of no key': () => 'ab'.repeat(32),
  'in capitals': (right) => right.toUpperCase(),
  'that is too short': (right) => right.slice(0, 40),
  'with a space behind it': (right) => `${right} `,
  'that is a word': () => 'timestamp-key-1',
  'that is a member of every object': () => 'constructor',
};

describe.each(Object.entries(WRONG_IDS))('a key under an id %s', (_, wrong) => {
  const good = makeKey();
  const stray = makeKey();
  const bad = misnamed(stray, wrong(stray.id));

  it('never counts for timestamp', async () => {
    const repository = new MemoryRepository({ holders: { timestamp: { keys: [good, bad], threshold: 1 } } });
    repository.publish({ timestamp: { signedBy: [good] } });
    const reader = new Reader(repository);
    await reader.accepts();
    for (const signer of [bad, stray]) {
      repository.publish({ timestamp: { signedBy: [signer] } });
      await reader.refuses('UNSIGNED', { asking: ['2.root.json', 'timestamp.json'] });
    }
    repository.publish({ timestamp: { signedBy: [bad, good] } });
    await reader.accepts();
  });

  it('never counts for a delegated role', async () => {
    const repository = new MemoryRepository({ lists: 'versions' })
      .delegate('targets', { name: 'm-fff1', keys: [good, bad], paths: ['firmware/FFF1/*/*'] })
      .addTarget(IMAGE, 'image', 'm-fff1')
      .publish({ 'm-fff1': { signedBy: [good] } });
    const reader = new Reader(repository);
    expect(await reader.accepts(finds(IMAGE))).toBeDefined();
    repository.publish({ 'm-fff1': { signedBy: [bad] } });
    await expect(reader.accepts(finds(IMAGE))).rejects.toMatchObject({ code: 'UNSIGNED' });
  });
});

it('two keys that swapped their ids count neither for themselves nor for each other', async () => {
  const [one, two] = [makeKey(), makeKey()];
  const swapped = [misnamed(one, two.id), misnamed(two, one.id)];
  const repository = new MemoryRepository().publish();
  const reader = new Reader(repository);
  await reader.accepts();
  repository.rotate('timestamp', { keys: swapped, threshold: 1 });
  for (const signedBy of [swapped, [one, two]]) {
    repository.publish({ timestamp: { signedBy } });
    await expect(reader.accepts()).rejects.toMatchObject({ code: 'UNSIGNED' });
  }
});

it('a key in the delegations under the id of a key of root changes nothing for root', async () => {
  const repository = new MemoryRepository().publish();
  const reader = new Reader(repository);
  await reader.accepts();
  const thief = misnamed(makeKey(), repository.holders('timestamp').keys[0]?.id ?? '');
  repository.delegate('targets', { name: 'm-fff1', keys: [thief] }).publish({ 'm-fff1': {} });
  await reader.accepts();
  repository.publish({ timestamp: { signedBy: [thief] } });
  await reader.refuses('UNSIGNED', { asking: ['2.root.json', 'timestamp.json'] });
});
