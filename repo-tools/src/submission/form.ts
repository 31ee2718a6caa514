// What does a release engineer fill in? `release.json`: everything that an image cannot tell; and `notes.md`.
//
// What nobody can know beforehand is marked "…". A statement is made only when none is left.

import type { Sha256 } from '@cfl/client/encoding';
import { encodeDate, type Json, toHex } from '@cfl/client/encoding';
import {
  decodeImage,
  encodeImage,
  FormatError,
  libraryForm,
  NOTES_SECTIONS,
  OtaError,
  type OtaImage,
  type PartyId,
  type Statement,
  type StatementForm,
  slicesOf,
  statementFor,
} from '@cfl/client/firmware';
import { ChangeError } from '../change/errors.ts';
import { countOf, type Members, parseMembers, textOf } from '../intake/members.ts';

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
];

export interface ReleaseForm {
  /** Path of the image, relative to `release.json`. */
  readonly image: string;
  /** Declares that the image ends with a supplier's trailer, which is left out. */
  readonly trailer: 'strip' | undefined;
  /** Octets of a slice, where a PPMID image is too large for one transfer. */
  readonly slice: number | undefined;
  /** Not yet checked: a form may hold "…". */
  readonly stated: Members;
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
    const members = parseMembers(octets, FORMAT, ['image', ...STATED], ['trailer', 'slice']);
    const trailer = members.get('trailer');
    if (trailer !== undefined && trailer !== 'strip')
      throw new FormatError('trailer', { found: JSON.stringify(trailer), expected: '"strip", or nothing' });
    return {
      image: textOf(members, 'image'),
      trailer,
      slice: members.has('slice') ? sliceLength(countOf(members, 'slice')) : undefined,
      stated: new Map([...members].filter(([name]) => STATED.includes(name))),
    };
  } catch (cause) {
    throw unusable(cause);
  }
}

function sliceLength(octets: number): number {
  if (octets > 0) return octets;
  throw new FormatError('slice', { found: String(octets), expected: 'octets of a slice, from 1' });
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

/** What each section is for, as a beginning to write on from. */
const BEGUN: Readonly<Record<(typeof NOTES_SECTIONS)[number], readonly string[]>> = {
  'During activation': ['What the device does, and for how long: …', 'What happens to the supply: …'],
  'Order and prerequisites': ['What must be there first, and what follows: …'],
  'How to go back': ['To which versions, and how; or that there is no way back: …'],
  'What is new': ['…'],
  'Known issues': ['…'],
  'Test evidence': ['What was tested, by whom, and where the report is: …'],
};

export interface NotesHead {
  readonly deviceType: string;
  readonly models: readonly string[];
  readonly firmwareVersion: string;
  /** 32 random octets. */
  readonly salt: Uint8Array;
}

export function notesTemplate({ deviceType, models, firmwareVersion, salt }: NotesHead): string {
  return [
    '---',
    `salt: ${toHex(salt)}`,
    ...['fixes', 'severity', 'embargo'].map((name) => `${name}: ${UNKNOWN}`),
    '---',
    `# ${[deviceType, ...models].join(' ')} firmware ${firmwareVersion}`,
    ...NOTES_SECTIONS.flatMap((section) => ['', `## ${section}`, ...BEGUN[section]]),
    '',
  ].join('\n');
}
