// What does this machine remember of a library? Its address, its pinned root and, in `cache/`, what was
// trusted before. One folder for one library.
//
//   library.json   address and name; written last, so that a folder which has it is whole
//   root.json      the pinned root: the one thing here that trust rests on
//   credential.age, credential.pub   see credential-file.ts; only where this machine reads what is sealed
//   cache/         see ../tuf/client.ts; nothing in it is believed unverified

import { type Format, FormatError, format, line, literal, object, text } from '../firmware/fields.ts';
import { LibraryError } from './errors.ts';
import { type Files, folder } from './files.ts';

const pinned = object({
  format: literal('cfl/pinned/1'),
  url: text(/^[^\p{Cc}\p{Cs}]{1,2000}$/u, 'an address or a folder'),
  name: line,
});
/** `url` is the address above `metadata/` and `targets/`, or the folder that holds the two. */
export type Pinned = ReturnType<typeof pinned>;

const pinnedFormat: Format<Pinned> = format(pinned);

const LIBRARY_FILE = 'library.json';
const ROOT_FILE = 'root.json';

export interface Home {
  readonly pinned: Pinned;
  readonly root: Uint8Array;
}

/** Undefined where no library is pinned in this folder. */
export async function findHome(path: string): Promise<Home | undefined> {
  const files = folder(path);
  const octets = await files.read(LIBRARY_FILE);
  if (octets === undefined) return undefined;
  const root = await files.read(ROOT_FILE);
  if (root === undefined) throw damaged(path, `it has no "${ROOT_FILE}"`);
  return { pinned: parsePinned(octets, path), root };
}

export async function readHome(path: string): Promise<Home> {
  const home = await findHome(path);
  if (home !== undefined) return home;
  throw new LibraryError('NOT_PINNED', `Cannot read a library: none is pinned in "${path}"`, {
    hint: 'Run: cfl init URL --root FILE, or --root-sha256 with the digest that the operator reads out',
  });
}

export async function writeHome(path: string, { pinned: value, root }: Home): Promise<void> {
  const files = folder(path);
  await files.replace(ROOT_FILE, root);
  await files.replace(LIBRARY_FILE, pinnedFormat.encode(value));
}

export function cacheFiles(path: string): Files {
  return folder(`${path}/cache`);
}

function parsePinned(octets: Uint8Array, path: string): Pinned {
  try {
    return pinnedFormat.parse(octets);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw damaged(path, `"${LIBRARY_FILE}": ${cause.message}`, cause);
  }
}

function damaged(path: string, reason: string, cause?: unknown): LibraryError {
  return new LibraryError('DAMAGED_HOME', `Cannot use the folder "${path}": ${reason}`, {
    hint: 'Move the folder away, and pin the library again with cfl init',
    cause,
  });
}
