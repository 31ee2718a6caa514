// What is sealed is opened by its key alone, whole, and in one form of the keys.

import { beforeAll, describe, expect, it, test } from 'vitest';
import {
  fingerprintOf,
  type KeyPair,
  makeReadKey,
  open,
  parseRecipient,
  parseSecret,
  recipientOf,
  seal,
  spokenFingerprint,
} from '../../src/access/index.ts';
import { parseSha256 } from '../../src/encoding/index.ts';

let first: KeyPair;
let second: KeyPair;
const PLAINTEXT = new TextEncoder().encode('an image '.repeat(20_000));

beforeAll(async () => {
  first = await makeReadKey();
  second = await makeReadKey();
});

describe('a sealed file', () => {
  it('is opened by the one of several keys that it was sealed to', async () => {
    const sealed = await seal(PLAINTEXT, [first.recipient]);
    const keys = [
      { ...second, epoch: 2 },
      { ...first, epoch: 1 },
    ];
    const { plaintext, key } = await open(sealed, keys);
    expect(key.epoch).toBe(1);
    expect(plaintext).toEqual(PLAINTEXT);
  });

  it('is other octets each time', async () => {
    expect(await seal(PLAINTEXT, [first.recipient])).not.toEqual(await seal(PLAINTEXT, [first.recipient]));
  });

  it('is opened by nobody who holds no key of it', async () => {
    const sealed = await seal(PLAINTEXT, [first.recipient]);
    await expect(open(sealed, [second])).rejects.toMatchObject({ code: 'WRONG_EPOCH', found: 1 });
    await expect(open(sealed, [])).rejects.toMatchObject({ code: 'WRONG_EPOCH', found: 0 });
  });

  it('is sealed to somebody', async () => {
    await expect(seal(PLAINTEXT, [])).rejects.toThrow(TypeError);
  });

  const damages: Readonly<Record<string, (sealed: Uint8Array) => Uint8Array>> = {
    'without its last octet': (sealed) => sealed.subarray(0, -1),
    'without its last chunk': (sealed) => sealed.subarray(0, 1627 + 16 + 2 * 65_552),
    'with one octet more': (sealed) => new Uint8Array([...sealed, 0]),
    'with one bit changed in its text': (sealed) => sealed.with(5_000, (sealed[5_000] ?? 0) ^ 1),
    'with another nonce': (sealed) => sealed.with(1630, (sealed[1630] ?? 0) ^ 1),
    'with another MAC of its header': (sealed) => sealed.with(1600, sealed[1600] === 65 ? 66 : 65),
    'with its chunks in another order': (sealed) => {
      const start = 1627 + 16;
      const [one, two] = [
        sealed.subarray(start, start + 65_552),
        sealed.subarray(start + 65_552, start + 131_104),
      ];
      return new Uint8Array([
        ...sealed.subarray(0, start),
        ...two,
        ...one,
        ...sealed.subarray(start + 131_104),
      ]);
    },
  };
  it.each(Object.entries(damages))('%s is damaged, and gives no octet', async (_name, damage) => {
    const sealed = await seal(PLAINTEXT, [first.recipient]);
    expect((await open(sealed, [first])).plaintext).toEqual(PLAINTEXT);
    await expect(open(damage(sealed), [first])).rejects.toMatchObject({ code: 'DAMAGED_CIPHERTEXT' });
  });

  it('whose share was changed is for nobody', async () => {
    const sealed = await seal(PLAINTEXT, [first.recipient]);
    const spoiled = sealed.with(100, sealed[100] === 65 ? 66 : 65);
    await expect(open(spoiled, [first])).rejects.toMatchObject({ code: 'WRONG_EPOCH' });
  });
});

describe('a recipient', () => {
  it('has 1,959 characters, and is what its secret makes', async () => {
    expect(parseRecipient(first.recipient)).toHaveLength(1959);
    expect(await recipientOf(first.secret)).toBe(first.recipient);
    expect(parseSecret(first.secret)).toBe(first.secret);
  });

  it('is read out by 16 digits of its SHA-256', async () => {
    const digest = parseSha256('4f2a91c077de0b13'.padEnd(64, '0'));
    expect(spokenFingerprint(digest)).toBe('4f2a 91c0 77de 0b13');
    expect(await fingerprintOf(first.recipient)).not.toBe(await fingerprintOf(second.recipient));
  });

  const last = (text: string) => `${text.slice(0, -1)}${text.endsWith('q') ? 'p' : 'q'}`;
  const wrong: Readonly<Record<string, () => Promise<unknown>>> = {
    'a classical one': async () => (await makeReadKey('classical')).recipient,
    'one with a typing error': async () => last(first.recipient),
    'one in capitals': async () => first.recipient.toUpperCase(),
    'one with a space behind it': async () => `${first.recipient} `,
    'one cut short': async () => first.recipient.slice(0, -8),
    'a recipient of a plugin': async () => 'age1yubikey1qf6u9wyfxvkl6h',
    'a secret': async () => first.secret,
    nothing: async () => undefined,
  };
  test.each(Object.entries(wrong))('is not %s', async (_name, make) => {
    const text = await make();
    expect(() => parseRecipient(text)).toThrow(expect.objectContaining({ code: 'NOT_A_RECIPIENT' }));
  });
});

describe('a secret', () => {
  it('is refused without a word of it', async () => {
    const damaged = `${first.secret.slice(0, -1)}${first.secret.endsWith('Q') ? 'P' : 'Q'}`;
    const failure = await recipientOf(parseSecret(damaged)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'NOT_A_CREDENTIAL' });
    expect(String(failure)).not.toContain(damaged.slice(22, 40));
    const { secret } = await makeReadKey('classical');
    const message = expect.not.stringContaining(secret.slice(20, 30));
    expect(() => parseSecret(secret)).toThrow(expect.objectContaining({ code: 'NOT_A_CREDENTIAL', message }));
    expect(() => parseSecret(`${first.secret}X`)).toThrow(
      expect.objectContaining({ code: 'NOT_A_CREDENTIAL' }),
    );
  });
});
