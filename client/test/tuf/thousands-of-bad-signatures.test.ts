// Attack: a file with so many signatures that checking them all would keep the reader busy for hours.
// The work is bounded by the keys of the role, not by what the file holds.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import { MemoryRepository, type WireSignature } from './memory-repository.ts';
import { Reader } from './reader.ts';
import { makeKeys } from './test-keys.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const COUNT = 3000;
const KEYS_OF_THE_ROLE = 3;
const KEPT = ['timestamp.json', 'snapshot.json', FLOORS_FILE];

function library() {
  const holders = { keys: makeKeys(KEYS_OF_THE_ROLE), threshold: 2 };
  return new MemoryRepository({ lists: 'versions', holders: { targets: holders, root: holders } }).publish();
}

function strangers(entries: readonly WireSignature[]): readonly WireSignature[] {
  const sig = entries[0]?.sig ?? '';
  return Array.from({ length: COUNT }, (_, i) => ({ keyid: i.toString(16).padStart(64, '0'), sig }));
}

async function verifications(work: () => Promise<unknown>): Promise<number> {
  const verify = vi.spyOn(crypto.subtle, 'verify');
  await work();
  return verify.mock.calls.length;
}

describe('thousands of signatures', () => {
  it('of strangers cost nothing and count for nothing', async () => {
    const reader = new Reader(library());
    const honest = await verifications(() => reader.accepts());
    reader.repository.publish({ targets: { signatures: strangers } });
    const asking = ['2.root.json', 'timestamp.json', '2.snapshot.json', '2.targets.json'];
    const attacked = await verifications(() => reader.refuses('UNSIGNED', { asking, moved: KEPT }));
    expect(attacked).toBeLessThanOrEqual(honest + 4 * KEYS_OF_THE_ROLE);
  });

  it('of strangers before the good ones do not hide them', async () => {
    const reader = new Reader(library());
    await reader.accepts();
    reader.repository.publish({
      targets: { signatures: (good) => [...strangers(good), ...good.map((entry) => ({ ...entry }))] },
    });
    await reader.accepts();
  });

  it('of one key, all of them wrong, are refused after that key is tried once, or not at all', async () => {
    const reader = new Reader(library());
    const honest = await verifications(() => reader.accepts());
    const repeated = (good: readonly WireSignature[]) =>
      Array.from({ length: COUNT }, (_, i) => ({
        keyid: good[0]?.keyid ?? '',
        sig: i.toString(16).padStart(140, '0'),
      }));
    reader.repository.publish({ targets: { signatures: repeated } });
    const asking = ['2.root.json', 'timestamp.json', '2.snapshot.json', '2.targets.json'];
    const attacked = await verifications(() =>
      reader.refuses(['UNSIGNED', 'NOT_METADATA'], { asking, moved: KEPT }),
    );
    expect(attacked).toBeLessThanOrEqual(honest + 4 * KEYS_OF_THE_ROLE);
  });

  it('in a root are refused in the same bound', async () => {
    const reader = new Reader(library());
    await reader.accepts();
    const few = (good: readonly WireSignature[]) => strangers(good).slice(0, 1500);
    reader.repository.publishRoot({ signatures: few });
    const attacked = await verifications(() => reader.refuses('UNSIGNED', { asking: ['2.root.json'] }));
    expect(attacked).toBeLessThanOrEqual(3 * KEYS_OF_THE_ROLE);
  });
});

it('thousands of keys in a root cost verifications only where they signed', async () => {
  const holders = { keys: makeKeys(500), threshold: 2 };
  const repository = new MemoryRepository({ holders: { timestamp: holders } });
  repository.publish({ timestamp: { signedBy: holders.keys.slice(498) } });
  const reader = new Reader(repository);
  expect(await verifications(() => reader.accepts())).toBeLessThanOrEqual(10);
});

describe('signatures that are not signatures', () => {
  it.each([
    ['no digits', ''],
    ['an odd number of digits', 'abc'],
    ['letters', 'zz'.repeat(70)],
    ['zeros', '00'.repeat(64)],
    ['an empty DER sequence', '3000'],
    ['DER integers of no octets', '300402000200'],
    ['DER zeros, which some verifiers take for any key', '3006020100020100'],
    ['a DER length beyond its end', '30ff0201010201'],
    ['a megabyte of digits', 'ab'.repeat(500_000)],
  ])('%s count for nothing and stop nothing', async (_, sig) => {
    const reader = new Reader(library());
    await reader.accepts();
    const spoilt = (good: readonly WireSignature[]) =>
      good.map((entry, i) => (i === 0 ? { ...entry, sig } : { ...entry }));
    reader.repository.publish({ targets: { signatures: spoilt } });
    await reader.accepts();
    reader.repository.publish({ targets: { signatures: (good) => spoilt(good).slice(0, 2) } });
    await expect(reader.accepts()).rejects.toMatchObject({ name: 'RefusedError', code: 'UNSIGNED' });
  });
});
