// Attack: a snapshot that takes targets back to an older version, or an older targets file (TUF 5.5.5, 5.6.4).

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/encoding/index.ts';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader } from './reader.ts';

const UP_TO_SNAPSHOT = ['2.root.json', 'timestamp.json', '4.snapshot.json'];
const TIMESTAMP = ['timestamp.json', FLOORS_FILE];

async function readerAtVersionThree(lists: 'everything' | 'versions' = 'versions') {
  const repository = new MemoryRepository({ lists });
  for (const content of ['one', 'two', 'three']) repository.addTarget('a.txt', content).publish();
  const reader = new Reader(repository);
  expect(await reader.accepts(finds('a.txt'))).toBeDefined();
  return { repository, reader };
}

function listing(meta: JsonObject) {
  return { snapshot: { says: (signed: JsonObject) => ({ ...signed, meta }) } };
}

describe('a newer snapshot', () => {
  it('that lists an older targets is refused', async () => {
    const { repository, reader } = await readerAtVersionThree();
    repository.publish(listing({ 'targets.json': { version: 2 } }));
    await reader.refuses('ROLLBACK', { asking: UP_TO_SNAPSHOT, moved: TIMESTAMP });
  });

  it('that lists no targets at all is refused', async () => {
    const { repository, reader } = await readerAtVersionThree();
    repository.publish(listing({}));
    await reader.refuses(['ROLLBACK', 'NOT_LISTED', 'NOT_METADATA'], {
      asking: UP_TO_SNAPSHOT,
      moved: TIMESTAMP,
    });
  });

  it('that lists the same targets is accepted, and targets is not fetched again', async () => {
    const { repository, reader } = await readerAtVersionThree();
    repository.publish();
    await reader.accepts();
    expect(repository.asked()).toEqual(UP_TO_SNAPSHOT);
  });

  it('is refused again and again, not only the first time', async () => {
    const { repository, reader } = await readerAtVersionThree();
    repository.publish(listing({ 'targets.json': { version: 2 } }));
    await reader.refuses('ROLLBACK', { asking: UP_TO_SNAPSHOT, moved: TIMESTAMP });
    await reader.refuses('ROLLBACK', { asking: UP_TO_SNAPSHOT });
    repository.publish();
    await reader.accepts();
  });
});

describe('the targets file', () => {
  it('of an older version is refused by its version', async () => {
    const { repository, reader } = await readerAtVersionThree();
    repository.addTarget('a.txt', 'four').publish();
    repository.lie({ '4.targets.json': repository.file('3.targets.json') });
    await reader.refuses(['WRONG_VERSION', 'ROLLBACK'], {
      asking: [...UP_TO_SNAPSHOT, '4.targets.json'],
      moved: [...TIMESTAMP, 'snapshot.json'],
    });
    repository.tellTheTruth();
    await reader.accepts();
  });

  it('of an older version is refused by its hash where one is listed', async () => {
    const { repository, reader } = await readerAtVersionThree('everything');
    repository.addTarget('a.txt', 'seven').publish();
    repository.lie({ '4.targets.json': repository.file('3.targets.json') });
    await reader.refuses(['WRONG_HASH', 'WRONG_LENGTH'], {
      asking: [...UP_TO_SNAPSHOT, '4.targets.json'],
      moved: [...TIMESTAMP, 'snapshot.json'],
    });
  });

  it('of a newer version than is listed is refused', async () => {
    const { repository, reader } = await readerAtVersionThree();
    repository
      .addTarget('a.txt', 'four')
      .publish({ targets: { says: (signed) => ({ ...signed, version: 9 }) } });
    await reader.refuses('WRONG_VERSION', {
      asking: [...UP_TO_SNAPSHOT, '4.targets.json'],
      moved: [...TIMESTAMP, 'snapshot.json'],
    });
  });
});
