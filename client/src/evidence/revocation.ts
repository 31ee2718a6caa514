// Was a certificate revoked, and from when on does it not count? What the register and all CRLs say together.
//
// Rules
// - Every entry counts: one of the register, and one of any CRL, old or new. An entry that a newer CRL has
//   dropped, because the certificate expired since, still counts. A hold counts like any other, for good.
// - A certificate does not count from the earlier of its revocation and its date of invalidity on.
// - Where the key of a time authority may be in wrong hands, it can stamp any date: then none of its stamps
//   counts, unless the authority says of the revocation that the key was not lost (RFC 3161, 4.1).

import { parseDate } from '../encoding/index.ts';
import type { RevocationReason } from '../firmware/index.ts';
import type { Certificate } from './certificate.ts';
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
  { revocations, crls }: EvidenceTrust,
): Revoked | undefined {
  const { serial } = certificate;
  const registered = revocations
    .filter((one) => one.issuer === issuer.sha256 && one.serial === serial)
    .map(({ revoked, invalidFrom, reason }) => ({
      from: earlier(parseDate(revoked), invalidFrom === undefined ? undefined : parseDate(invalidFrom)),
      reason,
    }));
  const listed = crls
    .filter(({ by }) => by.sha256 === issuer.sha256)
    .flatMap(({ entries }) => entries.get(serial) ?? [])
    .map(({ revoked, invalidFrom, reason }) => ({ from: earlier(revoked, invalidFrom), reason }));
  return [...registered, ...listed].sort((a, b) => a.from.getTime() - b.from.getTime())[0];
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
  const entries = [
    ...trust.revocations.filter((one) => one.issuer === issuer.sha256 && one.serial === certificate.serial),
    ...trust.crls
      .filter(({ by }) => by.sha256 === issuer.sha256)
      .flatMap((crl) => crl.entries.get(certificate.serial) ?? []),
  ];
  const lost = entries.find(({ reason }) => !KEY_NOT_LOST.has(reason));
  return lost === undefined
    ? revocationOf(certificate, issuer, trust)
    : { from: new Date(0), reason: lost.reason };
}

function earlier(revoked: Date, invalidFrom: Date | undefined): Date {
  return invalidFrom !== undefined && invalidFrom < revoked ? invalidFrom : revoked;
}
