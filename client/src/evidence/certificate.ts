// What does a certificate say, and may its key sign evidence? X.509 (RFC 5280); what @sigstore/verify leaves out.
//
// Rules for the certificate of a signer, and of a time authority
// - A certificate of version 3, exactly one, with each extension once.
// - No critical extension but the five below. Of these, names and policies limit nothing here: a certificate
//   is bound to its party by the register.
// - It is no authority: neither by its basic constraints nor by a key usage of keyCertSign or cRLSign.
// - Its key usage and its extended key usage are there and hold all that the anchor of its authority demands.
//   A time authority's extended key usage is critical and holds time stamping alone (RFC 3161, 2.3).
// - The key of a signer is RSA of 2048 bits or more, or ECDSA P-256.

import { createHash, X509Certificate } from 'node:crypto';
import { type Der, DerError, der, equalOctets, parseSha256, type Sha256 } from '../encoding/index.ts';
import { type Anchor, KEY_USAGES, type KeyUsage } from '../firmware/index.ts';
import { EvidenceError } from './errors.ts';

export interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

export interface Certificate {
  /** Of the DER. */
  readonly sha256: Sha256;
  /** Upper-case hex, whole octets: `021F`. */
  readonly serial: string;
  /** The common name where there is one, else the whole name. For people: nothing is decided by it. */
  readonly subject: string;
  readonly issuer: string;
  readonly from: Date;
  /** The last moment at which it is valid. */
  readonly until: Date;
  /** `P-256`, `RSA 2048` */
  readonly keyType: string;
  readonly extensions: ReadonlyMap<string, Extension>;
  /** The DER of the subject's whole name. */
  readonly subjectName: Uint8Array;
  readonly x509: X509Certificate;
}

export const OID = {
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  revocationLists: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const;
const UNDERSTOOD: ReadonlySet<string> = new Set([
  OID.keyUsage,
  OID.subjectAlternativeName,
  OID.basicConstraints,
  OID.certificatePolicies,
  OID.extendedKeyUsage,
]);

const known = new Map<Sha256, Certificate>();
/** A longer one is read each time, so that made-up ones cannot fill the memory. */
const MOST_KNOWN = { certificates: 1000, octets: 8192 };

/** From DER; the same octets are read once. Throws EvidenceError NOT_A_CERTIFICATE. */
export function readCertificate(octets: Uint8Array): Certificate {
  const sha256 = parseSha256(createHash('sha256').update(octets).digest('hex'));
  try {
    const certificate = known.get(sha256) ?? certificateFrom(octets, sha256);
    if (known.size >= MOST_KNOWN.certificates) known.clear();
    if (octets.length <= MOST_KNOWN.octets) known.set(sha256, certificate);
    return certificate;
  } catch (cause) {
    const why = cause instanceof DerError ? `: ${cause.message}` : '';
    throw new EvidenceError('NOT_A_CERTIFICATE', `Cannot read the certificate${why}`, {
      hint: 'give one X.509 certificate in DER, or as one PEM block',
      cause,
    });
  }
}

/** From a file as an authority gives it: DER, or one PEM block. */
export function readCertificateFile(octets: Uint8Array): Certificate {
  const text = new TextDecoder('latin1').decode(octets);
  const pem = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(
    text,
  )?.[1];
  return readCertificate(pem === undefined ? octets : Buffer.from(pem, 'base64'));
}

function certificateFrom(octets: Uint8Array, sha256: Sha256): Certificate {
  const [body] = der.inside(der.readDer(octets));
  const parts = der.inside(body);
  if (der.readInteger(der.inside(parts[0], der.explicitTag(0))[0]) !== 2n)
    throw new DerError('found another version than 3');
  const subject = der.expectTag(parts[5], der.TAG.sequence);
  const validity = der.inside(parts[4]);
  const x509 = new X509Certificate(octets);
  return {
    sha256,
    serial: serialText(der.readInteger(parts[1])),
    subject: nameInWords(subject),
    issuer: nameInWords(der.expectTag(parts[3], der.TAG.sequence)),
    from: der.readTime(validity[0]),
    until: der.readTime(validity[1]),
    keyType: keyTypeOf(x509),
    extensions: readExtensions(parts.find(({ tag }) => tag === der.explicitTag(3))),
    subjectName: subject.octets,
    x509,
  };
}

/** RFC 5280, 4.1.2.2: positive, and of 20 octets at most; the register names no longer one. */
export function serialText(serial: bigint): string {
  if (serial <= 0n) throw new DerError('found a serial number that is not positive');
  if (serial >= LONGER) throw new DerError('found a serial number of more than 20 octets');
  const digits = serial.toString(16).toUpperCase();
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

const LONGER = 1n << 160n;

/** The extensions below `[0]` or `[3]`, by object identifier. */
export function readExtensions(wrapped: Der | undefined): Map<string, Extension> {
  const extensions = new Map<string, Extension>();
  if (wrapped === undefined) return extensions;
  const [all, ...others] = der.readElements(wrapped.content);
  if (others.length > 0) throw new DerError('found something after the extensions');
  for (const one of der.inside(all)) addExtension(extensions, one);
  return extensions;
}

/** Each only once: two readers might take different ones. */
export function addExtension(extensions: Map<string, Extension>, element: Der): void {
  const [name, second, third, ...others] = der.inside(element);
  const critical = third === undefined ? false : der.readBoolean(second);
  const oid = der.readOid(name);
  if (extensions.has(oid) || others.length > 0) throw new DerError(`found the extension ${oid} twice`);
  const value = der.expectTag(third ?? second, der.TAG.octetString).content;
  extensions.set(oid, { critical, value });
}

const COMMON_NAME = '2.5.4.3';

function nameInWords(name: Der): string {
  const values = der
    .readElements(name.content)
    .flatMap((set) => der.inside(set, der.TAG.set))
    .map((pair) => der.inside(pair));
  const common = values.find(([type]) => der.readOid(type) === COMMON_NAME) ?? values.at(-1);
  const text = new TextDecoder().decode(common?.[1]?.content ?? new Uint8Array());
  return text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?').slice(0, 100);
}

function keyTypeOf({ publicKey }: X509Certificate): string {
  const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails ?? {};
  if (publicKey.asymmetricKeyType === 'rsa') return `RSA ${modulusLength ?? 0}`;
  const curves: Readonly<Record<string, string>> = {
    prime256v1: 'P-256',
    secp384r1: 'P-384',
    secp521r1: 'P-521',
  };
  return curves[namedCurve ?? ''] ?? namedCurve ?? String(publicKey.asymmetricKeyType);
}

/** Throws EvidenceError UNSUPPORTED_KEY unless the key is one that may sign a bundle. */
export function verifyKeyType(certificate: Certificate): void {
  const { keyType } = certificate;
  if (keyType === 'P-256' || (keyType.startsWith('RSA ') && Number(keyType.slice(4)) >= 2048)) return;
  throw new EvidenceError(
    'UNSUPPORTED_KEY',
    `Cannot accept ${inWords(certificate)}: its key is ${keyType}, expected P-256, or RSA of 2048 bits or more`,
    { hint: 'sign with a certificate for such a key' },
  );
}

/** Throws EvidenceError WRONG_USAGE unless the certificate was issued for what the anchor of its authority is there for. */
export function verifyUsage(certificate: Certificate, { kind, leaf }: Anchor): void {
  const refuse = (found: string) => {
    throw new EvidenceError('WRONG_USAGE', `Cannot accept ${inWords(certificate)}: ${found}`, {
      hint: 'ask its authority for a certificate that was issued for this purpose',
    });
  };
  refuseUnknownCritical(certificate, refuse);
  if (isAuthority(certificate)) refuse('it is an authority, expected one that only signs');
  const usages = keyUsagesOf(certificate);
  const forbidden = usages.find((one) => one === 'keyCertSign' || one === 'cRLSign');
  if (forbidden !== undefined) refuse(`its key usage holds ${forbidden}, expected one that only signs`);
  const missing = leaf.keyUsage.find((one) => !usages.includes(one));
  if (missing !== undefined) refuse(`its key usage holds ${listed(usages)}, expected ${missing}`);
  const purposes = extendedKeyUsagesOf(certificate);
  const absent = leaf.extendedKeyUsage.find((one) => !purposes.includes(one));
  if (absent !== undefined) refuse(`its extended key usage holds ${listed(purposes)}, expected ${absent}`);
  if (kind === 'timestamp') verifyTimeStamping(certificate, purposes, refuse);
}

function verifyTimeStamping(
  certificate: Certificate,
  purposes: readonly string[],
  refuse: (found: string) => void,
): void {
  const alone = purposes.length === 1 && purposes[0] === OID.timeStamping;
  if (!alone) refuse(`its extended key usage holds ${listed(purposes)}, expected time stamping alone`);
  const critical = certificate.extensions.get(OID.extendedKeyUsage)?.critical === true;
  if (!critical) refuse('its extended key usage is not critical, expected a critical one');
}

/** Calls `refuse` where the certificate has a critical extension that nobody here understands (RFC 5280, 4.2). */
export function refuseUnknownCritical(
  { extensions }: Pick<Certificate, 'extensions'>,
  refuse: (found: string) => void,
): void {
  const unknown = [...extensions].find(([oid, { critical }]) => critical && !UNDERSTOOD.has(oid));
  if (unknown !== undefined) refuse(`it has the critical extension ${unknown[0]}, expected only known ones`);
}

export function isAuthority({ extensions }: Certificate): boolean {
  const constraints = extensions.get(OID.basicConstraints);
  if (constraints === undefined) return false;
  const [authority] = reading(() => der.inside(der.readDer(constraints.value)));
  return authority?.tag === der.TAG.boolean && reading(() => der.readBoolean(authority));
}

export function keyUsagesOf({ extensions }: Certificate): readonly KeyUsage[] {
  const usage = extensions.get(OID.keyUsage);
  if (usage === undefined) return [];
  const bits = reading(() => der.readBits(der.readDer(usage.value)));
  return KEY_USAGES.filter((_name, bit) => bits.includes(bit));
}

export function extendedKeyUsagesOf({ extensions }: Certificate): readonly string[] {
  const usage = extensions.get(OID.extendedKeyUsage);
  if (usage === undefined) return [];
  return reading(() => der.inside(der.readDer(usage.value)).map(der.readOid));
}

function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new EvidenceError('NOT_A_CERTIFICATE', 'Cannot read the certificate: an extension is damaged', {
      hint: 'ask its authority for the certificate again',
      cause,
    });
  }
}

/** Whether the key of the one signed the other, and the names fit together. */
export function isIssuedBy({ x509 }: Certificate, issuer: Certificate): boolean {
  return x509.checkIssued(issuer.x509) && x509.verify(issuer.x509.publicKey);
}

/** Whether both are of one authority: a certificate that was renewed for the same key issues and revokes as before. */
export function isSameAuthority(a: Certificate, b: Certificate): boolean {
  return equalOctets(a.subjectName, b.subjectName) && a.x509.publicKey.equals(b.x509.publicKey);
}

export function isValidAt({ from, until }: Certificate, at: Date): boolean {
  // Written so that an invalid date refuses
  return from <= at && at <= until;
}

/** `certificate 021F of "Example Issuing CA"` */
export function inWords({ serial, issuer }: Pick<Certificate, 'serial' | 'issuer'>): string {
  return `certificate ${serial} of "${issuer}"`;
}

function listed(found: readonly string[]): string {
  return found.length === 0 ? 'nothing' : found.join(', ');
}
