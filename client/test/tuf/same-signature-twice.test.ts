// Attack: one holder's signature is repeated until it looks like enough (TUF 4.2, 5.3.4, 5.4.2, 5.5.3, 5.6.3).

import { describe, expect, it } from 'vitest';
import { type Forgery, MemoryRepository, type WireSignature } from './memory-repository.ts';
import { finds, Reader } from './reader.ts';
import { makeKeys, type TestKey } from './test-keys.ts';

const NOT_ENOUGH = ['UNSIGNED', 'NOT_METADATA'] as const;
const IMAGE = 'firmware/FFF1/a/image.ota';
const keys = makeKeys(2);
const [first] = keys as readonly [TestKey, TestKey];
const holders = { keys, threshold: 2 };

function library() {
  return new MemoryRepository({
    lists: 'versions',
    holders: { root: holders, timestamp: holders, snapshot: holders, targets: holders },
  })
    .delegate('targets', { name: 'm-fff1', paths: ['firmware/FFF1/*/*'], ...holders })
    .addTarget(IMAGE, 'image', 'm-fff1')
    .publish();
}

const REPEATS: Record<string, Forgery> = {
  'the same entry twice': { signedBy: [first], signatures: twice((entry) => entry) },
  'two signatures of one key under its one id': { signedBy: [first, first] },
  'the same signature with its key id in capitals': {
    signedBy: [first],
    signatures: twice((entry) => ({ ...entry, keyid: entry.keyid.toUpperCase() })),
  },
  'the same signature with its digits in capitals': {
    signedBy: [first],
    signatures: twice((entry) => ({ ...entry, sig: entry.sig.toUpperCase() })),
  },
  'the same signature under the id of the other key': {
    signedBy: [first],
    signatures: twice((entry) => ({ ...entry, keyid: keys[1]?.id ?? '' })),
  },
  'the same signature with a space behind its key id': {
    signedBy: [first],
    signatures: twice((entry) => ({ ...entry, keyid: `${entry.keyid} ` })),
  },
};

function twice(change: (entry: WireSignature) => WireSignature) {
  return (entries: readonly WireSignature[]) =>
    entries.flatMap((entry) => [{ ...entry }, { ...change(entry) }]);
}

describe.each(Object.keys(REPEATS))('%s', (name) => {
  it.each(['timestamp', 'snapshot', 'targets', 'm-fff1'])('does not make two holders of %s', async (role) => {
    const reader = new Reader(library());
    expect(await reader.accepts(finds(IMAGE))).toBeDefined();
    reader.repository.publish({ [role]: REPEATS[name] ?? {} });
    const error = await reader.accepts(finds(IMAGE)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'RefusedError' });
    expect(NOT_ENOUGH).toContain((error as { code: string }).code);
    expect(reader.repository.asked().at(-1)).toBe(role === 'timestamp' ? 'timestamp.json' : `2.${role}.json`);
  });

  it('does not make two holders of root', async () => {
    const reader = new Reader(library());
    await reader.accepts();
    reader.repository.publishRoot(REPEATS[name]);
    await reader.refuses(NOT_ENOUGH, { asking: ['2.root.json'] });
  });
});

it('a role that names one key twice does not need it twice', async () => {
  const repository = new MemoryRepository();
  repository.publish();
  const reader = new Reader(repository);
  await reader.accepts();
  repository.rotate('timestamp', { keys: [first, first], threshold: 2 });
  repository.publish({ timestamp: { signedBy: [first] } });
  await expect(reader.accepts()).rejects.toMatchObject({ name: 'RefusedError' });
});
