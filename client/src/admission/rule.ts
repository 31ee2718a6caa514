// What is a rule of intake, and what does it say?

import type { Facts } from './facts.ts';

/** Each code names one rule for good; it is never used for another. */
export type RuleCode =
  | 'IMAGE_UNREADABLE'
  | 'LIBRARY_FORM'
  | 'HEADER_PROFILE'
  | 'HEADER_AS_STATED'
  | 'SUBJECT_MISMATCH'
  | 'STATEMENT_SIGNATURE'
  | 'STATEMENT_NUMBER'
  | 'CODE_NOT_YOURS'
  | 'MANUFACTURER'
  | 'DEVICE_TYPE'
  | 'ENTRY_UNKNOWN'
  | 'ENTRY_NOT_ACTIVE'
  | 'WAITS_FOR_CPL'
  | 'IMAGE_HASH'
  | 'MODEL'
  | 'FIRMWARE_VERSION'
  | 'HARDWARE_OUT_OF_RANGE'
  | 'SIZE'
  | 'DUPLICATE'
  | 'SAME_IMAGE'
  | 'ROLE_FILE'
  | 'BASE_MOVED'
  | 'NOTES_MISSING'
  | 'NOTES_INCOMPLETE'
  | 'RANGE_SHRANK';

/** A warning holds the submission until the manufacturer acknowledges it in the statement. */
export type Severity = 'refuse' | 'hold' | 'warn' | 'record';

export interface Rule {
  readonly code: RuleCode;
  readonly severity: Severity;
  /** It looks at plaintext. Where that is sealed, it says what the public files show, or nothing. */
  readonly sealed: boolean;
  readonly says: (facts: Facts) => readonly Observation[];
}

/** One thing that is not as the rule demands. */
export interface Observation {
  /** The field of the statement, `claims[1].hardwareVersion`, or `image`, `notes`, `role`, `evidence`. */
  readonly at: string;
  readonly expected: string;
  readonly found: string;
  /** One sentence with the field, what was found and what was expected; no full stop. */
  readonly message: string;
  /** What to do. */
  readonly hint: string;
}

export interface Finding extends Observation {
  readonly code: RuleCode;
  readonly severity: Severity;
  /** On warnings only. */
  readonly acknowledged?: boolean;
}
