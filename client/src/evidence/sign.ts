// How is a statement signed so that it proves itself for years? As a Sigstore bundle: DSSE over an in-toto
// statement, the signer's certificate, and a time stamp over the signature.

import { encodeCanonical, type Json } from '../encoding/index.ts';
import { type Signer, toPublicKeyObject } from '../keys/index.ts';
import { PAYLOAD_TYPE, parseBundle } from './bundle.ts';
import { inWords, readCertificate, verifyKeyType } from './certificate.ts';
import { EvidenceError } from './errors.ts';

/** Says when something was there: a time authority. */
export interface Witness {
  /** The DER of an RFC 3161 TimeStampResp over the SHA-256 of the signature. */
  testify(signature: Uint8Array): Promise<Uint8Array>;
}

export interface SignOptions {
  /** Opened for `evidence`: `openSigner(uri, { use: 'evidence' })`. */
  readonly signer: Signer;
  /** DER, of the signer's key. */
  readonly certificate: Uint8Array;
  readonly witness: Witness;
}

/** The octets of the bundle. Throws EvidenceError where the certificate is not the key's, or of a kind that nobody accepts. */
export async function signStatement(
  statement: Uint8Array,
  { signer, certificate, witness }: SignOptions,
): Promise<Uint8Array> {
  if (statement.length === 0) throw new TypeError('Cannot sign a statement of no octets');
  verifySigner(signer, certificate);
  const [{ DSSEBundleBuilder }, { bundleToJSON }] = await Promise.all([
    import('@sigstore/sign'),
    import('@sigstore/bundle'),
  ]);
  const builder = new DSSEBundleBuilder({
    signer: {
      sign: async (message) => ({
        signature: Buffer.from(await signer.sign(message)),
        key: { $case: 'x509Certificate', certificate: pemOf(certificate) },
      }),
    },
    witnesses: [
      {
        testify: async (content) => {
          if (content.$case !== 'dsseEnvelope')
            throw new TypeError('Only a statement in an envelope is stamped');
          const [signature] = content.dsseEnvelope.signatures;
          const signedTimestamp = Buffer.from(await witness.testify(signature?.sig ?? new Uint8Array()));
          return { rfc3161Timestamps: [{ signedTimestamp }] };
        },
      },
    ],
  });
  const bundle = await builder.create({ data: Buffer.from(statement), type: PAYLOAD_TYPE });
  const octets = encodeCanonical(bundleToJSON(bundle) as unknown as Json);
  parseBundle(octets);
  return octets;
}

function verifySigner({ key }: Signer, octets: Uint8Array): void {
  const certificate = readCertificate(octets);
  verifyKeyType(certificate);
  if (key.scheme === 'rsassa-pss-sha256')
    throw new TypeError('A key that signs evidence is opened for that use');
  if (toPublicKeyObject(key).equals(certificate.x509.publicKey)) return;
  throw new EvidenceError(
    'WRONG_KEY',
    `Cannot sign under ${inWords(certificate)}: it was issued for another key than the one that would sign`,
    { hint: 'name the key and the certificate that belong together' },
  );
}

function pemOf(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
