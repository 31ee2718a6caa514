// Are these the files of an earlier fetch, and what do they prove? Offline: from the root that the reader trusts and
// the evidence beside the image.
//
// - Everything is judged at the moment of the fetch, and the report says so: the library may have moved on.
// - What this machine has seen withdrawn since is said all the same.
// - Image and notes must be those that the manufacturer signed. Notes that are not there are no fault: not
//   everybody may read them.

import { parseDate, type Sha256, sha256 } from '../encoding/index.ts';
import { referenceFileName } from '../firmware/index.ts';
import { minute } from '../tuf/index.ts';
import { LibraryError } from './errors.ts';
import { type Evidence, LONGEST_EVIDENCE, type ReadEvidence, readEvidence } from './evidence.ts';
import type { Files } from './files.ts';
import { type Check, gathering, readImage } from './read-release.ts';
import { short } from './read-statement.ts';
import { savedNames } from './save.ts';
import { withdrawalPath } from './withdrawal.ts';

export interface SavedFile {
  readonly name: string;
  readonly sha256: Sha256;
  readonly length: number;
}

export interface VerifiedSaved extends Pick<ReadEvidence, 'evidence' | 'open'> {
  readonly image: SavedFile;
  /** Undefined where the fetch left none. */
  readonly notes: SavedFile | undefined;
  readonly evidenceFile: SavedFile;
  readonly checks: readonly Check[];
}

export interface VerifySavedOptions {
  readonly root: Uint8Array;
  /** The paths of the withdrawals that this machine has seen. */
  readonly seen?: ReadonlySet<string>;
  readonly onCheck?: (check: Check) => void;
}

const ENDING = '.evidence.json';

/** The evidence in a folder. Throws LibraryError NO_EVIDENCE where there is none, or an image without one. */
export async function evidenceIn(files: Files, place: string): Promise<readonly string[]> {
  const names = await files.list('');
  const found = names.filter((name) => name.endsWith(ENDING));
  const images = names.filter((name) => name.endsWith('.zigbee'));
  const bare = images.find((image) => !found.includes(savedNames(image).evidence));
  if (found.length > 0 && bare === undefined) return found;
  const what =
    bare === undefined ? `"${place}": it holds no "*${ENDING}"` : `"${bare}": no evidence lies beside it`;
  throw new LibraryError('NO_EVIDENCE', `Cannot verify ${what}`, {
    hint: 'Name the folder that cfl fetch wrote to, with all three files of each release',
  });
}

/** Throws LibraryError, RefusedError or EvidenceError: the first thing that does not hold. */
export async function verifySaved(
  files: Files,
  name: string,
  { root, seen, onCheck }: VerifySavedOptions,
): Promise<VerifiedSaved> {
  const { checks, say } = gathering(onCheck);
  const own = await needed(files, name, LONGEST_EVIDENCE);
  const { evidence, open } = await readEvidence(own, name, { root, onCheck: say });
  say(metadataCheck(evidence));
  const names = savedNames(`${name.slice(0, -ENDING.length)}.zigbee`);
  const octets = await needed(files, names.image, Number.POSITIVE_INFINITY);
  const image = await readImage(octets, open.about, open.state, say);
  const reference = referenceFileName(image.header, open.about.imageHash);
  if (names.image.split('/').at(-1) !== reference) throw misnamed(names.image, reference);
  const notes = await files.read(names.notes);
  if (notes !== undefined) say(await notesCheck(notes, evidence));
  const since = withdrawnSince(evidence, seen);
  if (since !== undefined) say(since);
  return {
    evidence,
    open,
    image: await saved(names.image, octets),
    notes: notes && (await saved(names.notes, notes)),
    evidenceFile: await saved(name, own),
    checks,
  };
}

function metadataCheck({ verified, goodUntil, versions, files }: Evidence): Check {
  const { root, timestamp, snapshot } = versions;
  const text = `${files.length} published files, root ${root}, timestamp ${timestamp}, snapshot ${snapshot}; judged as of ${inWords(verified)}, good until ${inWords(goodUntil)}`;
  return { what: 'evidence', text };
}

/** `2026-11-20 09:00 UTC` */
function inWords(date: string): string {
  return minute(parseDate(date));
}

async function needed(files: Files, name: string, limit: number): Promise<Uint8Array> {
  const octets = await files.read(name);
  if (octets !== undefined && octets.length <= limit) return octets;
  const reason = octets === undefined ? 'it is not there' : `it has more than ${limit} octets`;
  throw new LibraryError('NO_EVIDENCE', `Cannot verify "${name}": ${reason}`, {
    hint: 'Name the folder that cfl fetch wrote to, with all three files of each release',
  });
}

async function notesCheck(notes: Uint8Array, { release, notesSha256 }: Evidence): Promise<Check> {
  const found = await sha256(notes);
  if (found === notesSha256) return { what: 'notes', text: 'as the manufacturer signed them' };
  throw new LibraryError(
    'WRONG_NOTES',
    `Cannot accept the notes of ${short(release)}: their SHA-256 is ${found}, expected ${notesSha256}`,
    { found, expected: notesSha256, hint: 'They were changed after the fetch. Fetch the release again' },
  );
}

function withdrawnSince(
  { release, state }: Evidence,
  seen: ReadonlySet<string> | undefined,
): Check | undefined {
  if (state === 'withdrawn' || seen?.has(withdrawalPath(release, 1)) !== true) return undefined;
  return { what: 'since then', text: 'it was withdrawn: do not deploy it', warns: true };
}

function misnamed(found: string, expected: string): LibraryError {
  return new LibraryError(
    'WRONG_IMAGE',
    `Cannot accept "${found}": the name of this image is "${expected}"`,
    { found, expected, hint: 'Fetch it again: its name says which meters it is for' },
  );
}

async function saved(name: string, octets: Uint8Array): Promise<SavedFile> {
  return { name, sha256: await sha256(octets), length: octets.length };
}
