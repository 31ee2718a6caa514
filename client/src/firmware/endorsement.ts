// Which supplier stood behind a manufacturer's communication? `intake/<release>/endorsement-<n>-<party>.sigstore.json`.
//
// Rules
// - It is a bundle of its own. Its statement names three subjects, in this order: OTA image, manufacturer
//   image, and the octets of the manufacturer's bundle. So it stands behind that one statement and no other.
// - `<n>` is the number of the manufacturer's statement: a party endorses a statement once.
// - Unknown fields are refused, here and at every depth.

import type { Sha256 } from '../encoding/index.ts';
import {
  date,
  digest,
  type Format,
  format,
  integer,
  listOfDifferent,
  literal,
  object,
  oneOf,
  type Read,
  refuse,
} from './fields.ts';
import {
  type EntryId,
  entryId,
  manufacturerCode,
  type PartyId,
  partyId,
  type ReleaseId,
  releaseId,
} from './identifiers.ts';
import { STATEMENT_TYPE, type Statement, statedDigests } from './statement.ts';

export const ENDORSEMENT_PREDICATE_TYPE = 'urn:cfl:endorsement:v1';

const NAMES = ['ota-image', 'manufacturer-image', 'manufacturer-bundle'] as const;

const subject = object({ name: oneOf(...NAMES), digest: object({ sha256: digest }) });

const subjects: Read<readonly ReturnType<typeof subject>[]> = (value, at) => {
  const read = listOfDifferent(subject, ({ name }) => name)(value, at);
  if (read.length === NAMES.length && read.every(({ name }, i) => name === NAMES[i])) return read;
  return refuse(
    read.map(({ name }) => name),
    at,
    `the subjects ${NAMES.join(', ')}`,
  );
};

const endorsement = object({
  _type: literal(STATEMENT_TYPE),
  subject: subjects,
  predicateType: literal(ENDORSEMENT_PREDICATE_TYPE),
  predicate: object({
    release: releaseId.exact,
    code: manufacturerCode.exact,
    /** Of the manufacturer's statement. */
    number: integer(1),
    /** Those that the manufacturer claims, in the same order. */
    entries: listOfDifferent(entryId.exact, String, 1),
    endorser: partyId.exact,
    created: date,
  }),
});
/** What an endorsing supplier signs. */
export type Endorsement = ReturnType<typeof endorsement>;

/** The payload of the supplier's bundle. */
export const endorsementStatement: Format<Endorsement> = format(endorsement);

export interface EndorsedDigests {
  readonly otaImage: Sha256;
  readonly manufacturerImage: Sha256;
  readonly bundle: Sha256;
}

export function endorsedDigests({ subject: [ota, manufacturer, bundle] }: Endorsement): EndorsedDigests {
  if (ota === undefined || manufacturer === undefined || bundle === undefined)
    throw new TypeError('An endorsement has three subjects');
  return {
    otaImage: ota.digest.sha256,
    manufacturerImage: manufacturer.digest.sha256,
    bundle: bundle.digest.sha256,
  };
}

export interface EndorsementForm {
  readonly statement: Statement;
  /** Of the manufacturer's bundle. */
  readonly bundle: Sha256;
  readonly endorser: PartyId;
  /** `2026-11-20T09:00:00Z` */
  readonly created: string;
}

/** The endorsement of a manufacturer's statement. */
export function endorsementOf({ statement, bundle, endorser, created }: EndorsementForm): Endorsement {
  const { otaImage, manufacturerImage } = statedDigests(statement);
  const { code, number } = statement.predicate;
  const digests = [otaImage, manufacturerImage, bundle];
  const value = {
    _type: STATEMENT_TYPE,
    subject: NAMES.map((name, i) => ({ name, digest: { sha256: digests[i] } })),
    predicateType: ENDORSEMENT_PREDICATE_TYPE,
    predicate: { release: otaImage, code, number, entries: entriesOf(statement), endorser, created },
  };
  return endorsement(value, '');
}

/** The CPL entries that a statement claims. */
export function entriesOf({ predicate }: Statement): readonly EntryId[] {
  return predicate.claims.map(({ entry }) => entry);
}

export interface EndorsementPlace {
  readonly release: ReleaseId;
  readonly number: number;
  readonly party: PartyId;
}

export function endorsementPath({ release, number, party }: EndorsementPlace): string {
  return `intake/${release}/endorsement-${number}-${party}.sigstore.json`;
}

/** Undefined for a path that is none of an endorsement. */
export function parseEndorsementPath(path: string): EndorsementPlace | undefined {
  const [, release, number, party] =
    /^intake\/([0-9a-f]{64})\/endorsement-([1-9]\d{0,8})-([a-z0-9-]{1,40})\.sigstore\.json$/.exec(path) ?? [];
  if (release === undefined) return undefined;
  return { release: releaseId.parse(release), number: Number(number), party: partyId.parse(party) };
}
