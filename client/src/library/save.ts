// How does a verified release lie on the supplier's machine? Three files, under its reference file name; notes
// only where the reader may read them.
//
//   FFF1-0000-01000203-<hash>.zigbee          the image, as published
//   FFF1-0000-01000203-<hash>.notes.md        the release notes
//   FFF1-0000-01000203-<hash>.evidence.json   the signed statement, what was verified, and against which versions
//
// Two releases may share a reference name: it names the manufacturer image, not the header around it. So an
// image that is there is never replaced by another. The image comes last: where it is, the rest is.

import { encodeDate, equalOctets, type Json, parseJson, sha256 } from '../encoding/index.ts';
import { LibraryError } from './errors.ts';
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
  const base = verified.fileName.replace(/\.zigbee$/, '');
  const { notes } = verified;
  const names = {
    image: verified.fileName,
    notes: 'leftOut' in notes ? undefined : `${base}.notes.md`,
    evidence: `${base}.evidence.json`,
  };
  const evidence = await evidenceFile(library, verified);
  await refuseOther(files, names.image, verified.octets);
  if (names.notes !== undefined && !('leftOut' in notes)) await files.replace(names.notes, notes);
  await files.replace(names.evidence, evidence);
  await writeImage(files, names.image, verified.octets);
  return names;
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

async function evidenceFile(
  library: Library,
  { about, state, cpl, checks }: VerifiedRelease,
): Promise<Uint8Array> {
  const { root, timestamp, snapshot, targets } = await library.refresh();
  const { name } = await library.settings();
  const evidence = {
    format: 'cfl/evidence/1',
    release: about.release,
    code: about.code,
    manufacturerImageHash: about.imageHash,
    notesSha256: about.digests.notes,
    library: name,
    verified: encodeDate(library.now),
    state: state.state,
    checks: checks.map(({ what, text, warns }) => ({ result: warns === true ? 'warn' : 'ok', what, text })),
    versions: {
      root: root.signed.version,
      timestamp: timestamp.signed.version,
      snapshot: snapshot.signed.version,
      targets: targets.signed.version,
      [about.image.role]: about.image.document.signed.version,
      cpl: cpl.index?.snapshot ?? null,
    },
    rootSha256: await sha256(root.octets),
    statement: {
      path: about.bundle.path,
      sha256: await sha256(about.bundle.octets),
      party: about.party.id,
      certificate: about.evidence.certificate,
      stamped: encodeDate(about.evidence.stampedAt),
      timeAuthority: about.evidence.authority,
    },
    acceptance: about.acceptance,
    bundle: parseJson(about.bundle.octets) satisfies Json,
  };
  return new TextEncoder().encode(`${JSON.stringify(evidence, undefined, 2)}\n`);
}
