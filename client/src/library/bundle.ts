// What does a bundle hold? The library in one file: a tar archive with `metadata/` and `targets/` as they are
// published, and `bundle.json`, which says when it was made, and which nothing rests on.

import { type FileHandle, open } from 'node:fs/promises';
import { date, type Format, FormatError, format, line, list, literal, object } from '../firmware/fields.ts';
import { releaseId } from '../firmware/identifiers.ts';
import { consistentName, type Repository, UnreachableError } from '../tuf/index.ts';
import { LibraryError } from './errors.ts';
import { exactly, readTar, type TarEntry, TarError } from './tar.ts';

export const BUNDLE_FILE = 'bundle.json';

const about = object({
  format: literal('cfl/bundle/1'),
  library: line,
  made: date,
  /** Whose images and notes are in it; none where all are. */
  releases: list(releaseId.exact),
});
/** What the maker of a bundle says of it; unsigned. */
export type BundleAbout = ReturnType<typeof about>;

export const bundleAbout: Format<BundleAbout> = format(about);

const LONGEST_ABOUT = 8_000_000;

export interface BundleRepository extends Repository {
  about(): Promise<BundleAbout>;
  close(): void;
}

/** Opened at the first read. Throws LibraryError WRONG_BUNDLE where it is none. */
export function bundleRepository(path: string): BundleRepository {
  let opened: Promise<{ file: FileHandle; entries: ReadonlyMap<string, TarEntry> }> | undefined;
  const load = async () => {
    const file = await open(path, 'r');
    try {
      return { file, entries: await readTar(file) };
    } catch (error) {
      await file.close();
      throw notABundle(path, error);
    }
  };
  const read = async (name: string, limit: number) => {
    opened ??= load();
    const { file, entries } = await opened;
    const entry = entries.get(name);
    if (entry === undefined) return undefined;
    // One octet more than was asked for is enough to be refused by whoever asked
    return exactly(file, entry.offset, Math.min(entry.length, limit + 1));
  };
  return {
    metadata: (file, limit) => read(`metadata/${file}`, limit),
    async target(target, digest, limit) {
      const name = `targets/${digest === undefined ? target : consistentName(target, digest)}`;
      const octets = await read(name, limit);
      if (octets !== undefined) return octets;
      throw new UnreachableError('MISSING', `Cannot get ${name}: this bundle does not hold it`, {
        hint: 'Ask whoever made the bundle to include this release: cfl bundle FILE RELEASE',
      });
    },
    async about() {
      const octets = await read(BUNDLE_FILE, LONGEST_ABOUT);
      if (octets === undefined) throw notABundle(path, new TarError(`it has no "${BUNDLE_FILE}"`));
      try {
        return bundleAbout.parse(octets);
      } catch (error) {
        throw notABundle(path, error);
      }
    },
    close() {
      void opened?.then(
        ({ file }) => file.close(),
        () => {},
      );
    },
  };
}

function notABundle(path: string, cause: unknown): unknown {
  if (!(cause instanceof TarError || cause instanceof FormatError)) return cause;
  return new LibraryError('WRONG_BUNDLE', `Cannot read "${path}" as a bundle: ${cause.message}`, {
    hint: 'Copy it again, or ask for a new one: cfl bundle FILE',
    cause,
  });
}
