// Attack: a next root without enough signatures of the old holders, or of the new ones (TUF 5.3.4, 5.3.5).

import { describe, expect, it } from 'vitest';
import { FLOORS_FILE } from '../../src/tuf/index.ts';
import { MemoryRepository } from './memory-repository.ts';
import { Reader } from './reader.ts';
import { disguised, makeKey, makeKeys, misnamed, type TestKey } from './test-keys.ts';

const COUNTS = [0, 1, 2, 3];

/** A reader who trusts a root of two keys out of three, in a library that has moved on to three others. */
async function handover(oldThreshold = 2) {
  const repository = new MemoryRepository({
    holders: { root: { keys: makeKeys(3), threshold: oldThreshold } },
  }).publish();
  const reader = new Reader(repository);
  await reader.accepts();
  return { repository, reader, old: repository.holders('root').keys };
}

async function refusesNextRoot(reader: Reader) {
  await reader.refuses('UNSIGNED', { asking: ['2.root.json'] });
  const fresh = new Reader(reader.repository);
  await fresh.refuses('UNSIGNED', { asking: ['2.root.json'] });
}

describe.each([
  [2, 2],
  [2, 3],
  [3, 1],
  [1, 2],
])('from a threshold of %d to a threshold of %d, three keys each', (before, after) => {
  const table = COUNTS.flatMap((old) => COUNTS.map((fresh) => [old, fresh] as const));

  it.each(table)('signed by %d of the old and %d of the new', async (olds, news) => {
    const { repository, reader, old } = await handover(before);
    const fresh = makeKeys(3);
    const signedBy = [...old.slice(0, olds), ...fresh.slice(3 - news)];
    repository.rotate('root', { keys: fresh, threshold: after }, { signedBy });
    if (olds >= before && news >= after) {
      await reader.accepts();
      expect(repository.asked()).toEqual(['2.root.json', '3.root.json', 'timestamp.json']);
    } else {
      await refusesNextRoot(reader);
    }
  });
});

describe('a key that belongs to the old and the new holders', () => {
  async function overlap(pick: (old: readonly TestKey[], fresh: TestKey) => readonly TestKey[]) {
    const { repository, reader, old } = await handover();
    const fresh = makeKey();
    const keys = [...old.slice(1), fresh];
    repository.rotate('root', { keys, threshold: 2 }, { signedBy: pick(old, fresh) });
    return reader;
  }

  it('counts for both with one signature', async () => {
    await (await overlap((old) => old.slice(1))).accepts();
  });

  it('does not make up for a missing old one', async () => {
    await refusesNextRoot(await overlap((old, fresh) => [...old.slice(2), fresh]));
  });

  it('does not make up for a missing new one', async () => {
    await refusesNextRoot(await overlap((old) => old.slice(0, 2)));
  });
});

it('keys of the other roles do not count for root', async () => {
  const { repository, reader } = await handover();
  const others = (['timestamp', 'snapshot', 'targets'] as const).flatMap(
    (role) => repository.holders(role).keys,
  );
  repository.publishRoot({ signedBy: others });
  await refusesNextRoot(reader);
});

it('a new root cannot bring the keys that vouch for it against the old ones', async () => {
  const { repository, reader, old } = await handover();
  const thief = makeKeys(3);
  const named = thief.map((key, i) => misnamed(key, old[i]?.id ?? ''));
  repository.rotate('root', { keys: named, threshold: 2 }, { signedBy: named });
  await refusesNextRoot(reader);
});

it('one new key under two ids does not make two new holders', async () => {
  const { repository, reader, old } = await handover();
  const [one, two] = [makeKey(), makeKey()];
  const twin = disguised(one, { ...one.json, note: 'the same key' });
  repository.rotate('root', { keys: [one, two, twin], threshold: 2 }, { signedBy: [...old, one, twin] });
  await refusesNextRoot(reader);
});

it('a refused root is not skipped: a good one after it is not reached', async () => {
  const { repository, reader, old } = await handover();
  repository.publishRoot({ signedBy: old.slice(1, 2) }).publishRoot();
  await refusesNextRoot(reader);
});

it('the root in force stays in force after a refusal, and the right one is taken when it comes', async () => {
  const { repository, reader } = await handover();
  repository.publishRoot({ signedBy: [] });
  await refusesNextRoot(reader);
  repository.versions.set('root', 1);
  repository.publishRoot();
  const { root } = await reader.accepts((client) => client.refresh());
  expect(root.signed.version).toBe(2);
});

describe('the version of the next root', () => {
  it.each([
    ['the same', 1],
    ['one too high', 3],
    ['zero', 0],
    ['negative', -1],
  ])('that is %s is refused, whoever signed it', async (_, version) => {
    const { repository, reader } = await handover();
    repository.publishRoot({ says: (signed) => ({ ...signed, version }) });
    await reader.refuses(['WRONG_VERSION', 'ROLLBACK', 'NOT_METADATA'], { asking: ['2.root.json'] });
  });
});

it('good roots before a bad one are kept, and used the next time', async () => {
  const { repository, reader } = await handover();
  repository.rotate('root').publishRoot({ signedBy: [makeKey()] });
  await reader.refuses('UNSIGNED', {
    asking: ['2.root.json', '3.root.json'],
    moved: ['root.json', 'roots/2.root.json', FLOORS_FILE],
  });
  repository.lie({ '3.root.json': 'missing' });
  await reader.accepts();
});
