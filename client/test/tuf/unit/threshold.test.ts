// Signed by enough: by different keys of the role, and at a cost that the role's keys bound.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseTargets, TARGETS, verifyThreshold } from '../../../src/tuf/index.ts';
import { compressedPoint, disguised, makeKey, makeKeys, type TestKey } from '../test-keys.ts';
import { octetsOf, ringOf, roleKeys, signedFile, targetsJson } from './files.ts';

interface WireSignature {
  readonly keyid: string;
  readonly sig: string;
}

const [a, b, c] = makeKeys(3) as [TestKey, TestKey, TestKey];
const stranger = makeKey();
const signed = targetsJson();
const by = (...keys: readonly TestKey[]): readonly WireSignature[] => signedFile(signed, keys).signatures;

async function verify(signatures: readonly WireSignature[], keys: readonly TestKey[], threshold: number) {
  const document = await parseTargets(octetsOf({ signatures, signed }), TARGETS);
  return verifyThreshold(document, roleKeys(keys, threshold), await ringOf(keys), 'targets version 1');
}

const UNSIGNED = { name: 'RefusedError', code: 'UNSIGNED' };

afterEach(() => {
  vi.restoreAllMocks();
});

describe('two of three', () => {
  it('is met by any two, who are named in the order of the file', async () => {
    for (const keys of [
      [a, b],
      [c, a],
      [b, c],
    ] as const) {
      expect(await verify(by(...keys), [a, b, c], 2)).toEqual({
        keyIds: keys.map(({ id }) => id),
        threshold: 2,
        of: 3,
      });
    }
  });

  it('needs no more than two: the third is not looked at', async () => {
    const look = vi.spyOn(crypto.subtle, 'verify');
    expect((await verify(by(a, b, c), [a, b, c], 2)).keyIds).toEqual([a.id, b.id]);
    expect(look).toHaveBeenCalledTimes(2);
  });

  it('is not met by one, and says so', async () => {
    await expect(verify(by(b), [a, b, c], 2)).rejects.toMatchObject({
      ...UNSIGNED,
      message: 'Cannot accept targets version 1: it has 1 good signatures of the 2 it needs',
      detail: { found: 1, expected: 2 },
    });
  });

  const SECONDS: Record<string, readonly WireSignature[]> = {
    'a stranger': by(stranger),
    'a signature that is another’s': by(b).map(({ sig }) => ({ keyid: c.id, sig })),
    'a signature over something else': signedFile(targetsJson({ version: 2 }), [b]).signatures,
    'an empty signature': [{ keyid: b.id, sig: '' }],
    'no hexadecimal': [{ keyid: b.id, sig: 'no signature' }],
    'half an octet too few': by(b).map(({ keyid, sig }) => ({ keyid, sig: sig.slice(1) })),
    'a space before it': by(b).map(({ keyid, sig }) => ({ keyid, sig: ` ${sig}` })),
    'its key id in capitals': by(b).map(({ keyid, sig }) => ({ keyid: keyid.toUpperCase(), sig })),
  };

  it.each(Object.entries(SECONDS))(
    'is not met by one and %s, which does no harm either',
    async (_, second) => {
      await expect(verify([...second, ...by(a)], [a, b, c], 2)).rejects.toMatchObject(UNSIGNED);
      const others = [a, b, c].filter(({ id }) => id !== a.id && !second.some(({ keyid }) => keyid === id));
      const [other] = others;
      if (other !== undefined)
        expect((await verify([...second, ...by(a, other)], [a, b, c], 2)).keyIds).toEqual([a.id, other.id]);
    },
  );

  it('is met with hexadecimal in capitals', async () => {
    const capitals = by(a, b).map(({ keyid, sig }) => ({ keyid, sig: sig.toUpperCase() }));
    expect((await verify(capitals, [a, b, c], 2)).keyIds).toHaveLength(2);
  });
});

describe('one key under two ids', () => {
  const twin = disguised(a, { ...a.json, note: 'mine as well' });
  const short = disguised(a, compressedPoint(a));

  it('counts once', async () => {
    await expect(verify(by(a, twin), [a, twin, b], 2)).rejects.toMatchObject(UNSIGNED);
    await expect(verify(by(twin, short), [a, twin, short, b], 2)).rejects.toMatchObject(UNSIGNED);
    await expect(verify(by(a, twin, short), [a, twin, short, b], 2)).rejects.toMatchObject(UNSIGNED);
  });

  it('leaves room for another key', async () => {
    expect((await verify(by(a, twin, b), [a, twin, b], 2)).keyIds).toEqual([a.id, b.id]);
  });
});

describe('a role', () => {
  it('whose keys are fewer than its threshold can never be signed', async () => {
    await expect(verify(by(a, b), [a, b], 3)).rejects.toMatchObject(UNSIGNED);
    await expect(verify(by(a), [], 1)).rejects.toMatchObject(UNSIGNED);
  });

  it('that names a key which the file does not bring goes on without it', async () => {
    const document = await parseTargets(octetsOf({ signatures: by(a, b), signed }), TARGETS);
    const role = roleKeys([a, b], 1);
    expect((await verifyThreshold(document, role, await ringOf([b]), 'targets')).keyIds).toEqual([b.id]);
    await expect(verifyThreshold(document, role, new Map(), 'targets')).rejects.toMatchObject(UNSIGNED);
  });

  it('does not count a key that the file brings and the role does not name', async () => {
    const document = await parseTargets(octetsOf({ signatures: by(a, b), signed }), TARGETS);
    await expect(
      verifyThreshold(document, roleKeys([a], 2), await ringOf([a, b]), 'targets'),
    ).rejects.toMatchObject(UNSIGNED);
  });
});

it('ten thousand signatures of strangers cost no look at any of them', async () => {
  const look = vi.spyOn(crypto.subtle, 'verify');
  const [honest] = by(a);
  const many = Array.from({ length: 10_000 }, (_, i) => ({
    keyid: i.toString(16).padStart(64, '0'),
    sig: honest?.sig ?? '',
  }));
  expect((await verify([...many, ...by(a)], [a, b], 1)).keyIds).toEqual([a.id]);
  expect(look).toHaveBeenCalledTimes(1);
});
