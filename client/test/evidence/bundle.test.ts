// What is a bundle, exactly? Files that are not one, or say more than anybody has checked, are refused.

import { bundleFromJSON } from '@sigstore/bundle';
import { describe, expect, it, test } from 'vitest';
import { extension } from '../../../scripts/pki/certificate.ts';
import { der, type Json } from '../../src/encoding/index.ts';
import { LARGEST_BUNDLE, parseBundle } from '../../src/evidence/bundle.ts';
import { EvidenceError, signStatement } from '../../src/evidence/index.ts';
import { memorySigner, signerOf } from '../../src/keys/index.ts';
import { witnessOf } from './pki.ts';
import {
  type BundleShape,
  edited,
  pkiOf,
  READER,
  STAMPED,
  STATEMENT,
  signed,
  Trust,
  verdict,
} from './scene.ts';

const pki = await pkiOf('Example');
const trust = new Trust(pki);
const { bundle: honest, by } = await signed(pki);
const [stamp] = (JSON.parse(new TextDecoder().decode(honest)) as BundleShape).verificationMaterial
  .timestampVerificationData.rfc3161Timestamps;

async function refusal(octets: Uint8Array): Promise<string> {
  const found = await verdict(octets, trust, READER);
  if (found instanceof EvidenceError) return found.code;
  throw new TypeError('it was accepted');
}

it('is a Sigstore bundle of version 0.3 with one certificate, one signature, one stamp', () => {
  const { mediaType, verificationMaterial, content } = bundleFromJSON(
    JSON.parse(new TextDecoder().decode(honest)),
  );
  expect(mediaType).toBe('application/vnd.dev.sigstore.bundle.v0.3+json');
  expect(verificationMaterial.content.$case).toBe('certificate');
  expect(verificationMaterial.timestampVerificationData?.rfc3161Timestamps).toHaveLength(1);
  if (content.$case !== 'dsseEnvelope') throw new TypeError('it has no envelope');
  expect(content.dsseEnvelope.payloadType).toBe('application/vnd.in-toto+json');
  expect(content.dsseEnvelope.signatures).toHaveLength(1);
  expect(new Uint8Array(content.dsseEnvelope.payload)).toEqual(STATEMENT);
});

describe('signing is refused', () => {
  const witness = witnessOf(pki, () => STAMPED);

  it('under a certificate for another key', async () => {
    const other = await pki.issue();
    const signing = signStatement(STATEMENT, {
      signer: await memorySigner(),
      certificate: other.certificate,
      witness,
    });
    await expect(signing).rejects.toMatchObject({ code: 'WRONG_KEY' });
  });

  it('with a key that nobody would accept', async () => {
    const weak = await pki.issue({ key: 'P-384' });
    const signing = signStatement(STATEMENT, {
      signer: await memorySigner(),
      certificate: weak.certificate,
      witness,
    });
    await expect(signing).rejects.toMatchObject({ code: 'UNSUPPORTED_KEY' });
  });

  it('with an RSA key that was opened for metadata', async () => {
    const rsa = await pki.issue({ key: 'RSA-2048' });
    const signer = await signerOf(rsa.privateKey);
    const signing = signStatement(STATEMENT, { signer, certificate: rsa.certificate, witness });
    await expect(signing).rejects.toBeInstanceOf(TypeError);
  });

  it('of nothing', async () => {
    if (by.signer === undefined) throw new TypeError('it has a signer');
    const signing = signStatement(new Uint8Array(), {
      signer: by.signer,
      certificate: by.certificate,
      witness,
    });
    await expect(signing).rejects.toBeInstanceOf(TypeError);
  });
});

describe('refuses a bundle', () => {
  const edits: [string, string, (bundle: BundleShape) => unknown][] = [
    [
      'with no signature',
      'SIGNATURE_COUNT',
      ({ dsseEnvelope }) => Object.assign(dsseEnvelope, { signatures: [] }),
    ],
    [
      'with its signature twice',
      'SIGNATURE_COUNT',
      ({ dsseEnvelope: { signatures } }) => signatures.push(...signatures),
    ],
    ['with no stamp', 'STAMP_COUNT', (bundle) => stamps(bundle).pop()],
    [
      'with its stamp twice',
      'STAMP_COUNT',
      (bundle) => stamps(bundle).push({ ...stamp } as { signedTimestamp: string }),
    ],
    [
      'with another payload type',
      'PAYLOAD_TYPE',
      ({ dsseEnvelope }) => Object.assign(dsseEnvelope, { payloadType: 'text/plain' }),
    ],
    [
      'with a key in place of the certificate',
      'WRONG_MATERIAL',
      (bundle) => material(bundle, { publicKey: { hint: 'ab'.repeat(32) } }),
    ],
    [
      'with a chain in place of the certificate',
      'WRONG_MATERIAL',
      (bundle) => material(bundle, { x509CertificateChain: { certificates: [] } }),
    ],
    [
      'with a log entry',
      'WRONG_MATERIAL',
      ({ verificationMaterial }) => Object.assign(verificationMaterial, { tlogEntries: [{ logIndex: '1' }] }),
    ],
    [
      'with a name for the key',
      'WRONG_MATERIAL',
      ({ dsseEnvelope: { signatures } }) => Object.assign(signatures[0] ?? {}, { keyid: 'x' }),
    ],
    [
      'of another media type',
      'NOT_A_BUNDLE',
      (bundle) =>
        Object.assign(bundle, { mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1' }),
    ],
    ['with an unknown field', 'NOT_A_BUNDLE', (bundle) => Object.assign(bundle, { comment: 'x' })],
    [
      'with a message signature beside the envelope',
      'NOT_A_BUNDLE',
      (bundle) => Object.assign(bundle, { messageSignature: {} }),
    ],
    [
      'with an unknown field in the envelope',
      'NOT_A_BUNDLE',
      ({ dsseEnvelope }) => Object.assign(dsseEnvelope, { note: 'x' }),
    ],
    [
      'with an unknown field in the signature',
      'NOT_A_BUNDLE',
      ({ dsseEnvelope: { signatures } }) => Object.assign(signatures[0] ?? {}, { cert: 'x' }),
    ],
    [
      'with an unknown field in the material',
      'NOT_A_BUNDLE',
      ({ verificationMaterial }) => Object.assign(verificationMaterial, { note: 'x' }),
    ],
    [
      'with an unknown field beside the certificate',
      'NOT_A_BUNDLE',
      ({ verificationMaterial: { certificate } }) => Object.assign(certificate, { note: 'x' }),
    ],
    ['without an envelope', 'NOT_A_BUNDLE', (bundle) => Object.assign(bundle, { dsseEnvelope: null })],
    ['without a certificate', 'NOT_A_BUNDLE', (bundle) => material(bundle, {})],
    [
      'with base64 in another form',
      'NOT_A_BUNDLE',
      ({ dsseEnvelope }) => Object.assign(dsseEnvelope, { payload: `${dsseEnvelope.payload}\n` }),
    ],
    [
      'with an empty payload',
      'NOT_A_BUNDLE',
      ({ dsseEnvelope }) => Object.assign(dsseEnvelope, { payload: '' }),
    ],
    [
      'with an empty signature',
      'NOT_A_BUNDLE',
      ({ dsseEnvelope: { signatures } }) => Object.assign(signatures[0] ?? {}, { sig: '' }),
    ],
    [
      'with something after the certificate',
      'BAD_STAMP',
      ({ verificationMaterial: { certificate } }) =>
        Object.assign(certificate, { rawBytes: base64(by.certificate, Buffer.from([5, 0])) }),
    ],
    [
      'with half a certificate',
      'BAD_STAMP',
      ({ verificationMaterial: { certificate } }) =>
        Object.assign(certificate, { rawBytes: base64(by.certificate.subarray(0, 200)) }),
    ],
    [
      'with a stamp that is none',
      'BAD_STAMP',
      (bundle) => Object.assign(stamps(bundle)[0] ?? {}, { signedTimestamp: 'MAA=' }),
    ],
  ];
  test.each(edits)('%s', async (_name, code, edit) => {
    expect(await refusal(edited(honest, edit))).toBe(code);
  });

  it('with a key of the JSON twice', async () => {
    const twice = new TextDecoder().decode(honest).replace('"payload":', '"payload":"e30=","payload":');
    expect(await refusal(new TextEncoder().encode(twice))).toBe('NOT_A_BUNDLE');
  });

  it.each(['', '[]', 'null', '7', '"text"', '\uFEFF{}'])('that is the text %j', async (text) => {
    expect(await refusal(new TextEncoder().encode(text))).toBe('NOT_A_BUNDLE');
  });

  it('of more octets than a bundle may have, before anything of it is read', async () => {
    const padded = (length: number) => {
      const octets = new Uint8Array(length).fill(0x20);
      octets.set(honest);
      return octets;
    };
    expect(parseBundle(padded(LARGEST_BUNDLE)).statement).toEqual(STATEMENT);
    expect(await refusal(padded(LARGEST_BUNDLE + 1))).toBe('BUNDLE_TOO_LARGE');
  });

  it('that is truncated, at any octet', async () => {
    const codes = new Set<string>();
    for (let n = 0; n < honest.length; n += 41) codes.add(await refusal(honest.subarray(0, n)));
    expect([...codes]).toEqual(['NOT_A_BUNDLE']);
  });
});

/** Each octet string holds the beginning of a sequence of all that comes behind it, so that a reader that looks inside reads it twice. */
function endless(levels: number): Uint8Array {
  let rest: Uint8Array = der.writeDer(der.TAG.nil);
  for (let level = 0; level < levels; level++) {
    const { length } = rest;
    const sequence = der.sequence(rest);
    const begun = der.octetString(sequence.subarray(0, sequence.length - length));
    rest = Buffer.concat([begun, rest]);
  }
  return der.sequence(rest);
}

describe('what would take hours to read is refused at once', () => {
  it('and is a hundred octets long', () => {
    expect(endless(24).length).toBeLessThan(110);
  });

  it.each([24, 60, 5000])('as a time stamp of %i levels', async (levels) => {
    const changed = edited(honest, (bundle) => {
      Object.assign(stamps(bundle)[0] ?? {}, { signedTimestamp: base64(endless(levels)) });
    });
    expect(await refusal(honest).catch((error: Error) => error.message)).toBe('it was accepted');
    expect(await refusal(changed)).toBe('NOT_A_BUNDLE');
  });

  it.each([24, 60, 5000])('as a certificate of %i levels', async (levels) => {
    const changed = edited(honest, ({ verificationMaterial: { certificate } }) => {
      certificate.rawBytes = base64(endless(levels));
    });
    expect(await refusal(changed)).toBe('NOT_A_BUNDLE');
  });

  it('inside an extension of a certificate that an authority issued', async () => {
    const issued = await pki.issue({ extensions: [extension('2.999.7', endless(60))] });
    const changed = edited(honest, ({ verificationMaterial: { certificate } }) => {
      certificate.rawBytes = base64(issued.certificate);
    });
    expect(await refusal(changed)).toBe('NOT_A_BUNDLE');
  });
});

// A stamp also carries its authority's certificate, for others: nothing here reads that copy
it('no bit of certificate, stamp, statement or signature can be changed with an effect', async () => {
  const proven = await verdict(honest, trust, READER);
  const parts: [string, (bundle: BundleShape) => Record<string, string>][] = [
    ['rawBytes', ({ verificationMaterial }) => verificationMaterial.certificate],
    ['signedTimestamp', (bundle) => stamps(bundle)[0] as Record<string, string>],
    ['payload', ({ dsseEnvelope }) => dsseEnvelope as unknown as Record<string, string>],
    ['sig', ({ dsseEnvelope }) => dsseEnvelope.signatures[0] as Record<string, string>],
  ];
  const accepted: string[] = [];
  for (const [name, part] of parts) {
    for (let at = 3; ; at += 67) {
      let inside = true;
      const changed = edited(honest, (bundle) => {
        const octets = Buffer.from(part(bundle)[name] ?? '', 'base64');
        inside = at < octets.length;
        if (inside) octets[at] = (octets[at] ?? 0) ^ 1;
        part(bundle)[name] = octets.toString('base64');
      });
      if (!inside) break;
      const found = await verdict(changed, trust, READER);
      if (found instanceof EvidenceError) continue;
      if (name !== 'signedTimestamp') accepted.push(`${name} ${at}`);
      expect(found).toEqual(proven);
    }
  }
  expect(accepted).toEqual([]);
});

function stamps(bundle: BundleShape) {
  return bundle.verificationMaterial.timestampVerificationData.rfc3161Timestamps;
}

function material({ verificationMaterial }: BundleShape, instead: { [name: string]: Json }): void {
  Reflect.deleteProperty(verificationMaterial, 'certificate');
  Object.assign(verificationMaterial, instead);
}

function base64(...parts: Uint8Array[]): string {
  return Buffer.concat(parts).toString('base64');
}
