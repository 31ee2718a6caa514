// Is this bundle signed under the certificate that it brings? DSSE (PAE over the payload), by Web Crypto.
//
// Whose certificate it is, the register says: the caller looks for its SHA-256 there. The certificate's own
// issuer, revocation and time stamp are not looked at: that needs more than a page can do, and `cfl` does it.

import { der, parseJson, type Sha256, sha256 } from '@cfl/client/encoding';
import { publicKey, verifySignature } from '@cfl/client/tuf';

export interface Envelope {
  readonly payload: Uint8Array<ArrayBuffer>;
  /** Of the certificate's DER: what the register binds to a party. */
  readonly certificate: Sha256;
}

interface Bundle {
  readonly verificationMaterial: { readonly certificate: { readonly rawBytes: string } };
  readonly dsseEnvelope: {
    readonly payload: string;
    readonly payloadType: string;
    readonly signatures: readonly { readonly sig: string }[];
  };
}

const IN_TOTO = 'application/vnd.in-toto+json';

/** Throws where it is not signed so, or is no bundle. */
export async function openEnvelope(octets: Uint8Array, what: string): Promise<Envelope> {
  const { verificationMaterial, dsseEnvelope } = parseJson(octets) as unknown as Bundle;
  const [signature, ...others] = dsseEnvelope.signatures;
  if (dsseEnvelope.payloadType !== IN_TOTO || signature === undefined || others.length > 0)
    throw new TypeError(`Cannot read ${what}: expected one signature over ${IN_TOTO}`);
  const certificate = fromBase64(verificationMaterial.certificate.rawBytes);
  const payload = fromBase64(dsseEnvelope.payload);
  const isGood = await verify(certificate, fromBase64(signature.sig), preAuthentication(payload));
  if (isGood) return { payload, certificate: await sha256(certificate) };
  throw new TypeError(`Cannot accept ${what}: it has no good signature`);
}

/** DSSE's pre-authentication encoding. */
function preAuthentication(payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(`DSSEv1 ${IN_TOTO.length} ${IN_TOTO} ${payload.length} `);
  return Uint8Array.from([...head, ...payload]);
}

/** A signer's key is P-256 or RSA; with anything else it is no good signature. */
async function verify(
  certificate: Uint8Array,
  signature: Uint8Array<ArrayBuffer>,
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const spki = keyOf(certificate);
  const pem = `-----BEGIN PUBLIC KEY-----${btoa(String.fromCharCode(...spki))}-----END PUBLIC KEY-----`;
  if (await verifySignature(await publicKey('ecdsa', 'ecdsa-sha2-nistp256', pem), message, signature))
    return true;
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return crypto.subtle.importKey('spki', spki, rsa, false, ['verify']).then(
    (key) => crypto.subtle.verify(rsa, key, signature, message),
    () => false,
  );
}

/** RFC 5280, 4.1: subjectPublicKeyInfo, the seventh field of a certificate of version 3. */
function keyOf(certificate: Uint8Array): Uint8Array<ArrayBuffer> {
  const [body] = der.inside(der.readDer(certificate));
  return new Uint8Array(der.expectTag(der.inside(body)[6], der.TAG.sequence).octets);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}
