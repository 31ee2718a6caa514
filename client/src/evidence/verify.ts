// Who signed this statement, when, and did the signature count then?
//
// Rules, in their order
//  1. The bundle has the one form of bundle.ts: one signature, one certificate, one time stamp.
//  2. The stamp names a time authority that is trusted at the stamp's time, and whose certificate is fit.
//  3. An authority that is trusted at the stamp's time issued the certificate, which is fit to sign
//     (certificate.ts) and valid at that time.
//  4. @sigstore/verify, given these two authorities and no others: the stamp is over this very signature;
//     both chains lead to their roots, through authorities only and each valid at that time; the signature
//     is the certificate's over this statement.
//  5. Nothing of the chains was revoked with effect up to the stamp's time (revocation.ts).
//  6. At intake also at `now`, the first reception: the certificate is valid and not revoked, its authority
//     still trusted, and the authority's CRL fresh. So is the CRL of every authority above it, and above the
//     time authority, where one is expected: the certificate that it issued names one, or the library has
//     one. The stamp is not of the future, and younger than 30 days.
// A reader needs no fresh CRL, nor a certificate that is still valid: evidence outlives both.
//
// Whose certificate it is, the register says; what the statement says, its reader: neither is judged here.

import type { SignedEntity } from '@sigstore/verify';
import { encodeDate, type Sha256 } from '../encoding/index.ts';
import { type ParsedBundle, parseBundle } from './bundle.ts';
import {
  type Certificate,
  inWords,
  isIssuedBy,
  isSameAuthority,
  isValidAt,
  OID,
  readCertificate,
  verifyKeyType,
  verifyUsage,
} from './certificate.ts';
import { EvidenceError } from './errors.ts';
import { type Revoked, revocationOf, stampRevocationOf } from './revocation.ts';
import { type Authority, type EvidenceTrust, isOpenAuthority, windowInWords } from './trust.ts';
import { rememberSigner, withKnownSigner } from './work-once.ts';

/** A reader judges at the stamp's time alone, the gate also at the first reception. */
export type Judge = { readonly at: 'reader' } | { readonly at: 'intake'; readonly now: Date };

export interface SigningCertificate {
  /** Of the DER: what the register binds to a party. */
  readonly sha256: Sha256;
  /** Names are for people; nothing is decided by them. */
  readonly issuer: string;
  readonly subject: string;
  /** Upper-case hex, `021F`. */
  readonly serial: string;
  /** `P-256`, `RSA 2048` */
  readonly keyType: string;
}

/** What is proven: these octets were signed under this certificate, no later than the stamp's time. */
export interface Evidence {
  readonly statement: Uint8Array;
  readonly certificate: SigningCertificate;
  readonly stampedAt: Date;
  /** Who stamped, for people: `Example Time Authority`. */
  readonly authority: string;
}

export const STAMP_AGE_DAYS = 30;
const DAY = 86_400_000;

/** Throws EvidenceError. */
export async function verifyBundle(
  octets: Uint8Array,
  trust: EvidenceTrust,
  judge: Judge,
): Promise<Evidence> {
  const bundle = parseBundle(octets);
  const entity = await signedEntity(bundle);
  const stamp = stampOf(entity);
  const stamper = timeAuthorityOf(stamp, trust);
  const [timeCertificate] = stamper.chain;
  verifyUsage(timeCertificate, stamper.anchor);
  const leaf = readCertificate(bundle.certificate);
  verifyKeyType(leaf);
  const issuer = issuerOf(leaf, stamp.at, trust);
  verifyUsage(leaf, issuer.anchor);
  verifyValidity(leaf, stamp.at, 'the time of its stamp');
  await verifyWithSigstore(entity, { leaf, issuer, stamper });
  rememberSigner(entity, bundle.certificate);
  const path: readonly Certificate[] = [leaf, ...issuer.chain];
  refuseRevoked(path, stamp.at, trust);
  refuseRevokedStamp(stamper, stamp.at, trust);
  if (judge.at === 'intake')
    verifyReception({ leaf, issuer, stamper, path, stampedAt: stamp.at }, judge.now, trust);
  const { sha256, issuer: issuedBy, subject, serial, keyType } = leaf;
  return {
    statement: bundle.statement,
    certificate: { sha256, issuer: issuedBy, subject, serial, keyType },
    stampedAt: stamp.at,
    authority: timeCertificate.subject,
  };
}

/** The certificate that a bundle says it was signed under; nothing is verified. */
export function certificateOfBundle(octets: Uint8Array): Certificate {
  return readCertificate(parseBundle(octets).certificate);
}

async function signedEntity({ json, certificate }: ParsedBundle): Promise<SignedEntity> {
  const [{ bundleFromJSON }, { toSignedEntity }] = await Promise.all([
    import('@sigstore/bundle'),
    import('@sigstore/verify'),
  ]);
  try {
    return withKnownSigner(toSignedEntity(bundleFromJSON(json)), certificate);
  } catch (cause) {
    throw badStamp('its certificate or its time stamp cannot be read', cause);
  }
}

interface Stamp {
  readonly at: Date;
  /** In words, as the stamp names its signer. */
  readonly serial: string;
  isOf(authority: Authority): boolean;
}

/** Read by @sigstore/core, which verifies it too: there is no second reading that could differ. */
function stampOf({ timestamps: [stamp] }: SignedEntity): Stamp {
  if (stamp?.$case !== 'timestamp-authority') throw new TypeError('A parsed bundle has a time stamp');
  try {
    const { signingTime, signerSerialNumber, signerIssuer } = stamp.timestamp;
    if (Number.isNaN(signingTime.getTime())) throw new TypeError('found no date');
    return {
      at: signingTime,
      serial: signerSerialNumber
        .toString('hex')
        .toUpperCase()
        .replace(/^00(?=.)/, ''),
      isOf: ({ anchor, sigstore: { certChain } }) =>
        anchor.kind === 'timestamp' &&
        certChain[0]?.serialNumber.equals(signerSerialNumber) === true &&
        certChain[0].issuer.equals(signerIssuer),
    };
  } catch (cause) {
    throw badStamp('its time stamp cannot be read', cause);
  }
}

function timeAuthorityOf(stamp: Stamp, { authorities }: EvidenceTrust): Authority {
  const named = authorities.filter((one) => stamp.isOf(one));
  const open = named.find((one) => isOpenAuthority(one, stamp.at));
  if (open !== undefined) return open;
  const why = named[0] === undefined ? 'it is not trusted' : `it is trusted ${windowInWords(named[0])}`;
  throw new EvidenceError(
    'UNKNOWN_TIME_AUTHORITY',
    `Cannot accept the time stamp of ${encodeDate(stamp.at)} by the authority with certificate ${stamp.serial}: ${why}`,
    { hint: 'have the statement stamped by a time authority that the register names' },
  );
}

function issuerOf(leaf: Certificate, at: Date, { authorities }: EvidenceTrust): Authority {
  const issuers = authorities.filter(
    ({ anchor, chain }) => anchor.kind === 'certificate' && isIssuedBy(leaf, chain[0]),
  );
  const open = issuers.find((one) => isOpenAuthority(one, at));
  if (open !== undefined) return open;
  const why =
    issuers[0] === undefined
      ? 'no trusted authority issued it'
      : `its authority is trusted ${windowInWords(issuers[0])}, it was stamped at ${encodeDate(at)}`;
  throw new EvidenceError('UNKNOWN_ISSUER', `Cannot accept ${inWords(leaf)}: ${why}`, {
    hint: 'sign under a certificate of an authority that the register names',
  });
}

function verifyValidity(certificate: Certificate, at: Date, when: string): void {
  if (isValidAt(certificate, at)) return;
  const { from, until } = certificate;
  throw new EvidenceError(
    'OUTSIDE_VALIDITY',
    `Cannot accept ${inWords(certificate)} at ${encodeDate(at)}, ${when}: it is valid from ${encodeDate(from)} to ${encodeDate(until)}`,
    { hint: 'sign again under a certificate that is valid now' },
  );
}

interface Parties {
  readonly leaf: Certificate;
  readonly issuer: Authority;
  readonly stamper: Authority;
}

async function verifyWithSigstore(entity: SignedEntity, { leaf, issuer, stamper }: Parties): Promise<void> {
  const { VerificationError, Verifier } = await import('@sigstore/verify');
  const material = {
    certificateAuthorities: [issuer.sigstore],
    timestampAuthorities: [stamper.sigstore],
    tlogs: [],
    ctlogs: [],
    publicKey: () => {
      throw new TypeError('A parsed bundle has a certificate');
    },
  };
  try {
    new Verifier(material, { tlogThreshold: 0, ctlogThreshold: 0, timestampThreshold: 1 }).verify(entity);
  } catch (cause) {
    const code = cause instanceof VerificationError ? cause.code : undefined;
    if (code === 'TIMESTAMP_ERROR')
      throw badStamp('its time stamp is not one of its authority over this signature', cause);
    if (code === 'CERTIFICATE_ERROR') throw brokenChain(leaf, cause);
    throw new EvidenceError(
      'BAD_SIGNATURE',
      `Cannot accept the bundle: its signature is not one of ${inWords(leaf)} over this statement`,
      { hint: 'ask its signer for the file again; if it stays so, treat it as an attack', cause },
    );
  }
}

function refuseRevoked(path: readonly Certificate[], at: Date, trust: EvidenceTrust): void {
  path.forEach((certificate, i) => {
    const revoked = revocationOf(certificate, path[i + 1] ?? certificate, trust);
    if (revoked !== undefined && revoked.from <= at) throw isRevoked(certificate, revoked, at);
  });
}

function refuseRevokedStamp({ chain }: Authority, at: Date, trust: EvidenceTrust): void {
  const [certificate, issuer] = chain;
  const revoked = stampRevocationOf(certificate, issuer ?? certificate, trust);
  if (revoked !== undefined && revoked.from <= at) throw isRevoked(certificate, revoked, at);
  refuseRevoked(chain.slice(1), at, trust);
}

interface Received {
  readonly leaf: Certificate;
  readonly issuer: Authority;
  readonly stamper: Authority;
  readonly path: readonly Certificate[];
  readonly stampedAt: Date;
}

function verifyReception(received: Received, now: Date, trust: EvidenceTrust): void {
  const { leaf, issuer, stamper, path, stampedAt } = received;
  if (!(stampedAt <= now))
    throw stampTime(stampedAt, `it is now ${encodeDate(now)}, expected a time that has passed`);
  if (!(now.getTime() - stampedAt.getTime() < STAMP_AGE_DAYS * DAY))
    throw stampTime(
      stampedAt,
      `it is now ${encodeDate(now)}, expected a stamp younger than ${STAMP_AGE_DAYS} days`,
    );
  for (const certificate of path) verifyValidity(certificate, now, 'the time of its reception');
  if (!isOpenAuthority(issuer, now)) {
    throw new EvidenceError(
      'UNKNOWN_ISSUER',
      `Cannot accept ${inWords(leaf)}: its authority is trusted ${windowInWords(issuer)}, it was received at ${encodeDate(now)}`,
      { hint: 'sign under a certificate of an authority that the register names' },
    );
  }
  refuseRevoked(path, now, trust);
  for (const certificates of [path, stamper.chain])
    certificates.slice(0, -1).forEach((certificate, i) => {
      const by = certificates[i + 1];
      if (by !== undefined) verifyFreshList(certificate, by, { now, trust, isLeaf: certificate === leaf });
    });
}

interface Freshness {
  readonly now: Date;
  readonly trust: EvidenceTrust;
  /** The signer's own: its authority always has a list. */
  readonly isLeaf: boolean;
}

/** `by` has issued the certificate. */
function verifyFreshList(certificate: Certificate, by: Certificate, { now, trust, isLeaf }: Freshness): void {
  const lists = trust.crls.filter((list) => isSameAuthority(list.by, by));
  const isExpected = isLeaf || lists.length > 0 || certificate.extensions.has(OID.revocationLists);
  // A list that came after the reception tells more, unless it came after the certificate's end
  if (!isExpected || lists.some(({ from, next }) => from <= certificate.until && now < next)) return;
  const newest = lists.reduce<Date | undefined>(
    (last, { next }) => (last === undefined || next > last ? next : last),
    undefined,
  );
  throw new EvidenceError(
    'STALE_CRL',
    `Cannot accept ${inWords(certificate)} at ${encodeDate(now)}: ${newest === undefined ? 'its authority has no revocation list here' : `the newest revocation list of its authority is good until ${encodeDate(newest)}`}`,
    {
      hint: 'the operator gets the newest revocation list from the authority, and the submission is decided again',
    },
  );
}

function stampTime(stampedAt: Date, why: string): EvidenceError {
  return new EvidenceError('STAMP_TIME', `Cannot accept the time stamp of ${encodeDate(stampedAt)}: ${why}`, {
    hint: 'sign and submit again, and check the clock of the machine that complains',
  });
}

function isRevoked(certificate: Certificate, { from, reason }: Revoked, at: Date): EvidenceError {
  const since = from.getTime() === 0 ? 'for all time' : `with effect from ${encodeDate(from)}`;
  return new EvidenceError(
    'REVOKED',
    `Cannot accept ${inWords(certificate)} at ${encodeDate(at)}: it was revoked ${since} (${reason ?? 'no reason given'})`,
    { hint: 'ask the party whether it signed this; it signs again under another certificate' },
  );
}

function brokenChain(leaf: Certificate, cause: unknown): EvidenceError {
  return new EvidenceError(
    'UNKNOWN_ISSUER',
    `Cannot accept ${inWords(leaf)}: its chain was not whole and valid at the time of its stamp`,
    { hint: 'sign under a certificate of an authority that the register names', cause },
  );
}

function badStamp(why: string, cause: unknown): EvidenceError {
  return new EvidenceError('BAD_STAMP', `Cannot accept the bundle: ${why}`, {
    hint: 'ask its signer for the file again; if it stays so, treat it as an attack',
    cause,
  });
}
