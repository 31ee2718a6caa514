// Which certificates has an authority revoked? A certificate revocation list (RFC 5280, 5), read and verified.
//
// Rules
// - Version 2, complete and direct: a list with a critical extension (delta, indirect, of a part) is refused,
//   and so is an entry with a critical extension other than its reason and its date of invalidity.
// - It has a number and a next update.
// - It is signed by the authority that it names, which may sign such lists.

import { verify } from 'node:crypto';
import { type Der, DerError, der, equalOctets } from '../encoding/index.ts';
import { REVOCATION_REASONS, type RevocationReason } from '../firmware/index.ts';
import {
  addExtension,
  type Certificate,
  type Extension,
  keyUsagesOf,
  readExtensions,
  serialText,
} from './certificate.ts';
import { EvidenceError } from './errors.ts';

export interface RevokedCertificate {
  readonly revoked: Date;
  readonly invalidFrom: Date | undefined;
  /** Undefined where the authority gave none. */
  readonly reason: RevocationReason | undefined;
}

export interface Crl {
  readonly number: bigint;
  /** This update. */
  readonly from: Date;
  /** Next update: from then on there should be another. */
  readonly next: Date;
  /** By serial number, `021F`. */
  readonly entries: ReadonlyMap<string, RevokedCertificate>;
  /** The DER of the issuer's name, the octets that are signed, and how. */
  readonly signed: {
    readonly issuer: Uint8Array;
    readonly body: Uint8Array;
    readonly hash: string;
    readonly signature: Uint8Array;
  };
}

const OID = { number: '2.5.29.20', reason: '2.5.29.21', invalidFrom: '2.5.29.24' } as const;

const HASHES: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
]);

/** From DER; its signature is not checked yet. Throws EvidenceError BAD_CRL. */
export function readCrl(octets: Uint8Array): Crl {
  try {
    return crlFrom(octets);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw badCrl(`Cannot read the revocation list: ${cause.message}`, cause);
  }
}

function crlFrom(octets: Uint8Array): Crl {
  const [body, algorithm, signature, ...after] = der.inside(der.readDer(octets));
  if (after.length > 0) throw new DerError('found something after the signature');
  const [version, inner, issuer, from, next, ...rest] = der.inside(body);
  if (der.readInteger(version) !== 1n) throw new DerError('found another version than 2');
  const outer = der.expectTag(algorithm, der.TAG.sequence);
  if (!equalOctets(outer.octets, der.expectTag(inner, der.TAG.sequence).octets))
    throw new DerError('found two different signature algorithms');
  const hash = HASHES.get(der.readOid(der.inside(outer)[0]));
  if (hash === undefined) throw new DerError('found a signature algorithm that is not used here');
  const [unused, ...bits] = der.expectTag(signature, der.TAG.bitString).content;
  if (unused !== 0) throw new DerError('found a signature of no whole octets');
  const hasEntries = rest[0]?.tag === der.TAG.sequence;
  const [extensions, ...others] = hasEntries ? rest.slice(1) : rest;
  if (others.length > 0) throw new DerError('found something after the extensions');
  return {
    number: numberOf(readExtensions(der.expectTag(extensions, der.explicitTag(0)))),
    from: der.readTime(from),
    next: der.readTime(next),
    entries: entriesIn(hasEntries ? der.inside(rest[0]) : []),
    signed: {
      issuer: der.expectTag(issuer, der.TAG.sequence).octets,
      body: der.expectTag(body, der.TAG.sequence).octets,
      hash,
      signature: Uint8Array.from(bits),
    },
  };
}

function numberOf(extensions: ReadonlyMap<string, Extension>): bigint {
  refuseCritical(extensions, []);
  const number = der.readInteger(der.readDer(extensions.get(OID.number)?.value ?? new Uint8Array()));
  if (number < 0n || number >= 1n << 160n) throw new DerError('found a number that no list has');
  return number;
}

/** Each serial number only once: of two entries the one that counts less might be taken. */
function entriesIn(elements: readonly Der[]): ReadonlyMap<string, RevokedCertificate> {
  const entries = new Map(elements.map(readEntry));
  if (entries.size < elements.length) throw new DerError('found one serial number twice');
  return entries;
}

function readEntry(entry: Der): [string, RevokedCertificate] {
  const [serial, revoked, all, ...others] = der.inside(entry);
  if (others.length > 0) throw new DerError('found something after the extensions of an entry');
  const extensions = new Map<string, Extension>();
  for (const one of all === undefined ? [] : der.inside(all)) addExtension(extensions, one);
  refuseCritical(extensions, [OID.reason, OID.invalidFrom]);
  const reason = extensions.get(OID.reason);
  const invalidFrom = extensions.get(OID.invalidFrom);
  return [
    serialText(der.readInteger(serial)),
    {
      revoked: der.readTime(revoked),
      invalidFrom: invalidFrom === undefined ? undefined : der.readTime(der.readDer(invalidFrom.value)),
      reason: reason === undefined ? undefined : reasonOf(reason.value),
    },
  ];
}

const NUMBERS: readonly (RevocationReason | undefined)[] = [
  ...REVOCATION_REASONS.slice(0, 7),
  undefined,
  undefined,
  ...REVOCATION_REASONS.slice(7),
];

function reasonOf(value: Uint8Array): RevocationReason {
  const reason = NUMBERS[Number(der.readInteger(der.readDer(value), der.TAG.enumerated))];
  if (reason === undefined)
    throw new DerError('found a reason of revocation that a complete list cannot hold');
  return reason;
}

function refuseCritical(extensions: ReadonlyMap<string, Extension>, known: readonly string[]): void {
  const unknown = [...extensions].find(([oid, { critical }]) => critical && !known.includes(oid));
  if (unknown !== undefined)
    throw new DerError(`found the critical extension ${unknown[0]}, expected a complete and direct list`);
}

/** Whether this authority signed the list. */
export function isCrlOf({ signed }: Crl, issuer: Certificate): boolean {
  if (!equalOctets(signed.issuer, issuer.subjectName)) return false;
  const usages = keyUsagesOf(issuer);
  if (usages.length > 0 && !usages.includes('cRLSign')) return false;
  try {
    return verify(signed.hash, signed.body, issuer.x509.publicKey, signed.signature);
  } catch {
    return false;
  }
}

export function badCrl(message: string, cause?: unknown): EvidenceError {
  return new EvidenceError('BAD_CRL', message, {
    hint: 'ask the authority for its newest revocation list; if it stays so, tell the registrar',
    cause,
  });
}
