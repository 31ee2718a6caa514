// How does a verified release lie on the supplier's machine? Three files, under its reference file name; notes
// only where the reader may read them.
//
//   FFF1-0000-01000203-<hash>.zigbee          the image, as published
//   FFF1-0000-01000203-<hash>.notes.md        the release notes
//   FFF1-0000-01000203-<hash>.evidence.json   every signed file that was relied on: `cfl verify` needs nothing else
//
// Two releases may share a reference name: it names the manufacturer image, not the header around it. So an
// image that is there is never replaced by another. The image comes last: where it is, the rest is.

import { equalOctets, sha256 } from '../encoding/index.ts';
import { LibraryError } from './errors.ts';
import { makeEvidence } from './evidence.ts';
import type { Files } from './files.ts';
import type { Library } from './library.ts';
import type { VerifiedRelease } from './read-release.ts';

export interface SavedFiles {
  readonly image: string;
  /** Undefined where the reader may not read them. */
  readonly notes: string | undefined;
  readonly evidence: string;
}

/** File names relative to `files`. */
export async function saveRelease(
  files: Files,
  library: Library,
  verified: VerifiedRelease,
): Promise<SavedFiles> {
  const { notes } = verified;
  const all = savedNames(verified.fileName);
  const names = { ...all, notes: 'leftOut' in notes ? undefined : all.notes };
  const evidence = await makeEvidence(library, verified.about);
  await refuseOther(files, names.image, verified.octets);
  if (names.notes !== undefined && !('leftOut' in notes)) await files.replace(names.notes, notes);
  await files.replace(names.evidence, evidence);
  await writeImage(files, names.image, verified.octets);
  return names;
}

/** The three names, by that of the image. */
export function savedNames(image: string): { image: string; notes: string; evidence: string } {
  const base = image.replace(/\.zigbee$/, '');
  return { image, notes: `${base}.notes.md`, evidence: `${base}.evidence.json` };
}

async function writeImage(files: Files, name: string, octets: Uint8Array): Promise<void> {
  try {
    if (await files.writeNew(name, octets)) return;
  } catch (error) {
    if (!hasNoLinks(error)) throw error;
    // A memory stick, say: there the look below and the write are not one step
    await refuseOther(files, name, octets);
    return files.replace(name, octets);
  }
  await refuseOther(files, name, octets);
}

/** The file system cannot write a file under a name that must be new. */
function hasNoLinks(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'link';
}

async function refuseOther(files: Files, name: string, octets: Uint8Array): Promise<void> {
  const there = await files.read(name);
  if (there === undefined || equalOctets(there, octets)) return;
  throw new LibraryError('OTHER_FILE_THERE', `Cannot write "${name}": another file of this name is there`, {
    found: await sha256(there),
    expected: await sha256(octets),
    hint: 'Another release may hold the same manufacturer image under another header. Fetch this one to a folder of its own: --to DIR',
  });
}
