// Attack: an older timestamp, so that the reader stays with the releases of yesterday (TUF 5.4.3).

import { expect, it } from 'vitest';
import { MemoryRepository } from './memory-repository.ts';
import { Reader } from './reader.ts';

const ASKING = ['2.root.json', 'timestamp.json'];

async function readerAtVersionThree() {
  const repository = new MemoryRepository().publish().publish();
  const then = new Map(repository.files);
  const reader = new Reader(repository.publish());
  await reader.accepts();
  return { repository, reader, then };
}

it('an older timestamp is refused', async () => {
  const { repository, reader, then } = await readerAtVersionThree();
  repository.replay(then);
  const error = await reader.refuses('ROLLBACK', { asking: ASKING });
  expect(error.detail).toMatchObject({ found: 2, expected: 3 });
  expect(error.message).toMatch(/version 2/);
});

it('a new file of the timestamp holder with an older version is refused', async () => {
  const { repository, reader } = await readerAtVersionThree();
  repository.versions.set('timestamp', 0);
  repository.publish();
  await reader.refuses('ROLLBACK', { asking: ASKING });
});

it('a newer timestamp over an older snapshot is refused', async () => {
  const { repository, reader } = await readerAtVersionThree();
  repository.publishTimestamp({ version: 2 });
  await reader.refuses('ROLLBACK', { asking: ASKING });
  repository.refreshTimestamp();
  await reader.accepts();
});

it('another timestamp of the same version is passed over: nothing is taken from it', async () => {
  const { repository, reader } = await readerAtVersionThree();
  const before = reader.cache.content();
  repository.versions.set('timestamp', 2);
  repository.publishTimestamp(
    { version: 3 },
    { says: (signed) => ({ ...signed, note: 'same version, other content' }) },
  );
  await reader.accepts();
  expect(repository.asked()).toEqual(ASKING);
  expect(reader.cache.content()).toEqual(before);
});

it('another timestamp of the same version over an older snapshot is passed over or refused, never followed', async () => {
  const { repository, reader } = await readerAtVersionThree();
  const before = reader.cache.content();
  repository.versions.set('timestamp', 2);
  repository.publishTimestamp({ version: 1 });
  await reader.accepts().catch((error: unknown) => expect(error).toMatchObject({ code: 'ROLLBACK' }));
  expect(repository.asked()).toEqual(ASKING);
  expect(reader.cache.content()).toEqual(before);
});

it('a timestamp that is expired now still holds its floor', async () => {
  const repository = new MemoryRepository();
  repository.expires.set('timestamp', '2026-11-21T00:00:00Z');
  const then = new Map(repository.publish().files);
  const reader = new Reader(repository.publish());
  await reader.accepts();
  reader.now = new Date('2026-11-22T00:00:00Z');
  repository.replay(then);
  await reader.refuses(['ROLLBACK', 'EXPIRED'], { asking: ASKING });
  repository.tellTheTruth().expires.set('timestamp', '2026-11-23T00:00:00Z');
  repository.refreshTimestamp();
  await reader.accepts();
});
