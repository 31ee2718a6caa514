// Which roles are reached from `targets`, and is each file that they list there?
//
// - A role is verified as a reader verifies it, under every delegation that names it, whatever its expiry.
// - One role is in memory at a time, and at most eight of the files that it lists.

import { encodeCanonical, equalOctets } from '@cfl/client/encoding';
import {
  type Authority,
  type Client,
  covers,
  type DelegatedRole,
  type Document,
  encodeDocument,
  encodeSigned,
  LIMITS,
  metadataFile,
  type Repository,
  type RoleName,
  type SignedPart,
  type Snapshot,
  TARGETS,
  type TargetFile,
  type TargetPath,
  type Targets,
  UnreachableError,
  verifyTargets,
} from '@cfl/client/tuf';
import { BEFORE_EVERY_EXPIRY, isWrong } from './read-roots.ts';
import type { Faults, SeenRole } from './seen.ts';

export interface RolesToRead {
  readonly targets: Document<Targets>;
  readonly snapshot: Snapshot;
  readonly consistent: boolean;
  readonly own: boolean;
  readonly client: Client;
  readonly repository: Repository;
  readonly faults: Faults;
  readonly onFile: (there: number, listed: number) => void;
}

export interface RolesRead {
  readonly roles: readonly SeenRole[];
  readonly files: { readonly listed: number; readonly there: number };
  /** One file of each role, of the first few. */
  readonly samples: readonly { readonly path: TargetPath; readonly file: TargetFile }[];
}

const MOST_SAMPLES = 20;

interface Delegated {
  readonly name: RoleName;
  readonly delegator: RoleName;
  readonly authority: Authority;
  /** What it may list: what each delegation on the way covers. */
  readonly within: readonly Pick<DelegatedRole, 'covers'>[];
}

export function readRoles(all: RolesToRead): Promise<RolesRead> {
  return new Walk(all).run();
}

class Walk {
  readonly #all: RolesToRead;
  readonly #roles: SeenRole[] = [];
  readonly #reachedBy = new Map<RoleName, RoleName>();
  readonly #samples: { readonly path: TargetPath; readonly file: TargetFile }[] = [];
  readonly #waiting: Delegated[] = [];
  #listed = 0;
  #there = 0;

  constructor(all: RolesToRead) {
    this.#all = all;
  }

  async run(): Promise<RolesRead> {
    await this.#visit(TARGETS, this.#all.targets, []);
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      const first = this.#reachedBy.get(next.name);
      const document = await this.#load(next);
      if (first !== undefined) {
        const both = first === next.delegator ? `twice by ${first}` : `by ${first} and by ${next.delegator}`;
        this.#all.faults.note('DIAMOND', next.name, `${next.name} is delegated ${both}`);
        continue;
      }
      this.#reachedBy.set(next.name, next.delegator);
      if (document !== undefined) await this.#visit(next.name, document, next.within);
    }
    return {
      roles: this.#roles,
      files: { listed: this.#listed, there: this.#there },
      samples: this.#samples,
    };
  }

  async #visit(name: RoleName, document: Document<Targets>, within: Delegated['within']): Promise<void> {
    const { version, expires, delegations, targets } = document.signed;
    this.#roles.push({ name, version, expires, delegations });
    noteForm(name, document, this.#all);
    // Pushed in reverse, since the last is taken first
    for (const role of delegations?.roles.toReversed() ?? []) {
      const authority = { role, keys: delegations?.keys ?? new Map() };
      this.#waiting.push({ name: role.name, delegator: name, authority, within: [...within, role] });
    }
    const [first] = targets;
    if (first !== undefined && this.#samples.length < MOST_SAMPLES)
      this.#samples.push({ path: first[0], file: first[1] });
    await eightAtATime(targets, async ([path, file]) => {
      this.#listed++;
      await this.#checkPlace(name, path, within);
      await this.#checkFile(name, path, file, document);
      this.#all.onFile(this.#there, this.#listed);
    });
  }

  async #load({ name, delegator, authority }: Delegated): Promise<Document<Targets> | undefined> {
    const { snapshot, consistent, repository, faults } = this.#all;
    const listed = snapshot.meta.get(name);
    if (listed === undefined) {
      faults.note(
        'ROLE_UNLISTED',
        name,
        `${name} is delegated by ${delegator}, and the snapshot does not list it`,
      );
      return undefined;
    }
    const file = metadataFile(name, consistent ? listed.version : undefined);
    try {
      const octets = await repository.metadata(
        file,
        Math.min(listed.length ?? LIMITS.targets, LIMITS.targets),
      );
      if (octets === undefined) {
        faults.note('ROLE_MISSING', name, `${name}: ${file} is not there`);
        return undefined;
      }
      return (await verifyTargets(octets, name, authority, listed, BEFORE_EVERY_EXPIRY)).document;
    } catch (error) {
      if (!isWrong(error)) throw error;
      faults.note('ROLE_REFUSED', name, `${name}, as ${delegator} delegates it: ${error.message}`);
      return undefined;
    }
  }

  /** A reader looks for a file only where each delegation on the way covers it. */
  async #checkPlace(name: RoleName, path: TargetPath, within: Delegated['within']): Promise<void> {
    for (const role of within) {
      if (await covers(role, path)) continue;
      this.#all.faults.note('TARGET_OUTSIDE', path, `${name} lists ${path}, which is not delegated to it`);
      return;
    }
  }

  async #checkFile(
    name: RoleName,
    path: TargetPath,
    file: TargetFile,
    _document: Document<Targets>,
  ): Promise<void> {
    const { client, faults } = this.#all;
    try {
      await client.read({ path, file });
      this.#there++;
    } catch (error) {
      if (isNoFile(error)) faults.note('FILE_MISSING', path, `${path}, listed by ${name}, is not there`);
      else if (isWrong(error))
        faults.note('FILE_CHANGED', path, `${path}, listed by ${name}: ${error.message}`);
      else throw error;
    }
  }
}

/** Also where the file system has no room for the name, or a folder in its place. */
function isNoFile(error: unknown): boolean {
  if (error instanceof UnreachableError) return error.code === 'MISSING';
  return (
    error instanceof Error && 'code' in error && /^(EISDIR|ENOTDIR|ENAMETOOLONG)$/.test(String(error.code))
  );
}

/** Does what this program understood of a file, written again, make what was signed? */
export function noteForm(
  name: string,
  document: Document<SignedPart>,
  { own, faults }: { readonly own: boolean; readonly faults: Faults },
): void {
  const signed = encodeSigned(document.signed);
  const what = `${name} version ${document.signed.version}`;
  if (!equalOctets(encodeCanonical(signed), document.signedOctets))
    faults.note(
      'NOT_ROUND',
      name,
      `${what} says more than a reader of TUF 1.0.34 understands, or in another way`,
    );
  else if (own && !equalOctets(encodeDocument(signed, document.signatures), document.octets))
    faults.note('NOT_CANONICAL', name, `${what} is not written in canonical form`);
}

/** After one has failed, no further one is begun. */
async function eightAtATime<T>(items: Iterable<T>, act: (item: T) => Promise<void>): Promise<void> {
  const shared = (function* () {
    yield* items;
  })();
  const work = async () => {
    // A loop that throws closes the iterator, and so ends the others
    for (const item of shared) await act(item);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}
