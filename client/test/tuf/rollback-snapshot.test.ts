// Attack: an older snapshot under a timestamp that is accepted (TUF 5.4.3.2, 5.5.2, 5.5.4).

import { expect, it } from 'vitest';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { Reader } from './reader.ts';

async function readerAtVersionTwo(lists: 'everything' | 'versions') {
  const repository = new MemoryRepository({ lists }).addTarget('a.txt', 'one').publish();
  const reader = new Reader(repository.addTarget('a.txt', 'two').publish());
  await reader.accepts();
  return { repository, reader };
}

it('the old snapshot under the new name is refused by its hash, before its signature is looked at', async () => {
  const { repository, reader } = await readerAtVersionTwo('everything');
  repository.addTarget('a.txt', 'six').publish();
  repository.lie({ '3.snapshot.json': repository.file('2.snapshot.json') });
  await reader.refuses(['WRONG_HASH', 'WRONG_LENGTH'], {
    asking: ['2.root.json', 'timestamp.json', '3.snapshot.json'],
    moved: ['timestamp.json', FLOORS_FILE],
  });
  repository.tellTheTruth();
  await reader.accepts();
});

it('the old snapshot under the new name is refused by its version where no hash is listed', async () => {
  const { repository, reader } = await readerAtVersionTwo('versions');
  repository.publish();
  repository.lie({ '3.snapshot.json': repository.file('2.snapshot.json') });
  await reader.refuses(['WRONG_VERSION', 'ROLLBACK'], {
    asking: ['2.root.json', 'timestamp.json', '3.snapshot.json'],
    moved: ['timestamp.json', FLOORS_FILE],
  });
  repository.tellTheTruth();
  await reader.accepts();
});

it('a snapshot newer than the timestamp says is refused as well', async () => {
  const { repository, reader } = await readerAtVersionTwo('versions');
  const timestamp = repository.publish().file('timestamp.json');
  repository.publish();
  repository.lie({ 'timestamp.json': timestamp, '3.snapshot.json': repository.file('4.snapshot.json') });
  await reader.refuses('WRONG_VERSION', {
    asking: ['2.root.json', 'timestamp.json', '3.snapshot.json'],
    moved: ['timestamp.json', FLOORS_FILE],
  });
});

it('a timestamp that names an older snapshot is refused before the snapshot is asked for', async () => {
  const { repository, reader } = await readerAtVersionTwo('everything');
  repository.publishTimestamp({ version: 1 });
  await reader.refuses('ROLLBACK', { asking: ['2.root.json', 'timestamp.json'] });
});

it('a refused snapshot leaves a reader that can go on', async () => {
  const { repository, reader } = await readerAtVersionTwo('versions');
  repository.addTarget('a.txt', 'three').publish();
  repository.lie({ '3.snapshot.json': repository.file('1.snapshot.json') });
  await reader.refuses(['WRONG_VERSION', 'ROLLBACK'], {
    asking: ['2.root.json', 'timestamp.json', '3.snapshot.json'],
    moved: ['timestamp.json', FLOORS_FILE],
  });
  repository.tellTheTruth();
  await reader.accepts();
  expect(repository.asked()).toEqual(['2.root.json', 'timestamp.json', '3.snapshot.json', '3.targets.json']);
});
