// Attack: a file that never ends (TUF 5.3.3, 5.4.1, 5.5.1, 5.6.1, 5.7.3: every download has its limit).

import { describe, expect, it } from 'vitest';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';
const TOO_LONG = ['WRONG_LENGTH', 'TOO_MANY'] as const;
const CHAIN = ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json', '1.m-fff1.json', IMAGE];
const KEPT = ['root.json', FLOORS_FILE, 'timestamp.json', 'snapshot.json', 'targets.json', 'm-fff1.json'];

function library(lists: 'everything' | 'versions') {
  return new MemoryRepository({ lists })
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'an honest image', 'm-fff1')
    .publish();
}

describe.each(['everything', 'versions'] as const)('where %s are listed', (lists) => {
  it.each(CHAIN)('%s without end is refused at its limit', async (file) => {
    const repository = library(lists);
    const twin = new Reader(repository);
    expect(await twin.accepts(reads(IMAGE))).toBe('an honest image');

    const reader = new Reader(repository);
    repository.lie({ [file]: 'endless' });
    const at = CHAIN.indexOf(file);
    await reader.refuses(TOO_LONG, {
      act: reads(IMAGE),
      asking: CHAIN.slice(0, at + 1),
      moved: KEPT.slice(0, Math.max(3, at + 2)),
    });
    expect(Object.keys(reader.cache.content())).not.toContain(file.replace(/^1\./, ''));
    repository.tellTheTruth();
    expect(await reader.accepts(reads(IMAGE))).toBe('an honest image');
  });

  it.each(CHAIN.slice(1))('%s followed by white space without end is refused too', async (file) => {
    const repository = library(lists);
    await new Reader(repository).accepts(reads(IMAGE));
    const honest = repository.files.get(file) ?? repository.content.get(file) ?? new Uint8Array();
    const limit = repository.limits.get(file) ?? 0;
    const padded = new Uint8Array(limit + 1).fill(0x20);
    padded.set(honest);
    repository.lie({ [file]: padded });
    const reader = new Reader(repository);
    await expect(reader.accepts(reads(IMAGE))).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'WRONG_LENGTH',
    });
    expect(repository.asked()).toEqual(CHAIN.slice(0, CHAIN.indexOf(file) + 1));
  });
});

it('the listed length is the limit, where there is one', async () => {
  const repository = library('everything');
  await new Reader(repository).accepts(reads(IMAGE));
  for (const file of CHAIN.slice(2)) {
    const octets = repository.files.get(file) ?? repository.content.get(file);
    expect(repository.limits.get(file), file).toBe(octets?.length);
  }
});

it('files of no listed length have a limit all the same', async () => {
  const repository = library('versions');
  await new Reader(repository).accepts(finds(IMAGE));
  for (const file of CHAIN.slice(0, 5))
    expect(repository.limits.get(file), file).toBeLessThanOrEqual(64_000_000);
  expect(repository.limits.get('timestamp.json')).toBeLessThanOrEqual(1_000_000);
});

it('a listed length of many terabytes does not become the limit of a metadata file', async () => {
  const repository = library('everything');
  const reader = new Reader(repository);
  await reader.accepts();
  repository.publishTimestamp({ version: 2, length: 2 ** 50 });
  repository.lie({ '2.snapshot.json': 'missing' });
  await expect(reader.accepts()).rejects.toThrow();
  expect(repository.limits.get('2.snapshot.json') ?? 0).toBeLessThanOrEqual(1_000_000_000);
});
