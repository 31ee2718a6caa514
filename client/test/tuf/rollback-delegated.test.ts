// Attack: the snapshot's holder takes a manufacturer's role back, or makes it vanish (TUF 5.5.5).

import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/encoding/index.ts';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader, reads } from './reader.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';
const UP_TO_SNAPSHOT = ['2.root.json', 'timestamp.json', '3.snapshot.json'];
const TIMESTAMP = ['timestamp.json', FLOORS_FILE];

function library() {
  return new MemoryRepository({ lists: 'versions' })
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'] })
    .addTarget(IMAGE, 'first', 'm-fff1')
    .publish()
    .addTarget(IMAGE, 'again', 'm-fff1')
    .publish();
}

function listing(change: (meta: JsonObject) => JsonObject) {
  return {
    snapshot: { says: (signed: JsonObject) => ({ ...signed, meta: change(signed.meta as JsonObject) }) },
  };
}
const older = listing((meta) => ({ ...meta, 'm-fff1.json': { version: 1 } }));
const vanished = listing((meta) => ({ 'targets.json': meta['targets.json'] as JsonObject }));

describe.each([
  ['that the reader has used', finds(IMAGE)],
  ['that the reader has never looked into', async () => undefined],
] as const)('a role %s', (_, use) => {
  it('cannot be listed with an older version', async () => {
    const reader = new Reader(library());
    await reader.accepts(use);
    reader.repository.publish(older);
    await reader.refuses('ROLLBACK', { asking: UP_TO_SNAPSHOT, moved: TIMESTAMP });
  });

  it('cannot be dropped from the snapshot', async () => {
    const reader = new Reader(library());
    await reader.accepts(use);
    reader.repository.publish(vanished);
    await reader.refuses(['ROLLBACK', 'NOT_LISTED'], { asking: UP_TO_SNAPSHOT, moved: TIMESTAMP });
  });

  it('cannot come back older after a snapshot that left it out', async () => {
    const reader = new Reader(library());
    await reader.accepts(use);
    reader.repository.publish(vanished);
    await expect(reader.accepts()).rejects.toMatchObject({ name: 'RefusedError' });
    reader.repository.publish(older);
    const asking = ['2.root.json', 'timestamp.json', '4.snapshot.json'];
    await reader.refuses('ROLLBACK', { asking, moved: TIMESTAMP });
    reader.repository.publish();
    expect(await reader.accepts(reads(IMAGE))).toBe('again');
  });
});

it('the old file under the new name is refused by its version', async () => {
  const reader = new Reader(library());
  expect(await reader.accepts(reads(IMAGE))).toBe('again');
  reader.repository.addTarget(IMAGE, 'third', 'm-fff1').publish();
  reader.repository.lie({ '3.m-fff1.json': reader.repository.file('1.m-fff1.json') });
  await reader.refuses(['WRONG_VERSION', 'ROLLBACK'], {
    act: finds(IMAGE),
    asking: [...UP_TO_SNAPSHOT, '3.m-fff1.json'],
    moved: [...TIMESTAMP, 'snapshot.json'],
  });
  reader.repository.tellTheTruth();
  expect(await reader.accepts(reads(IMAGE))).toBe('third');
});

it('a role that is delegated but not in the snapshot is refused without being asked for', async () => {
  const reader = new Reader(library());
  await reader.accepts(finds(IMAGE));
  const fresh = new Reader(library().publish(vanished));
  await fresh.refuses('NOT_LISTED', {
    act: finds(IMAGE),
    asking: [...UP_TO_SNAPSHOT, '1.targets.json'],
    moved: [...TIMESTAMP, 'snapshot.json', 'targets.json', 'root.json'],
  });
});
