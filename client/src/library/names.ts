// Which release does the user mean? It is named by its own digest or its CPL hash, by a unique beginning
// of either of at least 8 digits, or by a CPL entry id. Several matches are listed, and none is chosen.
//
// Its own digest in full leads straight to it. Every other name is looked for in the whole catalogue.

import { parseReleaseId } from '../firmware/index.ts';
import { LibraryError } from './errors.ts';
import type { Library, ListedRelease } from './library.ts';

const SHORTEST = 8;
const FULL = /^[0-9a-f]{64}$/;

export async function resolveRelease(
  library: Pick<Library, 'allReleases'> & Partial<Pick<Library, 'named'>>,
  name: string,
): Promise<ListedRelease> {
  const digits = name.toLowerCase();
  const direct = FULL.test(digits) ? await library.named?.(parseReleaseId(digits)) : undefined;
  if (direct !== undefined) return direct;
  const isDigest = /^[0-9a-f]{8,64}$/.test(digits);
  const named = ({ release, imageHash, entries }: ListedRelease) =>
    (isDigest && (release.startsWith(digits) || imageHash.startsWith(digits))) ||
    entries.some((entry) => entry === name);
  const matches = (await library.allReleases()).filter(named);
  const [only, ...others] = matches;
  if (only === undefined) throw unknown(name);
  if (others.length > 0) throw ambiguous(name, matches);
  return only;
}

function unknown(name: string): LibraryError {
  const isShort = /^[0-9a-fA-F]+$/.test(name) && name.length < SHORTEST;
  const hint = isShort ? `Give at least ${SHORTEST} digits of its hash` : 'Run: cfl list';
  return new LibraryError(
    'UNKNOWN_RELEASE',
    `Cannot find the release "${name}": nothing in the library has this hash or CPL entry`,
    { found: name, hint },
  );
}

function ambiguous(name: string, matches: readonly ListedRelease[]): LibraryError {
  const lines = matches.map(
    ({ release, code, deviceType, models, hardware, firmwareVersion }) =>
      `  ${release.slice(0, 16)}  ${code} ${deviceType} ${models.join(',')}  hardware ${hardware.join('..')}  firmware ${firmwareVersion}`,
  );
  return new LibraryError(
    'AMBIGUOUS_RELEASE',
    `Cannot choose a release for "${name}": ${matches.length} match`,
    {
      lines,
      found: matches.length,
      expected: 1,
      hint: 'Name one by the digits above',
    },
  );
}
