// What exactly does the manufacturer sign? An in-toto Statement v1 over image, manufacturer image and notes.
//
// Rules
// - It names three subjects, in this order: the OTA image in library form, the manufacturer image (the
//   hash of the Central Products List) and the release notes.
// - It repeats every field of the OTA header. Neither the CPL's hash nor a supplier's signature covers the
//   header: only this statement does. A header with a field that the statement has no place for
//   (security credential, destination) cannot be stated.
// - It claims one CPL entry or more, each once. Numbers grow from 1; a later statement about the same
//   release may say more, but is about the same octets.
// - An image that is too large for one transfer to a PPMID is listed in slices: runs of octets that
//   follow one another from the first octet of the OTA image to its last.
// - Unknown fields are refused, here and at every depth.

import { parseSha256, type Sha256, sha256 } from '../encoding/index.ts';
import {
  date,
  digest,
  either,
  type Format,
  FormatError,
  format,
  integer,
  list,
  listOfDifferent,
  literal,
  mailbox,
  object,
  oneOf,
  type Read,
  refuse,
  text,
} from './fields.ts';
import type { OtaHeader } from './header.ts';
import {
  DEVICE_TYPES,
  entryId,
  firmwareVersion,
  hardwareVersion,
  type ImageHash,
  imageHash,
  manufacturerCode,
  manufacturerCodeOf,
  modelId,
  partyId,
  type ReleaseId,
  releaseId,
  TYPE_2_DEVICES,
} from './identifiers.ts';
import { encodeImage, manufacturerImageHash, type OtaImage, releaseIdOf } from './image.ts';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const RELEASE_PREDICATE_TYPE = 'urn:cfl:firmware-release:v1';

export const SUBJECT_NAMES = ['ota-image', 'manufacturer-image', 'notes'] as const;
export type SubjectName = (typeof SUBJECT_NAMES)[number];

const subject = object({ name: oneOf(...SUBJECT_NAMES), digest: object({ sha256: digest }) });

const subjects: Read<readonly ReturnType<typeof subject>[]> = (value, at) => {
  const read = listOfDifferent(subject, ({ name }) => name)(value, at);
  if (read.length === SUBJECT_NAMES.length && read.every(({ name }, i) => name === SUBJECT_NAMES[i]))
    return read;
  return refuse(
    read.map(({ name }) => name),
    at,
    `the subjects ${SUBJECT_NAMES.join(', ')}`,
  );
};

const u16 = integer(0, 0xffff);
const u32 = integer(0, 0xffffffff);

const statedHeaderFields = {
  headerVersion: u16,
  headerLength: u16,
  fieldControl: u16,
  manufacturerCode: u16,
  imageType: u16,
  fileVersion: u32,
  stackVersion: u16,
  headerStringHex: text(/^[0-9a-f]{64}$/, '64 lower-case hex digits'),
  totalImageSize: u32,
  minHardwareVersion: u16,
  maxHardwareVersion: u16,
};
const header = object(statedHeaderFields);
/** Every field of the header of a GB image. */
export type StatedHeader = ReturnType<typeof header>;
export const STATED_HEADER_FIELDS = Object.keys(statedHeaderFields) as readonly (keyof StatedHeader)[];

const claim = object({
  entry: entryId.exact,
  model: modelId.exact,
  hardwareVersion: hardwareVersion.exact,
  firmwareVersion: firmwareVersion.exact,
});
export type Claim = ReturnType<typeof claim>;

const isText = (value: unknown) => typeof value === 'string';
export const upgradesFrom = either(
  isText,
  oneOf('any', 'none'),
  listOfDifferent(firmwareVersion.exact, String, 1),
);
/** The firmware versions it may be installed upon. */
export type UpgradesFrom = ReturnType<typeof upgradesFrom>;

/** The classes that a library holds. */
export const releaseClass = oneOf('compliance', 'fix');
export type ReleaseClass = ReturnType<typeof releaseClass>;
/** A commercial version can be stated, so that the refusal is a finding of admission, with its reason. */
const statedClass = oneOf('compliance', 'fix', 'commercial');

/** Throws a FormatError for a class that no library holds. */
export function parseReleaseClass(value: unknown): ReleaseClass {
  return releaseClass(value, 'class');
}

const slice = object({ length: integer(1), sha256: digest });
export type Slice = ReturnType<typeof slice>;

const predicate = object(
  {
    number: integer(1),
    originator: partyId.exact,
    code: manufacturerCode.exact,
    // A Type 2 device can be stated, for the same reason as a commercial version
    deviceType: oneOf(...DEVICE_TYPES, ...TYPE_2_DEVICES),
    header,
    claims: listOfDifferent(claim, ({ entry }) => entry, 1),
    class: statedClass,
    upgradesFrom,
    supersedes: listOfDifferent(releaseId.exact, String),
    acknowledged: listOfDifferent(text(/^[A-Z][A-Z0-9_]{0,39}$/, 'the code of a rule'), String),
    contact: object({ mailbox }),
    created: date,
  },
  { slices: list(slice, 2) },
);
export type ReleasePredicate = ReturnType<typeof predicate>;

const statement = object({
  _type: literal(STATEMENT_TYPE),
  subject: subjects,
  predicateType: literal(RELEASE_PREDICATE_TYPE),
  predicate,
});
export type Statement = ReturnType<typeof statement>;

const statementFormat: Format<Statement> = format(statement);

/** The payload of the manufacturer's bundle. Throws FormatError. */
export const parseStatement = statementFormat.parse;
export const encodeStatement = statementFormat.encode;

/** The digests that a statement is about. */
export interface StatedDigests {
  readonly otaImage: ReleaseId;
  readonly manufacturerImage: ImageHash;
  readonly notes: Sha256;
}

export function statedDigests(value: Statement): StatedDigests {
  const [otaImage, manufacturerImage, notes] = value.subject.map((one) => one.digest.sha256);
  return {
    otaImage: releaseId.parse(otaImage),
    manufacturerImage: imageHash.parse(manufacturerImage),
    notes: parseSha256(notes),
  };
}

/** The slices of this image, each of so many octets but the last. */
export async function slicesOf(octets: Uint8Array, length: number): Promise<readonly Slice[]> {
  const starts = Array.from({ length: Math.ceil(octets.length / length) }, (_, i) => i * length);
  return Promise.all(
    starts.map(async (start) => {
      const part = octets.subarray(start, start + length);
      return { length: part.length, sha256: await sha256(part) };
    }),
  );
}

/** What an image cannot tell. */
export type StatementForm = Omit<ReleasePredicate, 'code' | 'header'> & { readonly notes: Sha256 };

/** The statement about an image in library form; throws FormatError where the image cannot be stated. */
export async function statementFor(image: OtaImage, { notes, ...form }: StatementForm): Promise<Statement> {
  if (image.awaitsTrailer) {
    const expected = 'the library form, whose total image size is its length';
    throw new FormatError('the image', { found: "a size that counts the supplier's trailer", expected });
  }
  const digests = [await releaseIdOf(encodeImage(image)), await manufacturerImageHash(image, 'whole'), notes];
  return statement(
    {
      _type: STATEMENT_TYPE,
      subject: SUBJECT_NAMES.map((name, i) => ({ name, digest: { sha256: digests[i] } })),
      predicateType: RELEASE_PREDICATE_TYPE,
      predicate: {
        ...form,
        code: manufacturerCodeOf(image.header.manufacturerCode),
        header: statedHeader(image.header),
      },
    },
    '',
  );
}

function statedHeader(decoded: OtaHeader): StatedHeader {
  for (const field of ['securityCredentialVersion', 'upgradeFileDestination'] as const) {
    if (decoded[field] !== null) refuse(decoded[field], `header.${field}`, 'no such field in a GB image');
  }
  return header(Object.fromEntries(STATED_HEADER_FIELDS.map((field) => [field, decoded[field]])), 'header');
}

export interface HeaderDifference {
  readonly field: keyof OtaHeader;
  /** In the image. */
  readonly found: string | number | null;
  /** As signed; null where the statement has no such field. */
  readonly expected: string | number | null;
}

/** Every field in which an image's header is not as signed. */
export function headerDifferences(stated: StatedHeader, decoded: OtaHeader): HeaderDifference[] {
  const fields = Object.keys(decoded) as (keyof OtaHeader)[];
  const signed = new Map<string, string | number>(Object.entries(stated));
  return fields
    .map((field) => ({ field, found: decoded[field], expected: signed.get(field) ?? null }))
    .filter(({ found, expected }) => found !== expected);
}
