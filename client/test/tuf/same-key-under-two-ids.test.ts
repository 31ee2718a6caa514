// Attack: one holder writes its key down in two ways, so that it has two ids and counts twice.
// The ids are right, each is the hash of what stands there; the key behind them is one.

import { describe, expect, it } from 'vitest';
import { MemoryRepository } from './memory-repository.ts';
import { finds, Reader } from './reader.ts';
import {
  compressedPoint,
  disguised,
  hybridPoint,
  type KeyKind,
  makeKey,
  publicText,
  type TestKey,
  withPublicText,
} from './test-keys.ts';

const IMAGE = 'firmware/FFF1/a/image.ota';

const DISGUISES: Record<string, readonly [KeyKind, (key: TestKey) => TestKey]> = {
  'a member more': ['ecdsa', (key) => disguised(key, { ...key.json, note: 'mine as well' })],
  'a member more inside keyval': [
    'ed25519',
    (key) => disguised(key, { ...key.json, keyval: { public: publicText(key), private: '' } }),
  ],
  'another name for the same key type': [
    'ecdsa',
    (key) => disguised(key, { ...key.json, keytype: 'ecdsa-sha2-nistp256' }),
  ],
  'a line more in the PEM': ['ecdsa', (key) => disguised(key, withPublicText(key, `${publicText(key)}\n`))],
  'no line end at the end of the PEM': [
    'ecdsa',
    (key) => disguised(key, withPublicText(key, publicText(key).trimEnd())),
  ],
  'other line ends in the PEM': [
    'ecdsa',
    (key) => disguised(key, withPublicText(key, publicText(key).replaceAll('\n', '\r\n'))),
  ],
  'shorter lines in the PEM': [
    'ecdsa',
    (key) => disguised(key, withPublicText(key, publicText(key).replace(/^([A-Za-z0-9+/]{20})/m, '$1\n'))),
  ],
  'the point in its short form': ['ecdsa', (key) => disguised(key, compressedPoint(key))],
  'the point in its hybrid form': ['ecdsa', (key) => disguised(key, hybridPoint(key))],
  'hexadecimal in capitals': [
    'ed25519',
    (key) => disguised(key, withPublicText(key, publicText(key).toUpperCase())),
  ],
  'an RSA key with a member more': ['rsa', (key) => disguised(key, { ...key.json, x: 1 })],
};

describe.each(Object.entries(DISGUISES))('a key with %s', (_, [kind, disguise]) => {
  const key = makeKey(kind);
  const twin = disguise(key);
  const other = makeKey(kind);

  it('has another id', () => {
    expect(twin.id).not.toBe(key.id);
  });

  it('counts once for timestamp', async () => {
    const repository = new MemoryRepository({
      holders: { timestamp: { keys: [key, twin, other], threshold: 2 } },
    });
    repository.publish({ timestamp: { signedBy: [key, other] } });
    const reader = new Reader(repository);
    await reader.accepts();
    repository.publish({ timestamp: { signedBy: [key, twin] } });
    await reader.refuses('UNSIGNED', { asking: ['2.root.json', 'timestamp.json'] });
  });

  it('counts once for a delegated role', async () => {
    const repository = new MemoryRepository({ lists: 'versions' })
      .delegate('targets', {
        name: 'm-fff1',
        keys: [key, twin, other],
        threshold: 2,
        paths: ['firmware/FFF1/*/*'],
      })
      .addTarget(IMAGE, 'image', 'm-fff1')
      .publish({ 'm-fff1': { signedBy: [other, key] } });
    const reader = new Reader(repository);
    expect(await reader.accepts(finds(IMAGE))).toBeDefined();
    repository.publish({ 'm-fff1': { signedBy: [twin, key] } });
    await expect(reader.accepts(finds(IMAGE))).rejects.toMatchObject({
      name: 'RefusedError',
      code: 'UNSIGNED',
    });
    expect(repository.asked().at(-1)).toBe('2.m-fff1.json');
  });
});

it('the short form of a point is understood by the disguise itself', () => {
  const key = makeKey();
  expect(publicText(disguised(key, compressedPoint(key))).length).toBeLessThan(publicText(key).length);
});
