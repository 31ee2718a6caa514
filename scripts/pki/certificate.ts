// How is a certificate or a revocation list made? For tests and the demo alone: nothing here is a product.
//
// Every field may be wrong on purpose: an attack needs a certificate that no authority would issue.

import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { der } from '@cfl/client/encoding';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface Extension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export interface Contents {
  readonly serial: bigint;
  readonly subject: string;
  readonly issuer: string;
  readonly from: Date;
  readonly until: Date;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Extension[];
}

export const KEY_USAGE_BITS = { digitalSignature: 0, nonRepudiation: 1, keyCertSign: 5, cRLSign: 6 } as const;
export type KeyUsageName = keyof typeof KEY_USAGE_BITS;

const COMMON_NAME = '2.5.4.3';
const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const NULL = der.writeDer(der.TAG.nil);

/** The DER of a certificate, signed by the issuer's key with SHA-256. */
export function makeCertificate(contents: Contents, issuerKey: KeyObject): Buffer {
  const { serial, issuer, from, until, subject, publicKey, extensions } = contents;
  return signed(issuerKey, [
    der.explicit(0, der.integer(2)),
    der.integer(serial),
    signatureAlgorithm(issuerKey),
    name(issuer),
    der.sequence(der.time(from), der.time(until)),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...extensions.map(writeExtension))),
  ]);
}

export interface RevokedEntry {
  readonly serial: bigint;
  readonly revoked: Date;
  readonly invalidFrom?: Date;
  /** The number of a CRLReason. */
  readonly reason?: number;
}

export interface CrlContents {
  readonly issuer: string;
  readonly number: number;
  readonly from: Date;
  readonly next: Date;
  readonly entries: readonly RevokedEntry[];
  readonly extensions: readonly Extension[];
}

/** The DER of a certificate revocation list (RFC 5280, 5). */
export function makeCrl(contents: CrlContents, issuerKey: KeyObject): Buffer {
  const { issuer, from, next, entries, number, extensions } = contents;
  const all = [crlNumber(number), ...extensions].map(writeExtension);
  return signed(issuerKey, [
    der.integer(1),
    signatureAlgorithm(issuerKey),
    name(issuer),
    der.time(from),
    der.time(next),
    ...(entries.length === 0 ? [] : [der.sequence(...entries.map(revokedEntry))]),
    der.explicit(0, der.sequence(...all)),
  ]);
}

function revokedEntry({ serial, revoked, invalidFrom, reason }: RevokedEntry): Uint8Array {
  const extensions = [
    ...(reason === undefined
      ? []
      : [extension('2.5.29.21', der.writeDer(der.TAG.enumerated, Uint8Array.of(reason)))]),
    ...(invalidFrom === undefined ? [] : [extension('2.5.29.24', der.generalizedTime(invalidFrom))]),
  ];
  const parts = [der.integer(serial), der.time(revoked)];
  return der.sequence(
    ...parts,
    ...(extensions.length === 0 ? [] : [der.sequence(...extensions.map(writeExtension))]),
  );
}

function signed(key: KeyObject, parts: readonly Uint8Array[]): Buffer {
  const body = der.sequence(...parts);
  return Buffer.from(der.sequence(body, signatureAlgorithm(key), der.bitString(sign('sha256', body, key))));
}

export function signatureAlgorithm(key: KeyObject): Uint8Array {
  if (key.asymmetricKeyType === 'rsa') return der.sequence(der.oid(SHA256_WITH_RSA), NULL);
  return der.sequence(der.oid(ECDSA_WITH_SHA256));
}

/** A distinguished name of a common name alone. */
export function name(commonName: string): Uint8Array {
  return der.sequence(der.setOf(der.sequence(der.oid(COMMON_NAME), der.utf8(commonName))));
}

function writeExtension({ oid, critical, value }: Extension): Uint8Array {
  return der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
}

export function extension(
  oid: string,
  value: Uint8Array,
  critical: 'critical' | 'ignorable' = 'ignorable',
): Extension {
  return { oid, critical: critical === 'critical', value };
}

export function keyUsage(...names: readonly KeyUsageName[]): Extension {
  return extension('2.5.29.15', der.bits(...names.map((one) => KEY_USAGE_BITS[one])), 'critical');
}

export function extendedKeyUsage(oids: readonly string[], critical: 'critical' | 'ignorable'): Extension {
  return extension('2.5.29.37', der.sequence(...oids.map(der.oid)), critical);
}

export function basicConstraints(kind: 'authority' | 'leaf'): Extension {
  const value = kind === 'authority' ? der.sequence(der.boolean(true)) : der.sequence();
  return extension('2.5.29.19', value, 'critical');
}

export function keyIdentifiers(subjectKey: KeyObject, issuerKey: KeyObject): Extension[] {
  return [
    extension('2.5.29.14', der.octetString(keyIdentifier(subjectKey))),
    authorityKeyIdentifier(issuerKey),
  ];
}

export function authorityKeyIdentifier(issuerKey: KeyObject): Extension {
  return extension('2.5.29.35', der.sequence(der.writeDer(0x80, keyIdentifier(issuerKey))));
}

/** Of the public key, of which a private key has one too. */
function keyIdentifier(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

/** A mailbox as subject alternative name. */
export function mailboxName(mailbox: string): Extension {
  return extension('2.5.29.17', der.sequence(der.writeDer(0x81, new TextEncoder().encode(mailbox))));
}

function crlNumber(number: number): Extension {
  return extension('2.5.29.20', der.integer(number));
}
