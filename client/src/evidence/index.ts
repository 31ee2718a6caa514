export {
  type Certificate,
  isIssuedBy,
  isSameAuthority,
  isValidAt,
  readCertificate,
  readCertificateFile,
} from './certificate.ts';
export { type Crl, type RevokedCertificate, readCrl } from './crl.ts';
export { type EvidenceCode, EvidenceError, StampUnreachableError } from './errors.ts';
export { type SignOptions, signStatement, type Witness } from './sign.ts';
export { type TimestampOptions, timestampAuthority } from './timestamp.ts';
export {
  type Authority,
  type EvidenceTrust,
  type KnownCrl,
  knownCrl,
  readTrust,
  type TrustFiles,
  withCrls,
} from './trust.ts';
export {
  certificateOfBundle,
  type Evidence,
  type Judge,
  type SigningCertificate,
  STAMP_AGE_DAYS,
  verifyBundle,
} from './verify.ts';
