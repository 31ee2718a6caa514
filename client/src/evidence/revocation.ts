// Was a certificate revoked, and from when on does it not count? What the register and all CRLs say together.
//
// Rules
// - Every entry counts: one of the register, and one of any CRL, old or new. An entry that a newer CRL has
//   dropped, because the certificate expired since, still counts. A hold counts like any other, for good.
// - An authority is its name and its key: what it says under one of its certificates counts for all of them.
// - A certificate does not count from the earlier of its revocation and its date of invalidity on.
// - Where the key of a time authority may be in wrong hands, it can stamp any date: then none of its stamps
//   counts, unless the authority says of the revocation that the key was not lost (RFC 3161, 4.1).

import { parseDate } from '../encoding/index.ts';
import type { RevocationReason } from '../firmware/index.ts';
import { type Certificate, isSameAuthority } from './certificate.ts';
import type { RevokedCertificate } from './crl.ts';
import type { EvidenceTrust } from './trust.ts';

export interface Revoked {
  /** The first moment at which it no longer counts. */
  readonly from: Date;
  readonly reason: RevocationReason | undefined;
}

/** The entry that counts from the earliest moment; undefined where nobody revoked it. */
export function revocationOf(
  certificate: Certificate,
  issuer: Certificate,
  trust: EvidenceTrust,
): Revoked | undefined {
  return entriesOf(certificate, issuer, trust)
    .map(({ revoked, invalidFrom, reason }) => ({ from: earlier(revoked, invalidFrom), reason }))
    .sort((a, b) => a.from.getTime() - b.from.getTime())[0];
}

function entriesOf(
  { serial }: Certificate,
  issuer: Certificate,
  { authorities, revocations, crls }: EvidenceTrust,
): readonly RevokedCertificate[] {
  const issuers = new Set(
    [issuer, ...authorities.flatMap(({ chain }) => chain)]
      .filter((one) => isSameAuthority(one, issuer))
      .map(({ sha256 }) => sha256),
  );
  const registered = revocations
    .filter((one) => one.serial === serial && issuers.has(one.issuer))
    .map(({ revoked, invalidFrom, reason }) => ({
      revoked: parseDate(revoked),
      invalidFrom: invalidFrom === undefined ? undefined : parseDate(invalidFrom),
      reason,
    }));
  const listed = crls.filter(({ by }) => issuers.has(by.sha256));
  return [...registered, ...listed.flatMap(({ entries }) => entries.get(serial) ?? [])];
}

const KEY_NOT_LOST: ReadonlySet<RevocationReason | undefined> = new Set<RevocationReason>([
  'unspecified',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
]);

/** The same of a time authority, whose stamps may all be void. */
export function stampRevocationOf(
  certificate: Certificate,
  issuer: Certificate,
  trust: EvidenceTrust,
): Revoked | undefined {
  const lost = entriesOf(certificate, issuer, trust).find(({ reason }) => !KEY_NOT_LOST.has(reason));
  return lost === undefined
    ? revocationOf(certificate, issuer, trust)
    : { from: new Date(0), reason: lost.reason };
}

function earlier(revoked: Date, invalidFrom: Date | undefined): Date {
  return invalidFrom !== undefined && invalidFrom < revoked ? invalidFrom : revoked;
}
