// What is a rule of intake, and what does it say?

import type { Facts } from './facts.ts';

/** Each code names one rule for good; it is never used for another. */
export type RuleCode =
  | 'STATEMENT_SIGNATURE'
  | 'CERTIFICATE_UNTRUSTED'
  | 'CERTIFICATE_PURPOSE'
  | 'CERTIFICATE_EXPIRED'
  | 'CERTIFICATE_REVOKED'
  | 'CRL_STALE'
  | 'CERTIFICATE_NOT_YOURS'
  | 'STAMP_UNTRUSTED'
  | 'STAMP_AGE'
  | 'NO_ENDORSEMENT'
  | 'CODE_NOT_YOURS'
  | 'SMETS1_ORIGIN'
  | 'RELEASE_NAME'
  | 'STATEMENT_NUMBER'
  | 'DUPLICATE'
  | 'SAME_IDENTITY'
  | 'SAME_IMAGE'
  | 'ROLE_FILE'
  | 'BASE_MOVED'
  | 'SEAL_FORM'
  | 'SEAL_EPOCH'
  | 'NOTES_MISSING'
  | 'NOTES_FORM'
  | 'NOTES_SIZE'
  | 'NOTES_INCOMPLETE'
  | 'IMAGE_UNREADABLE'
  | 'LIBRARY_FORM'
  | 'HEADER_PROFILE'
  | 'HEADER_AS_STATED'
  | 'SUBJECT_MISMATCH'
  | 'SIZE'
  | 'SLICES'
  | 'SLICE_MISMATCH'
  | 'DEVICE_TYPE'
  | 'COMMERCIAL'
  | 'CPL_ROLLBACK'
  | 'ENTRY_UNKNOWN'
  | 'ENTRY_NOT_ACTIVE'
  | 'WAITS_FOR_CPL'
  | 'IMAGE_HASH'
  | 'MANUFACTURER'
  | 'MODEL'
  | 'FIRMWARE_VERSION'
  | 'HARDWARE_OUT_OF_RANGE'
  | 'RANGE_SHRANK'
  | 'CATCH_ALL_RANGE'
  | 'UPGRADES_UNKNOWN'
  | 'UPGRADES_DIFFER';

/** A warning holds the submission until the manufacturer acknowledges it in the statement. */
export type Severity = 'refuse' | 'hold' | 'warn' | 'record';

export interface Rule {
  readonly code: RuleCode;
  readonly severity: Severity;
  /** It looks at plaintext. An open rule never does, and says the same where plaintext is sealed. */
  readonly sealed: boolean;
  /** A hold that the operator may lift, with a reason that is published. */
  readonly releasable?: true;
  /** One sentence. */
  readonly demand: string;
  /** Where the demand comes from. */
  readonly source: string;
  /** What to do: the hint of every observation without one of its own. */
  readonly remedy: string;
  readonly says: (facts: Facts) => readonly Observation[];
}

/** One thing that is not as the rule demands. */
export interface Observation {
  /** The field of the statement, `claims[1].hardwareVersion`, or `image`, `notes`, `role`, `evidence`, `cpl`. */
  readonly at: string;
  readonly expected: string;
  readonly found: string;
  /** One sentence with the field, what was found and what was expected; no full stop. */
  readonly message: string;
  readonly hint?: string;
}

export interface Finding extends Observation {
  readonly code: RuleCode;
  readonly severity: Severity;
  /** What to do. */
  readonly hint: string;
  /** On warnings only. */
  readonly acknowledged?: boolean;
}
