// What is it that signs? One method, wherever the private key may be kept.

import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { publicKey } from '../tuf/key.ts';
import type { PublicKey } from '../tuf/types.ts';
import { publicKeyOf, type Scheme, schemeOf } from './public.ts';

/** What is signed: TUF metadata and files of that kind, or a bundle of evidence. RSA has a form for each. */
export type Use = 'metadata' | 'evidence';

export interface Signer {
  readonly key: PublicKey;
  /**
   * ECDSA: DER over SHA-256. Ed25519: 64 octets. RSA: PSS with SHA-256 and 32 octets of salt in metadata,
   * PKCS #1 v1.5 with SHA-256 in evidence, since Sigstore's verifiers know no PSS.
   */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** A signer whose private key lives in this process and nowhere else: for tests and the demo. */
export function memorySigner(scheme: Scheme = 'ecdsa-sha2-nistp256'): Promise<Signer> {
  return signerOf(generatePrivateKey(scheme));
}

/** Throws KeyError UNSUPPORTED_KEY for a private key of another kind than the three schemes. */
export async function signerOf(privateKey: KeyObject, use: Use = 'metadata'): Promise<Signer> {
  const scheme = schemeOf(privateKey);
  if (use === 'evidence' && scheme === 'rsassa-pss-sha256') return rsaForEvidence(privateKey);
  return {
    key: await publicKeyOf(privateKey),
    sign: async (message) => new Uint8Array(signWith(privateKey, scheme, message)),
  };
}

/** Under a scheme of its own, which no TUF role counts: a key is not for both uses. */
async function rsaForEvidence(privateKey: KeyObject): Promise<Signer> {
  const pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
  return {
    key: await publicKey('rsa', 'rsa-pkcs1v15-sha256', pem),
    sign: async (message) => new Uint8Array(sign('sha256', message, privateKey)),
  };
}

function signWith(key: KeyObject, scheme: Scheme, message: Uint8Array): Uint8Array {
  switch (scheme) {
    case 'ecdsa-sha2-nistp256':
      return sign('sha256', message, { key, dsaEncoding: 'der' });
    case 'ed25519':
      return sign(null, message, key);
    case 'rsassa-pss-sha256':
      return sign('sha256', message, {
        key,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
  }
}

export function generatePrivateKey(scheme: Scheme): KeyObject {
  switch (scheme) {
    case 'ecdsa-sha2-nistp256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'rsassa-pss-sha256':
      return generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey;
  }
}
