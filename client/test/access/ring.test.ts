// A ring is taken only if it is the holder's own, of this library, and makes what the registrar published.

import { beforeAll, describe, expect, it, test } from 'vitest';
import {
  type Credential,
  ESCROW,
  encodeRing,
  GATEWAY,
  keysFor,
  makeReadKey,
  openRing,
  parseRing,
  type ReadKey,
  type Recipients,
  type Ring,
  seal,
  sealRing,
} from '../../src/access/index.ts';
import { parseSha256 } from '../../src/encoding/index.ts';
import { parsePartyId } from '../../src/firmware/index.ts';

const ENERGY = parsePartyId('example-energy');
const LIBRARY = parseSha256('ab'.repeat(32));
const FROM = '2026-01-01T00:00:00Z';

let credential: Credential;
let other: Credential;
let keys: ReadKey[];
let recipients: Recipients;

beforeAll(async () => {
  [credential, other] = [await makeReadKey(), await makeReadKey()];
  const made = [await makeReadKey(), await makeReadKey(), await makeReadKey()];
  const named = [
    { use: 'images', epoch: 1, until: FROM },
    { use: 'images', epoch: 2 },
    { use: 'notes', epoch: 1 },
  ] as const;
  keys = named.map(({ use, epoch }, i) => ({ use, epoch, secret: made[i]?.secret ?? credential.secret }));
  recipients = {
    format: 'cfl/recipients/1',
    keys: named.map((key, i) => ({
      ...key,
      recipient: made[i]?.recipient ?? credential.recipient,
      from: FROM,
    })),
  };
});

const ring = (changes: Partial<Ring> = {}): Ring => ({
  format: 'cfl/keyring/1',
  library: LIBRARY,
  holder: ENERGY,
  keys,
  ...changes,
});
const context = () => ({ library: LIBRARY, holder: ENERGY, recipients });

describe('a ring', () => {
  it('is opened with its credential, and gives its keys newest first', async () => {
    const opened = await openRing(await sealRing(ring(), [credential.recipient]), credential, context());
    expect(opened).toEqual(ring());
    expect(keysFor(opened, 'images').map(({ epoch }) => epoch)).toEqual([2, 1]);
    expect(keysFor(opened, 'notes').map(({ epoch }) => epoch)).toEqual([1]);
  });

  it('is opened also where only a later root is pinned', async () => {
    const sealed = await sealRing(ring(), [credential.recipient]);
    expect(await openRing(sealed, credential, { ...context(), library: undefined })).toEqual(ring());
  });

  it('of a party has one reader; the escrow ring has as many as there are custodians', async () => {
    const both = [credential.recipient, other.recipient];
    await expect(async () => sealRing(ring(), both)).rejects.toThrow(TypeError);
    const escrow = await sealRing(ring({ holder: ESCROW }), both);
    for (const custodian of [credential, other])
      expect(await openRing(escrow, custodian, { ...context(), holder: ESCROW })).toEqual(
        ring({ holder: ESCROW }),
      );
  });
});

type Make = () => Promise<Uint8Array>;
const attacks: Readonly<Record<string, readonly [string, Make]>> = {
  "another party's, sealed to it": ['WRONG_CREDENTIAL', () => sealRing(ring(), [other.recipient])],
  "another party's, sealed to this one": [
    'WRONG_RING',
    () => sealRing(ring({ holder: parsePartyId('example-gas') }), [credential.recipient]),
  ],
  "another library's": [
    'WRONG_RING',
    () => sealRing(ring({ library: parseSha256('cd'.repeat(32)) }), [credential.recipient]),
  ],
  'one with a second reader': [
    'SEALED_TWICE',
    () => seal(encodeRing(ring()), [credential.recipient, other.recipient]),
  ],
  'one with a secret that does not make the published recipient': [
    'WRONG_RECIPIENT',
    () =>
      sealRing(ring({ keys: [{ use: 'notes', epoch: 1, secret: other.secret }] }), [credential.recipient]),
  ],
  'one with the secrets of two uses exchanged': [
    'WRONG_RECIPIENT',
    () => {
      const [images, , notes] = keys;
      const exchanged = [
        { ...images, secret: notes?.secret },
        { ...notes, secret: images?.secret },
      ] as ReadKey[];
      return sealRing(ring({ keys: exchanged }), [credential.recipient]);
    },
  ],
  'one with an epoch that nobody published': [
    'WRONG_RING',
    () =>
      sealRing(ring({ keys: [{ use: 'notes', epoch: 2, secret: other.secret }] }), [credential.recipient]),
  ],
  'one with an epoch twice': [
    'WRONG_RING',
    () => {
      const text = JSON.stringify({ ...ring(), keys: [...keys, ...keys] });
      return seal(new TextEncoder().encode(text), [credential.recipient]);
    },
  ],
  'no ring at all': ['WRONG_RING', () => seal(new TextEncoder().encode('{}'), [credential.recipient])],
  'one in the clear': ['NOT_SEALED', async () => encodeRing(ring())],
};

test.each(Object.entries(attacks))('refuses %s, and quotes no secret', async (_name, [code, make]) => {
  await openRing(await sealRing(ring(), [credential.recipient]), credential, context());
  const failure: unknown = await openRing(await make(), credential, context()).catch(
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ name: 'AccessError', code });
  expect(JSON.stringify(failure) + String(failure)).not.toContain('AGE-SECRET-KEY-PQ-1');
});

describe("the gateway's ring", () => {
  it('holds one epoch of images', () => {
    const own = ring({ holder: GATEWAY, keys: keys.slice(1, 2) });
    expect(parseRing(encodeRing(own))).toEqual(own);
  });

  it.each([
    ['the key of the notes', () => keys.slice(2)],
    ['two epochs', () => keys.slice(0, 2)],
    ['images and notes', () => keys.slice(1)],
  ])('never holds %s', (_name, some) => {
    expect(() => encodeRing(ring({ holder: GATEWAY, keys: some() }))).toThrow(/one epoch of images alone/);
  });
});
