// Attack: stolen keys push version numbers so high that the honest publisher's look like rollbacks.
// Recovery: new keys for timestamp or snapshot make the reader forget both (TUF 5.3.11).

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/encoding/index.ts';
import { FLOORS_FILE, UnreachableError } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';

const HIGH = 1_000_000;
const IMAGE = 'firmware/FFF1/a/image.ota';

function library(lists: 'everything' | 'versions' = 'everything') {
  return new MemoryRepository({ lists })
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'image', 'm-fff1')
    .publish();
}

/** The attacker publishes with a high version; the honest publisher then goes on from where it was. */
async function attacked(role: 'timestamp' | 'snapshot') {
  const repository = library();
  const reader = new Reader(repository);
  expect(await reader.accepts(reads(IMAGE))).toBe('image');
  const honest = repository.versions.get(role) ?? 0;
  repository.versions.set(role, HIGH);
  repository.publish();
  await reader.accepts();
  repository.versions.set(role, honest);
  repository.publish().publish();
  return { repository, reader };
}

describe.each(['timestamp', 'snapshot'] as const)('a %s fast-forwarded', (role) => {
  it('makes the honest publisher look like a rollback, until its key is replaced', async () => {
    const { repository, reader } = await attacked(role);
    await reader.refuses('ROLLBACK', { asking: ['2.root.json', 'timestamp.json'] });
    repository.rotate(role).publish();
    expect(await reader.accepts(reads(IMAGE))).toBe('image');
  });

  it('is not forgotten when another role, or only the root, gets new keys', async () => {
    const { repository, reader } = await attacked(role);
    repository.rotate('targets').rotate('root').publish();
    await reader.refuses('ROLLBACK', {
      asking: ['2.root.json', '3.root.json', '4.root.json', 'timestamp.json'],
      moved: ['root.json', 'roots/2.root.json', 'roots/3.root.json', FLOORS_FILE],
    });
  });

  it('is recovered from once: the floor holds again afterwards', async () => {
    const { repository, reader } = await attacked(role);
    repository.rotate(role).publish();
    const then = new Map(repository.files);
    repository.publish();
    await reader.accepts();
    repository.replay(then);
    await reader.refuses('ROLLBACK', { asking: ['3.root.json', 'timestamp.json'] });
  });
});

it('the versions of targets and of every role in the snapshot are forgotten with the snapshot key', async () => {
  const repository = library('versions');
  const reader = new Reader(repository);
  expect(await reader.accepts(reads(IMAGE))).toBe('image');
  const high = { version: HIGH };
  const meta = { 'targets.json': { version: 1 }, 'm-fff1.json': high };
  repository.publish({ snapshot: { says: (signed: JsonObject) => ({ ...signed, meta }) } });
  await reader.accepts();
  repository.publish();
  await expect(reader.accepts()).rejects.toMatchObject({ code: 'ROLLBACK' });
  repository.rotate('snapshot').publish();
  expect(await reader.accepts(reads(IMAGE))).toBe('image');
});

it('a snapshot that lists a version of targets that nobody signed is recovered from as well', async () => {
  const repository = library('versions');
  const reader = new Reader(repository);
  await reader.accepts();
  const meta = { 'targets.json': { version: HIGH }, 'm-fff1.json': { version: 1 } };
  repository.publish({ snapshot: { says: (signed: JsonObject) => ({ ...signed, meta }) } });
  await expect(reader.accepts()).rejects.toThrow();
  repository.publish();
  await expect(reader.accepts()).rejects.toMatchObject({ code: 'ROLLBACK' });
  repository.rotate('snapshot').publish();
  expect(await reader.accepts(reads(IMAGE))).toBe('image');
});

describe('a recovery that is interrupted', () => {
  it.each(['timestamp', 'snapshot'] as const)(
    'after its new %s key and its new timestamp still succeeds the next time',
    async (key) => {
      const { repository, reader } = await attacked('snapshot');
      repository.rotate(key).publish();
      const snapshot = `${repository.versions.get('snapshot')}.snapshot.json`;
      repository.lie({
        [snapshot]: new UnreachableError('UNREACHABLE', 'Cannot reach the test: the line went dead'),
      });
      await expect(reader.accepts()).rejects.toBeInstanceOf(UnreachableError);
      repository.tellTheTruth();
      expect(await reader.accepts(reads(IMAGE))).toBe('image');
      repository.publish();
      expect(await reader.accepts(reads(IMAGE))).toBe('image');
    },
  );

  it.each(['timestamp', 'snapshot'] as const)(
    'forgets the versions of roles too, after its new %s key',
    async (key) => {
      const repository = library('versions');
      const reader = new Reader(repository);
      await reader.accepts();
      const meta = { 'targets.json': { version: 1 }, 'm-fff1.json': { version: HIGH } };
      repository.publish({ snapshot: { says: (signed: JsonObject) => ({ ...signed, meta }) } });
      await reader.accepts();
      repository.rotate(key).publish();
      repository.lie({
        '3.snapshot.json': new UnreachableError('UNREACHABLE', 'Cannot reach the test: the line went dead'),
      });
      await expect(reader.accepts()).rejects.toBeInstanceOf(UnreachableError);
      repository.tellTheTruth();
      expect(await reader.accepts(reads(IMAGE))).toBe('image');
      repository.publish();
      expect(await reader.accepts(reads(IMAGE))).toBe('image');
    },
  );

  it('before its timestamp arrived still succeeds the next time', async () => {
    const { repository, reader } = await attacked('timestamp');
    repository.rotate('snapshot').publish();
    repository.lie({
      'timestamp.json': new UnreachableError('UNREACHABLE', 'Cannot reach the test: the line went dead'),
    });
    await expect(reader.accepts()).rejects.toBeInstanceOf(UnreachableError);
    repository.tellTheTruth();
    expect(await reader.accepts(reads(IMAGE))).toBe('image');
  });

  it.each(['root.json', 'timestamp.json', 'snapshot.json', FLOORS_FILE])(
    'by the loss of the cached %s succeeds all the same',
    async (file) => {
      for (const role of ['timestamp', 'snapshot'] as const) {
        const { repository, reader } = await attacked(role);
        repository.rotate('timestamp').rotate('snapshot').publish();
        reader.cache.remove(file);
        expect(await reader.accepts(reads(IMAGE)), role).toBe('image');
      }
    },
  );

  it.each(['root.json', 'timestamp.json', 'snapshot.json', FLOORS_FILE])(
    'by the loss of the cached %s succeeds where only one of the two keys was replaced',
    async (file) => {
      for (const key of ['timestamp', 'snapshot'] as const) {
        const { repository, reader } = await attacked('snapshot');
        repository.rotate(key).publish();
        reader.cache.remove(file);
        expect(await reader.accepts(reads(IMAGE)), key).toBe('image');
      }
    },
  );
});

describe('a key replaced long ago', () => {
  it('does not lift the floor at every start, though every start walks the whole root chain', async () => {
    const repository = library().rotate('timestamp').rotate('snapshot').publish();
    const reader = new Reader(repository);
    await reader.accepts();
    const then = new Map(repository.files);
    repository.publish();
    await reader.accepts();
    repository.replay(then);
    await reader.refuses('ROLLBACK', { asking: ['4.root.json', 'timestamp.json'] });
    await reader.refuses('ROLLBACK', { asking: ['4.root.json', 'timestamp.json'] });
  });

  it('does not lift it either when a new root arrives that changes no key', async () => {
    const repository = library().rotate('timestamp').publish();
    const reader = new Reader(repository);
    await reader.accepts();
    const then = new Map(repository.files);
    repository.publish();
    await reader.accepts();
    repository.publishRoot();
    const news = repository.file('3.root.json');
    repository.lie({ ...Object.fromEntries(then), '3.root.json': news });
    await reader.refuses('ROLLBACK', {
      asking: ['3.root.json', '4.root.json', 'timestamp.json'],
      moved: ['root.json', 'roots/3.root.json', FLOORS_FILE],
    });
  });
});

it.each([2 ** 53, 1e21, Number.MAX_VALUE])(
  'a version of %d, which no count of publications reaches, is not metadata',
  async (version) => {
    const repository = library();
    const reader = new Reader(repository);
    await reader.accepts(finds(IMAGE));
    repository.refreshTimestamp({
      written: (text) => text.replace(/"version":2(?=,"expires")/, `"version":${version}`),
    });
    await reader.refuses('NOT_METADATA', { asking: ['2.root.json', 'timestamp.json'] });
  },
);
