// Public keys and their signatures: what counts, and in which one form.

import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex, type JsonObject, toHex } from '../../../src/encoding/index.ts';
import { keyMaterial, type PublicKey, parseKey, publicKey, verifySignature } from '../../../src/tuf/index.ts';
import {
  compressedPoint,
  hybridPoint,
  type KeyKind,
  makeKey,
  publicText,
  sha256Hex,
  type TestKey,
} from '../test-keys.ts';

const MESSAGE = new TextEncoder().encode('what was signed');
const KINDS: readonly KeyKind[] = ['ecdsa', 'ed25519', 'rsa'];

describe.each(KINDS)('a key of the kind %s', (kind) => {
  const key = makeKey(kind);

  it('verifies its own signature and no other', async () => {
    const known = await parsed(key);
    const signature = key.sign(MESSAGE);
    expect(await verifySignature(known, MESSAGE, signature)).toBe(true);
    expect(await verifySignature(known, new Uint8Array(), signature)).toBe(false);
    expect(await verifySignature(known, MESSAGE, makeKey(kind).sign(MESSAGE))).toBe(false);
    expect(await verifySignature(known, MESSAGE, new Uint8Array())).toBe(false);
    expect(await verifySignature(known, MESSAGE, signature.slice(0, -1))).toBe(false);
    expect(await verifySignature(known, MESSAGE, Uint8Array.from([...signature, 0]))).toBe(false);
  });

  it('has the SHA-256 of its canonical form as its id', async () => {
    const { keytype, scheme } = key.json as { keytype: string; scheme: string };
    const made = await publicKey(keytype, scheme, publicText(key));
    expect(made.id).toBe(sha256Hex(new TextEncoder().encode(canonicalize(key.json))));
    expect(made.json).toEqual(key.json);
  });

  it('is dropped under an id that is not its hash', async () => {
    expect(await parseKey(key.id, key.json)).toBeDefined();
    for (const id of [makeKey().id, key.id.toUpperCase(), ` ${key.id}`, key.id.slice(1), '', '__proto__']) {
      expect(await parseKey(id, key.json)).toBeUndefined();
    }
    expect(await parseKey(key.id, { ...key.json, note: 1 })).toBeUndefined();
  });
});

describe('what is not a key at all is refused', () => {
  const CASES: Record<string, JsonObject> = {
    'no key type': { scheme: 'ed25519', keyval: { public: '00' } },
    'no scheme': { keytype: 'ed25519', keyval: { public: '00' } },
    'no value': { keytype: 'ed25519', scheme: 'ed25519' },
    'no public part': { keytype: 'ed25519', scheme: 'ed25519', keyval: {} },
    'a list for a value': { keytype: 'ed25519', scheme: 'ed25519', keyval: ['00'] },
    'a number for the public part': { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: 0 } },
  };

  it.each(Object.entries(CASES))('%s', async (_, json) => {
    await expect(parseKey('0'.repeat(64), json)).rejects.toThrow(TypeError);
  });
});

describe('the DER of an ECDSA signature has one form', () => {
  const key = makeKey('ecdsa');
  let known: PublicKey;
  let r: readonly number[];
  let s: readonly number[];

  beforeAll(async () => {
    known = await parsed(key);
    // With r above the middle, so that it needs its leading zero, and s below
    do [r, s] = integersOf(key.sign(MESSAGE));
    while (r.length !== 33 || s.length !== 32);
  });

  it('which is accepted', async () => {
    expect(await verifySignature(known, MESSAGE, Uint8Array.from(sequence(integer(r), integer(s))))).toBe(
      true,
    );
  });

  const FORGERIES: Record<string, () => readonly number[]> = {
    'a long-form length of the sequence': () => [0x30, 0x81, ...sequence(integer(r), integer(s)).slice(1)],
    'a long-form length of a number': () => sequence([0x02, 0x81, r.length, ...r], integer(s)),
    'a long-form length of the last number': () => sequence(integer(r), [0x02, 0x81, s.length, ...s]),
    'an indefinite length': () => [0x30, 0x80, ...integer(r), ...integer(s), 0, 0],
    'a negative number': () => sequence(integer(r.slice(1)), integer(s)),
    'a leading zero too many': () => sequence(integer([0, ...r]), integer(s)),
    'a leading zero without need': () => sequence(integer(r), integer([0, ...s])),
    'an octet behind it': () => [...sequence(integer(r), integer(s)), 0],
    'an octet behind it, counted in its length': () => sequence(integer(r), integer(s), [0]),
    'a third number': () => sequence(integer(r), integer(s), integer([1])),
    'one number': () => sequence(integer(r)),
    'no number': () => sequence(),
    'an empty number': () => sequence(integer([]), integer(s)),
    'a length too short': () =>
      sequence(integer(r), integer(s)).map((octet, i) => (i === 1 ? octet - 1 : octet)),
    'a length too long': () =>
      sequence(integer(r), integer(s)).map((octet, i) => (i === 1 ? octet + 1 : octet)),
    'a number longer than the sequence': () => sequence(integer(r), [0x02, s.length + 1, ...s]),
    'a set for a sequence': () => [0x31, ...sequence(integer(r), integer(s)).slice(1)],
    'an octet string for a number': () => sequence([0x04, ...integer(r).slice(1)], integer(s)),
    'zero for r': () => sequence(integer([0]), integer(s)),
    'zero for both': () => sequence(integer([0]), integer([0])),
    'a number of 33 octets': () => sequence(integer([1, ...r.slice(1)]), integer(s)),
    'r and s side by side': () => [...r.slice(1), ...s],
    'the tag alone': () => [0x30],
    nothing: () => [],
  };

  it.each(Object.entries(FORGERIES))('and not %s', async (_, forge) => {
    expect(await verifySignature(known, MESSAGE, Uint8Array.from(forge()))).toBe(false);
  });
});

describe('a key that never counts', () => {
  const { publicKey: small, privateKey: smallPrivate } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ed = makeKey('ed25519');

  const CASES: Record<
    string,
    readonly [keytype: string, scheme: string, text: string, signature: Uint8Array]
  > = {
    'RSA of 1024 bits': ['rsa', 'rsassa-pss-sha256', pem(small), signPss(smallPrivate)],
    'RSA that says it is for PSS alone': [
      'rsa',
      'rsassa-pss-sha256',
      pem(pss.publicKey),
      signPss(pss.privateKey),
    ],
    'ECDSA on another curve': [
      'ecdsa',
      'ecdsa-sha2-nistp256',
      pem(p384.publicKey),
      sign('sha256', MESSAGE, p384.privateKey),
    ],
    'ECDSA on a curve of the same size': [
      'ecdsa',
      'ecdsa-sha2-nistp256',
      pem(k256.publicKey),
      sign('sha256', MESSAGE, k256.privateKey),
    ],
    'a scheme that is not known': [
      'ecdsa',
      'ecdsa-sha2-nistp384',
      pem(p256.publicKey),
      sign('sha256', MESSAGE, p256.privateKey),
    ],
    'a key type that is not known': [
      'ec',
      'ecdsa-sha2-nistp256',
      pem(p256.publicKey),
      sign('sha256', MESSAGE, p256.privateKey),
    ],
    'a key type and a scheme that do not belong together': [
      'rsa',
      'ecdsa-sha2-nistp256',
      pem(p256.publicKey),
      sign('sha256', MESSAGE, p256.privateKey),
    ],
    'a private key': [
      'ecdsa',
      'ecdsa-sha2-nistp256',
      p256.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      sign('sha256', MESSAGE, p256.privateKey),
    ],
    'a PEM with text before it': [
      'ecdsa',
      'ecdsa-sha2-nistp256',
      `key: ${pem(p256.publicKey)}`,
      sign('sha256', MESSAGE, p256.privateKey),
    ],
    'two PEMs': [
      'ecdsa',
      'ecdsa-sha2-nistp256',
      pem(p256.publicKey).repeat(2),
      sign('sha256', MESSAGE, p256.privateKey),
    ],
    'Ed25519 with an octet too many': ['ed25519', 'ed25519', `${publicText(ed)}00`, ed.sign(MESSAGE)],
    'Ed25519 with an octet too few': ['ed25519', 'ed25519', publicText(ed).slice(2), ed.sign(MESSAGE)],
    'Ed25519 in PEM': ['ed25519', 'ed25519', pem(generateKeyPairSync('ed25519').publicKey), ed.sign(MESSAGE)],
    'no key': ['ecdsa', 'ecdsa-sha2-nistp256', '', new Uint8Array(70)],
  };

  it.each(Object.entries(CASES))('%s', async (_, [keytype, scheme, text, signature]) => {
    const key = await publicKey(keytype, scheme, text);
    expect(await verifySignature(key, MESSAGE, new Uint8Array(signature))).toBe(false);
    expect(await keyMaterial(key)).toBeUndefined();
    // It stays in the file under its id
    expect(await parseKey(key.id, key.json)).toEqual(key);
  });
});

describe('an RSA signature', () => {
  const { publicKey: shown, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const known = publicKey('rsa', 'rsassa-pss-sha256', pem(shown));

  it('is PSS with SHA-256 and 32 octets of salt', async () => {
    expect(await verifySignature(await known, MESSAGE, signPss(privateKey))).toBe(true);
  });

  const OTHERS: Record<string, () => Uint8Array> = {
    'PKCS #1 v1.5': () => sign('sha256', MESSAGE, privateKey),
    'no salt': () => signPss(privateKey, { saltLength: 0 }),
    'a salt of 20 octets': () => signPss(privateKey, { saltLength: 20 }),
    'all the salt there is room for': () =>
      signPss(privateKey, { saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN }),
    'SHA-512': () => signPss(privateKey, { digest: 'sha512' }),
    'SHA-1': () => signPss(privateKey, { digest: 'sha1' }),
  };

  it.each(Object.entries(OTHERS))('is not %s', async (_, make) => {
    expect(await verifySignature(await known, MESSAGE, new Uint8Array(make()))).toBe(false);
  });
});

describe('one key, written in two ways, is one key', () => {
  const ecdsa = makeKey('ecdsa');
  const rsa = makeKey('rsa');
  const ed25519 = makeKey('ed25519');
  const text = publicText(ecdsa);

  const TWINS: Record<string, readonly [TestKey, string]> = {
    'other line ends': [ecdsa, text.replaceAll('\n', '\r\n')],
    'one long line': [ecdsa, text.replace(/(?<=[A-Za-z0-9+/=])\n(?=[A-Za-z0-9+/=])/g, '')],
    'spaces around it': [ecdsa, ` \n${text}\n `],
    'an octet behind its DER': [ecdsa, padded(text)],
    'a compressed point': [ecdsa, (compressedPoint(ecdsa).keyval as { public: string }).public],
    'a hybrid point': [ecdsa, (hybridPoint(ecdsa).keyval as { public: string }).public],
    'other line ends, RSA': [rsa, publicText(rsa).replaceAll('\n', '\r\n')],
    'capitals, Ed25519': [ed25519, publicText(ed25519).toUpperCase()],
  };

  it.each(Object.entries(TWINS))('%s', async (_, [key, other]) => {
    const [one, twin] = [await parsed(key), await publicKey(...kindOf(key), other)];
    expect(twin.id).not.toBe(one.id);
    expect(await keyMaterial(one)).toBeDefined();
    // Either it is seen to be the same key, or it does not count at all
    expect([await keyMaterial(one), undefined]).toContain(await keyMaterial(twin));
  });

  it('two keys are two', async () => {
    const materials = await Promise.all(
      [ecdsa, rsa, ed25519, makeKey('ecdsa')].map(async (key) => keyMaterial(await parsed(key))),
    );
    expect(new Set(materials).size).toBe(4);
  });
});

async function parsed(key: TestKey): Promise<PublicKey> {
  const found = await parseKey(key.id, key.json);
  if (found === undefined) throw new TypeError(`Cannot use the key "${key.id}": its id is not its hash`);
  return found;
}

function kindOf(key: TestKey): [string, string] {
  const { keytype, scheme } = key.json as { keytype: string; scheme: string };
  return [keytype, scheme];
}

function pem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function padded(text: string): string {
  const der = Buffer.from(text.replace(/-----[^-]*-----|\s/g, ''), 'base64');
  const longer = Buffer.concat([der, Buffer.of(0)]).toString('base64');
  return `-----BEGIN PUBLIC KEY-----\n${longer}\n-----END PUBLIC KEY-----\n`;
}

function signPss(key: KeyObject, { digest = 'sha256', saltLength = 32 } = {}): Uint8Array {
  return new Uint8Array(sign(digest, MESSAGE, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }));
}

function integer(octets: readonly number[]): readonly number[] {
  return [0x02, octets.length, ...octets];
}

function sequence(...parts: readonly (readonly number[])[]): readonly number[] {
  const body = parts.flat();
  return [0x30, body.length, ...body];
}

function integersOf(der: Uint8Array): [readonly number[], readonly number[]] {
  const octets = [...fromHex(toHex(der))];
  const length = octets[3] ?? 0;
  return [octets.slice(4, 4 + length), octets.slice(6 + length)];
}
