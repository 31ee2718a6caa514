// What does a manufacturer ask, and is it who it says? One communication, as an endorser and the Panel look at it.
//
// The rules are those of admission (client/src/admission), so that nobody is asked twice by different ones. They
// are taken by the clauses of Appendix Z 4.3: who created it (a), which entries it names (b), SMETS1 (c). What the
// gate alone asks, about the manufacturer's role, the notes and sizes, is not asked here; nor is the image opened,
// which is sealed. Whether it is the one that was signed, the gate says.

import { type Facts, type Finding, type RuleCode, rules } from '@cfl/client/admission';
import { encodeDate } from '@cfl/client/encoding';
import { DEVICE_TYPES, findParty, type Party } from '@cfl/client/firmware';
import { statementFacts } from '../intake/evidence.ts';
import type { LibraryReading } from '../intake/library.ts';
import { SubmissionError } from '../intake/submission.ts';
import type { StatementPlace } from './gather.ts';

export interface Communication extends StatementPlace {
  /** The manufacturer's. */
  readonly bundle: Uint8Array;
}

export interface Examined {
  readonly facts: Facts;
  readonly originator: Party | undefined;
  /** By clause; empty where nothing is wrong. */
  readonly creator: readonly Finding[];
  readonly entries: readonly Finding[];
  readonly smets1: readonly Finding[];
}

const CREATOR: readonly RuleCode[] = [
  'STATEMENT_SIGNATURE',
  'CERTIFICATE_UNTRUSTED',
  'CERTIFICATE_PURPOSE',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_REVOKED',
  'CRL_STALE',
  'CERTIFICATE_NOT_YOURS',
  'STAMP_UNTRUSTED',
  'STAMP_AGE',
  'CODE_NOT_YOURS',
  'RELEASE_NAME',
];
const ENTRIES: readonly RuleCode[] = [
  'DEVICE_TYPE',
  'ENTRY_UNKNOWN',
  'ENTRY_NOT_ACTIVE',
  'MANUFACTURER',
  'MODEL',
  'FIRMWARE_VERSION',
  'HARDWARE_OUT_OF_RANGE',
];

/** `received`: when it first came. Throws SubmissionError where it is no statement, or lies under another number. */
export async function examine(
  { code, release, number, bundle }: Communication,
  library: LibraryReading,
  { now, received }: { readonly now: Date; readonly received: Date },
): Promise<Examined> {
  const { statement, evidence } = await statementFacts(bundle, library.trust, received);
  const { predicate } = statement;
  if (predicate.number !== number)
    throw new SubmissionError(
      `the statement in the place of number ${number} says that it is number ${predicate.number}`,
      'Make the submission again with cfl-publish submit',
    );
  const originator = findParty(library.register, predicate.originator);
  const claimed = predicate.claims.map(({ entry }) => entry);
  const facts: Facts = {
    ...NOT_ASKED,
    now: encodeDate(now),
    received: encodeDate(received),
    submitted: { code, release },
    statement,
    evidence,
    image: { unread: 'it is sealed' },
    party: originator,
    // Which types a library holds is no question of the CPL
    library: { ...library.settings, deviceTypes: DEVICE_TYPES },
    cpl: { snapshot: library.cpl.snapshot, newestSeen: 0, entries: await library.cpl.entries(claimed, code) },
  };
  return {
    facts,
    originator,
    creator: findingsBy(CREATOR, facts),
    entries: findingsBy(ENTRIES, facts),
    smets1: findingsBy(['SMETS1_ORIGIN'], facts),
  };
}

/** Facts that none of the rules above looks at. */
const NOT_ASKED: Pick<
  Facts,
  'endorsements' | 'seals' | 'notes' | 'published' | 'together' | 'role' | 'released'
> = {
  endorsements: [],
  seals: [],
  notes: undefined,
  published: [],
  together: [],
  released: [],
  role: {
    role: '',
    files: [],
    bins: { found: 1, expected: 1 },
    foreign: [],
    lacking: [],
    removed: [],
    changed: [],
    misplaced: [],
    delegationsChanged: false,
  },
};

function findingsBy(codes: readonly RuleCode[], facts: Facts): readonly Finding[] {
  return rules
    .filter(({ code }) => codes.includes(code))
    .flatMap(({ code, severity, remedy, says }) =>
      says(facts).map((one): Finding => ({ code, severity, ...one, hint: one.hint ?? remedy })),
    );
}
