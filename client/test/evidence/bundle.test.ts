// Attacks on a signed statement. The honest bundle is accepted first, with the same trust and clock.

import { beforeAll, describe, expect, test } from 'vitest';
import { encodeCanonical, type Json } from '../../src/encoding/index.ts';
import {
  EvidenceError,
  type EvidenceTrust,
  type RegisteredKey,
  signStatement,
  verifyBundle,
} from '../../src/evidence/index.ts';
import { memorySigner, type Signer } from '../../src/keys/index.ts';
import type { KeyId } from '../../src/tuf/types.ts';

const STATEMENT = new TextEncoder().encode('{"_type":"https://in-toto.io/Statement/v1","subject":[]}');
const FROM = new Date('2026-01-01T00:00:00Z');
const UNTIL = new Date('2027-01-01T00:00:00Z');
const AT = new Date('2026-06-01T00:00:00Z');

interface Shape {
  mediaType: string;
  verificationMaterial: { [key: string]: Json };
  dsseEnvelope: {
    payload: string;
    payloadType: string;
    signatures: { [key: string]: Json }[];
    [key: string]: Json;
  };
  [key: string]: unknown;
}

let maker: Signer;
let other: Signer;
let stranger: Signer;
let honest: Uint8Array;
let trust: EvidenceTrust;

beforeAll(async () => {
  [maker, other, stranger] = await Promise.all([memorySigner(), memorySigner('ed25519'), memorySigner()]);
  honest = await signStatement(STATEMENT, maker);
  trust = trusting(registered(maker), registered(other));
});

const registered = (signer: Signer, until = UNTIL): RegisteredKey => ({ key: signer.key, from: FROM, until });
const trusting = (...keys: RegisteredKey[]): EvidenceTrust => ({
  keys: new Map(keys.map((one) => [one.key.id, one])),
});
const shape = (octets: Uint8Array): Shape => JSON.parse(new TextDecoder().decode(octets)) as Shape;
const encode = (bundle: Shape): Uint8Array => encodeCanonical(bundle as unknown as Json);

function changed(change: (bundle: Shape) => void): Uint8Array {
  const bundle = shape(honest);
  change(bundle);
  return encode(bundle);
}

async function refusal(octets: Uint8Array, trusted = trust, at = AT): Promise<string> {
  await expect(verifyBundle(honest, trust, AT)).resolves.toMatchObject({ keyId: maker.key.id });
  const error = await verifyBundle(octets, trusted, at).then(
    () => 'accepted',
    (reason: unknown) => reason,
  );
  if (!(error instanceof EvidenceError)) throw new Error(`expected an EvidenceError, found ${String(error)}`);
  expect(error.hint).not.toBe('');
  return error.code;
}

describe('an honest bundle', () => {
  test.each([
    ['ECDSA P-256', () => maker],
    ['Ed25519', () => other],
  ])('of %s proves the statement and who signed it', async (_name, signer) => {
    const bundle = await signStatement(STATEMENT, signer());
    expect(await verifyBundle(bundle, trust, AT)).toEqual({ statement: STATEMENT, keyId: signer().key.id });
  });

  test('is accepted with the empty lists that other writers put into it, and without the key id in the envelope', async () => {
    const bundle = changed(({ verificationMaterial, dsseEnvelope }) => {
      verificationMaterial.tlogEntries = [];
      verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [] };
      delete dsseEnvelope.signatures[0]?.keyid;
    });
    expect((await verifyBundle(bundle, trust, AT)).keyId).toBe(maker.key.id);
  });

  test('is the canonical form of its JSON', () => {
    expect(honest).toEqual(encode(shape(honest)));
  });
});

describe('a signature', () => {
  test('does not cover another payload', async () => {
    const payload = Buffer.from(STATEMENT).toString('base64').replace(/^./, 'f');
    expect(await refusal(changed((bundle) => Object.assign(bundle.dsseEnvelope, { payload })))).toBe(
      'BAD_SIGNATURE',
    );
  });

  test('changed in one bit is refused', async () => {
    const bundle = changed(({ dsseEnvelope: { signatures } }) => {
      const sig = Buffer.from(String(signatures[0]?.sig), 'base64');
      sig[sig.length - 1] = (sig[sig.length - 1] ?? 0) ^ 1;
      Object.assign(signatures[0] ?? {}, { sig: sig.toString('base64') });
    });
    expect(await refusal(bundle)).toBe('BAD_SIGNATURE');
  });

  test('of the same statement under another payload type is not carried over', async () => {
    const foreign = changed((bundle) =>
      Object.assign(bundle.dsseEnvelope, { payloadType: 'application/vnd.in-toto+json;v=2' }),
    );
    expect(await refusal(foreign)).toBe('PAYLOAD_TYPE');
  });

  test('over the bare payload, without its type, is refused', async () => {
    const sig = Buffer.from(await maker.sign(STATEMENT)).toString('base64');
    expect(
      await refusal(changed((bundle) => Object.assign(bundle.dsseEnvelope.signatures[0] ?? {}, { sig }))),
    ).toBe('BAD_SIGNATURE');
  });

  test.each([
    ['two', 2],
    ['none', 0],
  ])('stands alone: %s are refused', async (_name, count) => {
    const bundle = changed(({ dsseEnvelope }) => {
      dsseEnvelope.signatures = Array.from({ length: count }, () => dsseEnvelope.signatures[0] ?? {});
    });
    expect(await refusal(bundle)).toBe('SIGNATURE_COUNT');
  });
});

describe('a key', () => {
  test('that is not registered is refused, however well it signs', async () => {
    const bundle = await signStatement(STATEMENT, stranger);
    expect((await verifyBundle(bundle, trusting(registered(stranger)), AT)).keyId).toBe(stranger.key.id);
    expect(await refusal(bundle)).toBe('UNKNOWN_KEY');
  });

  test('does not sign in the name of another: the hint swapped', async () => {
    expect(await refusal(changed((bundle) => named(bundle, other.key.id, other.key.id)))).toBe(
      'BAD_SIGNATURE',
    );
    expect(await refusal(changed((bundle) => named(bundle, other.key.id, maker.key.id)))).toBe(
      'WRONG_MATERIAL',
    );
    expect(await refusal(changed((bundle) => named(bundle, maker.key.id, other.key.id)))).toBe(
      'WRONG_MATERIAL',
    );
  });

  test('registered under an id that is not its own is refused', async () => {
    const keys = new Map<KeyId, RegisteredKey>([[maker.key.id, registered(stranger)]]);
    const bundle = await signStatement(STATEMENT, {
      key: maker.key,
      sign: (message) => stranger.sign(message),
    });
    expect(await refusal(bundle, { keys })).toBe('UNKNOWN_KEY');
  });

  test.each(['constructor', '__proto__', 'maker', ''])('is named by its id, not by "%s"', async (hint) => {
    expect(await refusal(changed((bundle) => named(bundle, hint, hint)))).toBe('WRONG_MATERIAL');
  });

  test('counts from its first moment until before its last', async () => {
    const at = (time: number) => verifyBundle(honest, trust, new Date(time));
    await expect(at(FROM.getTime())).resolves.toBeDefined();
    await expect(at(UNTIL.getTime() - 1)).resolves.toBeDefined();
    expect(await refusal(honest, trust, new Date(FROM.getTime() - 1))).toBe('OUTSIDE_VALIDITY');
    expect(await refusal(honest, trust, UNTIL)).toBe('OUTSIDE_VALIDITY');
  });

  test('without an end counts on', async () => {
    await expect(
      verifyBundle(honest, trusting({ ...registered(maker), until: undefined }), new Date('2060-01-01')),
    ).resolves.toBeDefined();
  });

  test('closed before the time asked for is refused', async () => {
    expect(await refusal(honest, trusting(registered(maker, new Date('2026-03-01T00:00:00Z'))))).toBe(
      'OUTSIDE_VALIDITY',
    );
  });

  test('of RSA is refused for signing and for verifying', async () => {
    const rsa = await memorySigner('rsassa-pss-sha256');
    await expect(signStatement(STATEMENT, rsa)).rejects.toMatchObject({ code: 'UNSUPPORTED_KEY' });
    const bundle = changed((one) => named(one, rsa.key.id, rsa.key.id));
    expect(await refusal(bundle, trusting(registered(rsa)))).toBe('UNSUPPORTED_KEY');
  });
});

describe('what is not checked must not be there', () => {
  const certificate = { rawBytes: 'MAA=' };
  test.each<[string, { [key: string]: Json }]>([
    ['a certificate in place of the key', { certificate }],
    ['a chain in place of the key', { x509CertificateChain: { certificates: [certificate] } }],
  ])('%s', async (_name, verificationMaterial) => {
    expect(await refusal(changed((bundle) => Object.assign(bundle, { verificationMaterial })))).toBe(
      'WRONG_MATERIAL',
    );
  });

  test.each<[string, { [key: string]: Json }]>([
    ['a certificate beside the key', { certificate }],
    ['a time stamp', { timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'MAA=' }] } }],
    ['a log entry', { tlogEntries: [{ logIndex: '1' }] }],
  ])('%s', async (_name, more) => {
    expect(await refusal(changed((bundle) => Object.assign(bundle.verificationMaterial, more)))).toBe(
      'WRONG_MATERIAL',
    );
  });
});

describe('a file that is not exactly a bundle is refused:', () => {
  const edits: [string, (bundle: Shape) => void][] = [
    [
      'another media type',
      (bundle) =>
        Object.assign(bundle, { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' }),
    ],
    ['an unknown field', (bundle) => Object.assign(bundle, { comment: 'x' })],
    ['a message signature beside the envelope', (bundle) => Object.assign(bundle, { messageSignature: {} })],
    ['an unknown field in the envelope', (bundle) => Object.assign(bundle.dsseEnvelope, { note: 'x' })],
    [
      'an unknown field in the signature',
      (bundle) => Object.assign(bundle.dsseEnvelope.signatures[0] ?? {}, { cert: 'x' }),
    ],
    [
      'an unknown field in the material',
      (bundle) => Object.assign(bundle.verificationMaterial, { note: 'x' }),
    ],
    ['no envelope', (bundle) => Object.assign(bundle, { dsseEnvelope: null })],
    [
      'base64 in another form',
      (bundle) => Object.assign(bundle.dsseEnvelope, { payload: `${bundle.dsseEnvelope.payload}\n` }),
    ],
    ['an empty payload', (bundle) => Object.assign(bundle.dsseEnvelope, { payload: '' })],
    ['an empty signature', (bundle) => Object.assign(bundle.dsseEnvelope.signatures[0] ?? {}, { sig: '' })],
  ];
  test.each(edits)('%s', async (_name, edit) => {
    expect(await refusal(changed(edit))).toBe('NOT_A_BUNDLE');
  });

  test('a key of the JSON twice', async () => {
    const text = new TextDecoder().decode(honest);
    const twice = text.replace('"payload":', '"payload":"e30=","payload":');
    expect(await refusal(new TextEncoder().encode(twice))).toBe('NOT_A_BUNDLE');
  });

  test.each(['', '[]', 'null', '7', '"text"', '\uFEFF{}'])('the text %j', async (text) => {
    expect(await refusal(new TextEncoder().encode(text))).toBe('NOT_A_BUNDLE');
  });

  test('truncated at any octet', async () => {
    const codes = new Set<string>();
    for (let n = 0; n < honest.length; n += 7) {
      codes.add(
        await verifyBundle(honest.subarray(0, n), trust, AT).then(
          () => 'accepted',
          (error: EvidenceError) => error.code,
        ),
      );
    }
    expect([...codes]).toEqual(['NOT_A_BUNDLE']);
  });
});

function named(bundle: Shape, hint: string, keyid: string): void {
  bundle.verificationMaterial.publicKey = { hint };
  Object.assign(bundle.dsseEnvelope.signatures[0] ?? {}, { keyid });
}
