// What does a release engineer fill in? `release.json`: everything that an image cannot tell; and `notes.md`.
//
// What nobody can know beforehand is marked "…". A statement is made only when none is left.

import type { Sha256 } from '@cfl/client/encoding';
import { encodeDate, type Json } from '@cfl/client/encoding';
import {
  decodeImage,
  encodeImage,
  FormatError,
  fields,
  libraryForm,
  NOTES_SECTIONS,
  OtaError,
  type OtaImage,
  type PartyId,
  type Read,
  type Statement,
  type StatementForm,
  slicesOf,
  statementFor,
} from '@cfl/client/firmware';
import { ChangeError } from '../change/errors.ts';

export const RELEASE_FILE = 'release.json';
export const NOTES_FILE = 'notes.md';
export const UNKNOWN = '…';

const FORMAT = 'cfl/release/1';
/** As they stand in the statement. */
const STATED = [
  'number',
  'deviceType',
  'claims',
  'class',
  'upgradesFrom',
  'supersedes',
  'acknowledged',
  'contact',
] as const;

const formFile = fields.object(
  {
    format: fields.literal(FORMAT),
    image: fields.words,
    ...(Object.fromEntries(STATED.map((name) => [name, fields.anything])) as Record<
      (typeof STATED)[number],
      Read<Json>
    >),
  },
  { trailer: fields.literal('strip'), slice: fields.integer(1) },
);

export interface ReleaseForm {
  /** Path of the image, relative to `release.json`. */
  readonly image: string;
  /** Declares that the image ends with a supplier's trailer, which is left out. */
  readonly trailer: 'strip' | undefined;
  /** Octets of a slice, where a PPMID image is too large for one transfer. */
  readonly slice: number | undefined;
  /** Not yet checked: a form may hold "…". */
  readonly stated: ReadonlyMap<string, Json>;
}

export function encodeForm({ image, trailer, slice, stated }: ReleaseForm): Uint8Array {
  const form = {
    format: FORMAT,
    image,
    ...(trailer === undefined ? {} : { trailer }),
    ...(slice === undefined ? {} : { slice }),
    ...Object.fromEntries(stated),
  };
  return new TextEncoder().encode(`${JSON.stringify(form, undefined, 2)}\n`);
}

/** Throws ChangeError BAD_INPUT. */
export function parseForm(octets: Uint8Array): ReleaseForm {
  try {
    const { format, image, trailer, slice, ...stated } = formFile(fields.strictJson(octets), '');
    return { image, trailer, slice, stated: new Map<string, Json>(Object.entries(stated)) };
  } catch (cause) {
    throw unusable(cause);
  }
}

export interface StatementContext {
  readonly originator: PartyId;
  /** Of the notes. */
  readonly notes: Sha256;
  readonly now: Date;
}

/** Throws ChangeError BAD_INPUT where a field is not filled in or not exact. */
export async function statementOf(
  form: ReleaseForm,
  image: OtaImage,
  { originator, notes, now }: StatementContext,
): Promise<Statement> {
  const filled: Record<string, Json> = {
    ...Object.fromEntries(form.stated),
    originator,
    notes,
    created: encodeDate(now),
    ...(form.slice === undefined ? {} : { slices: await slicesAsJson(octetsOf(image), form.slice) }),
  };
  try {
    // Every field is read strictly there
    return await statementFor(image, filled as unknown as StatementForm);
  } catch (cause) {
    throw unusable(cause);
  }
}

async function slicesAsJson(octets: Uint8Array, length: number): Promise<readonly Json[]> {
  return (await slicesOf(octets, length)).map((slice) => ({ ...slice }));
}

function unusable(cause: unknown): unknown {
  if (!(cause instanceof FormatError)) return cause;
  const why = cause.message.replace(/^predicate\./, '');
  const hint = cause.found.includes(UNKNOWN)
    ? 'Fill in what is marked "…" in release.json'
    : 'Correct release.json, or write it anew: cfl-publish new';
  return new ChangeError('BAD_INPUT', `Cannot use "${RELEASE_FILE}": ${why}`, hint, cause);
}

/** The image in library form. Throws ChangeError BAD_INPUT where it is no OTA image or has no trailer to leave out. */
export function imageInLibraryForm(octets: Uint8Array, name: string, trailer: 'strip' | undefined): OtaImage {
  const image = decoded(octets, name);
  if (trailer === undefined) return libraryForm(image, 'whole');
  if (image.possibleTrailer !== undefined) return libraryForm(image, 'without-trailer');
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot strip a supplier's trailer from "${name}": it has none`,
    'Leave out --strip-trailer',
  );
}

export function decoded(octets: Uint8Array, name: string): OtaImage {
  try {
    return decodeImage(octets);
  } catch (cause) {
    if (!(cause instanceof OtaError)) throw cause;
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot read "${name}" as an OTA image: ${cause.message}`,
      'Give the image as it was built',
      cause,
    );
  }
}

export function octetsOf(image: OtaImage): Uint8Array {
  return encodeImage(image);
}

export function notesTemplate(
  deviceType: string,
  models: readonly string[],
  firmwareVersion: string,
): string {
  const [before, isNew, back] = NOTES_SECTIONS;
  return [
    `# ${[deviceType, ...models].join(' ')} firmware ${firmwareVersion}`,
    `## ${before}`,
    'What happens to the meter and to the supply during activation: …',
    `## ${isNew}`,
    '…',
    `## ${back}`,
    '…',
    '',
  ].join('\n');
}
