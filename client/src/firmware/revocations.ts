// Which certificates were revoked? `register/revocations.json`, which the registrar signs, and where CRLs lie.
//
// Rules
// - A revocation names the issuing certificate by the SHA-256 of its DER, and the serial number. It stays for
//   good: a CRL forgets a certificate once it has expired, this file does not.
// - `revoked` is when the authority said so, `invalidFrom` since when the key is not to be trusted.
// - CRLs are kept for ever, under the SHA-256 of the issuing certificate and their number.

import { parseSha256, type Sha256 } from '../encoding/index.ts';
import {
  date,
  digest,
  type Format,
  format,
  listOfDifferent,
  literal,
  object,
  oneOf,
  text,
} from './fields.ts';

/** By their numbers in RFC 5280, 5.3.1; 7 is not used, and 8 takes an entry out, which nothing does here. */
export const REVOCATION_REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

/** Upper-case hex, whole octets: `021F`. */
const serialNumber = text(/^(?!00.)([0-9A-F]{2}){1,20}$/, 'a serial number such as 021F');

const revocation = object(
  {
    issuer: digest,
    serial: serialNumber,
    revoked: date,
    /** When the registrar wrote it here. */
    recorded: date,
  },
  /** No reason where the authority gave none. */
  { reason: oneOf(...REVOCATION_REASONS), invalidFrom: date },
);
export type Revocation = ReturnType<typeof revocation>;

/** A second entry may say more, such as an earlier date: the earliest counts. */
export function revocationKey({ issuer, serial, recorded }: Revocation): string {
  return `${serial} of ${issuer.slice(0, 12)}, recorded ${recorded}`;
}

const revocationList = object({
  format: literal('cfl/revocations/1'),
  revocations: listOfDifferent(revocation, revocationKey),
});
export type Revocations = ReturnType<typeof revocationList>;

export const revocationsFile: Format<Revocations> = format(revocationList);

export const REVOCATIONS_PATH = 'register/revocations.json';

export interface CrlName {
  /** SHA-256 of the issuing certificate. */
  readonly issuer: Sha256;
  /** Up to 20 octets (RFC 5280, 5.2.3): some authorities count by dates. */
  readonly number: bigint;
}

export function crlPath({ issuer, number }: CrlName): string {
  return `crl/${issuer}-${number}.crl`;
}

/** Undefined for a path that is none of a CRL. */
export function parseCrlPath(path: string): CrlName | undefined {
  const [, issuer, number] = /^crl\/([0-9a-f]{64})-(0|[1-9]\d{0,48})\.crl$/.exec(path) ?? [];
  return issuer === undefined ? undefined : { issuer: parseSha256(issuer), number: BigInt(number ?? '') };
}
