// Attack: the reader is made to ask for the wrong names, with and without consistent snapshots (TUF 5.3.12, 6.2).

import { describe, expect, it } from 'vitest';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';
import { sha256Hex } from './test-keys.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';

function library(consistent: boolean) {
  return new MemoryRepository({ consistent })
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'image', 'm-fff1')
    .publish();
}

it('with consistent snapshots every name but the timestamp carries version or hash', async () => {
  const repository = library(true);
  expect(await new Reader(repository).accepts(reads(IMAGE))).toBe('image');
  expect(repository.asked()).toEqual([
    '2.root.json',
    'timestamp.json',
    '1.snapshot.json',
    '1.targets.json',
    '1.m-fff1.json',
    IMAGE,
  ]);
  expect(repository.digests).toEqual([sha256Hex(new TextEncoder().encode('image'))]);
});

it('without them only roots carry a version', async () => {
  const repository = library(false);
  expect(await new Reader(repository).accepts(reads(IMAGE))).toBe('image');
  expect(repository.asked()).toEqual([
    '2.root.json',
    'timestamp.json',
    'snapshot.json',
    'targets.json',
    'm-fff1.json',
    IMAGE,
  ]);
  expect(repository.digests).toEqual([undefined]);
});

describe('without consistent snapshots', () => {
  it('a file older than is listed is refused', async () => {
    const repository = library(false);
    repository.lists = 'versions';
    repository.publish();
    const then = repository.file('m-fff1.json');
    const reader = new Reader(repository);
    expect(await reader.accepts(reads(IMAGE))).toBe('image');
    repository.addTarget(IMAGE, 'newer', 'm-fff1').publish();
    repository.lie({ 'm-fff1.json': then });
    await reader.refuses(['WRONG_VERSION', 'ROLLBACK'], {
      act: finds(IMAGE),
      asking: ['2.root.json', 'timestamp.json', 'snapshot.json', 'm-fff1.json'],
      moved: ['timestamp.json', 'snapshot.json', FLOORS_FILE],
    });
  });

  it('a rollback of everything is refused', async () => {
    const repository = library(false);
    const then = new Map(repository.files);
    const reader = new Reader(repository.publish());
    await reader.accepts();
    repository.replay(then);
    await reader.refuses('ROLLBACK', { asking: ['2.root.json', 'timestamp.json'] });
  });
});

it('a new root decides for what comes after it in the same session', async () => {
  const repository = library(true);
  const reader = new Reader(repository);
  await reader.accepts();
  repository.consistent = false;
  repository.publishRoot().publish({ targets: {}, 'm-fff1': {} });
  expect(await reader.accepts(reads(IMAGE))).toBe('image');
  expect(repository.asked()).toEqual([
    '2.root.json',
    '3.root.json',
    'timestamp.json',
    'snapshot.json',
    'targets.json',
    'm-fff1.json',
    IMAGE,
  ]);
});

it('an unsigned root cannot decide it', async () => {
  const repository = library(true);
  const reader = new Reader(repository);
  await reader.accepts();
  repository.consistent = false;
  repository.publishRoot({ signedBy: [] });
  await reader.refuses('UNSIGNED', { asking: ['2.root.json'] });
});
