// What was the library before? Its earlier snapshots, newest first, and what each of them listed: a mirror keeps all
// of it, so that an auditor can decide again about what was decided then.
//
// Rules
// - A snapshot of the past is signed by the snapshot keys of one of the roots up to the newest. That it has
//   expired is its nature.
// - Going back, no role gets a higher version, and none appears that a later snapshot does not list.
// - A role file of the past has the version, the length and the SHA-256 that its snapshot lists. Its
//   signatures were checked when it was accepted: the snapshot is the acceptance.
// - The past ends at version 1, at a version that the mirror has whole, or where the source has nothing older.

import {
  type Document,
  LIMITS,
  type MetaFile,
  metadataFile,
  parseSnapshot,
  parseTargets,
  RefusedError,
  type Repository,
  type RoleName,
  type Root,
  SNAPSHOT,
  type Snapshot,
  type Targets,
  UnreachableError,
  verifyLengthAndHashes,
  verifyThreshold,
} from '../tuf/index.ts';

export interface PastSnapshot {
  readonly document: Document<Snapshot>;
  /** The role files that it lists and no later one. */
  readonly roles: readonly { readonly name: RoleName; readonly file: string; readonly listed: MetaFile }[];
}

export interface PastOptions {
  readonly roots: readonly Document<Root>[];
  readonly newest: Document<Snapshot>;
  /** The version that the mirror has whole; 0 for none. */
  readonly whole: number;
}

/** Newest first, without the present one. */
export async function* pastSnapshots(
  repository: Repository,
  { roots, newest, whole }: PastOptions,
): AsyncGenerator<PastSnapshot> {
  const seen = new Set(rolesOf(newest.signed).map(({ file }) => file));
  let later = newest.signed;
  for (let version = later.version - 1; version > whole; version--) {
    const octets = await repository.metadata(metadataFile(SNAPSHOT, version), LIMITS.snapshot);
    if (octets === undefined) return;
    const document = await parseSnapshot(octets, SNAPSHOT);
    await verifySigned(document, roots);
    refuseBackwards(document.signed, later, version);
    const roles = rolesOf(document.signed).filter(({ file }) => !seen.has(file));
    for (const { file } of roles) seen.add(file);
    yield { document, roles };
    later = document.signed;
  }
}

/** Of the listed version, length and SHA-256. */
export async function pastRole(
  repository: Repository,
  { name, file, listed }: PastSnapshot['roles'][number],
): Promise<Document<Targets>> {
  const octets = await repository.metadata(file, listed.length ?? LIMITS.targets);
  if (octets === undefined) {
    throw new UnreachableError(
      'MISSING',
      `Cannot get ${file}: an earlier snapshot lists it, and it is not there`,
      {
        hint: 'The source is not whole. Try another copy, and tell the operator',
      },
    );
  }
  await verifyLengthAndHashes(file, octets, listed);
  if (!listed.hashes.has('sha256')) {
    throw new RefusedError('WRONG_HASH', `Cannot accept ${file}: its snapshot lists no SHA-256`, {
      role: name,
      hint: 'Tell the operator',
    });
  }
  return parseTargets(octets, name);
}

function rolesOf({ meta }: Snapshot) {
  return [...meta].map(([name, listed]) => ({ name, listed, file: metadataFile(name, listed.version) }));
}

async function verifySigned(document: Document<Snapshot>, roots: readonly Document<Root>[]): Promise<void> {
  let refusal: unknown;
  for (const { signed } of roots.toReversed()) {
    try {
      const what = `snapshot version ${document.signed.version}`;
      await verifyThreshold(document, signed.roles.snapshot, signed.keys, what);
      return;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

function refuseBackwards(earlier: Snapshot, later: Snapshot, version: number): void {
  const reason =
    earlier.version !== version
      ? `it says that it is version ${earlier.version}`
      : [...earlier.meta].flatMap(([role, listed]) => {
          const after = later.meta.get(role);
          if (after === undefined) return `${role} vanished after it`;
          return after.version < listed.version
            ? `${role} fell from ${listed.version} to ${after.version}`
            : [];
        })[0];
  if (reason === undefined) return;
  throw new RefusedError('ROLLBACK', `Cannot accept the history at snapshot version ${version}: ${reason}`, {
    role: SNAPSHOT,
    hint: 'The history of this library was changed. Keep what you have; tell the operator and the Panel',
  });
}
