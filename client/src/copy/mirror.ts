// How does a copy of the library come about that others can read in its place? Verified, with its history, and
// whole at every moment.
//
//   DIR/metadata/, DIR/targets/   as published: what a web server or `cfl init DIR` reads
//   DIR/state/                    how far its history goes, and the newest decision; nobody else reads it
//
// Rules
// - Everything is verified from the pinned root before it is written. What is there is never replaced or removed,
//   but for timestamp.json, which comes last and never goes back.
// - Targets come before the role files that list them, these before their snapshot: killed anywhere, the
//   mirror is what it was, or what it should be.
// - The public chain of decisions must continue the one that is here. A gate that tells another history is
//   refused, and nothing more is written.
// - A file that is there under its published name is not asked for again.

import { equalOctets } from '../encoding/index.ts';
import { digest, either, format, integer, line, literal, object } from '../firmware/fields.ts';
import {
  atMost,
  type ChainHead,
  chainHeadFile,
  type Files,
  HEAD_PATH,
  type Library,
  LibraryError,
  parseSigned,
  verifyChain,
} from '../library/index.ts';
import {
  type Document,
  LIMITS,
  metadataFile,
  parseRoot,
  parseTimestamp,
  type Repository,
  ROOT,
  type Root,
  SNAPSHOT,
  TIMESTAMP,
  type Trusted,
  verifyLengthAndHashes,
  verifyNextRoot,
} from '../tuf/index.ts';
import { pastRole, pastSnapshots } from './history.ts';
import { type PresentState, type PresentTarget, presentState, roleFile, targetsOf } from './present.ts';

export interface MirrorPlace {
  readonly metadata: Files;
  readonly targets: Files;
  readonly state: Files;
}

export interface MirrorOptions {
  /** Verifies what the library is now, with all that its reader remembers. */
  readonly library: Library;
  /** Where the same library's history is read from. */
  readonly repository: Repository;
  readonly place: MirrorPlace;
  readonly onProgress?: (progress: MirrorProgress) => void;
}

export interface MirrorProgress {
  readonly what: 'present' | 'history';
  readonly done: number;
  readonly of: number;
}

export interface MirrorReport {
  readonly snapshot: number;
  readonly timestamp: number;
  readonly goodUntil: Date;
  /** The oldest snapshot that the mirror has; 1 where its history is whole. */
  readonly oldest: number;
  readonly decisions: number;
  /** What this run wrote. */
  readonly files: number;
  readonly octets: number;
}

export const mirrorState = format(
  object({
    format: literal('cfl/mirror-state/1'),
    /** The newest snapshot that is here with all that it lists, and all before it; 0 where some before it are missing. */
    whole: integer(0),
    head: either(
      (value) => value === null,
      () => null,
      object({ sequence: integer(1), path: line, sha256: digest }),
    ),
  }),
);
type MirrorState = ReturnType<typeof mirrorState.parse>;

const STATE_FILE = 'mirror.json';
const START: MirrorState = { format: 'cfl/mirror-state/1', whole: 0, head: null };
/** Files that are fetched and written side by side. */
const AT_ONCE = 8;
const GATE = 'gate';

/** Throws RefusedError, UnreachableError or LibraryError; what is there then is as it was, and whole. */
export async function mirror(options: MirrorOptions): Promise<MirrorReport> {
  return new Mirror(options).run();
}

class Mirror {
  readonly #options: MirrorOptions;
  readonly #bound = atMost(AT_ONCE);
  /** Decisions that were read and are not written yet. */
  readonly #read = new Map<string, Uint8Array>();
  #have: ReadonlySet<string> = new Set();
  #files = 0;
  #octets = 0;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  async run(): Promise<MirrorReport> {
    const { place } = this.#options;
    const before = await this.#state();
    const trusted = await this.#options.library.refresh();
    await this.#expectSameLibrary(trusted);
    this.#have = new Set(await place.targets.list(''));
    const present = await presentState(this.#options.library.client);
    const chain = await this.#chain(present, before);
    await this.#take('present', [...present.targets.values()]);
    const roots = await this.#earlierRoots(trusted.roots);
    const oldest = await this.#history(trusted, roots, before);
    for (const [role, document] of present.roles) await this.#keep(roleFile(role, document), document.octets);
    await this.#keep(metadataFile(SNAPSHOT, trusted.snapshot.signed.version), trusted.snapshot.octets);
    for (const { signed, octets } of roots) await this.#keep(metadataFile(ROOT, signed.version), octets);
    await this.#timestamp(trusted);
    const { version } = trusted.snapshot.signed;
    await place.state.replace(
      STATE_FILE,
      mirrorState.encode({
        ...START,
        whole: oldest === 1 ? version : 0,
        head: chain.head ?? null,
      }),
    );
    return {
      snapshot: version,
      timestamp: trusted.timestamp.signed.version,
      goodUntil: trusted.timestamp.signed.expires,
      oldest,
      decisions: chain.count,
      files: this.#files,
      octets: this.#octets,
    };
  }

  async #state(): Promise<MirrorState> {
    const octets = await this.#options.place.state.read(STATE_FILE);
    return octets === undefined ? START : parseSigned(`state/${STATE_FILE}`, octets, mirrorState.parse);
  }

  /** The chain is walked where something was decided since; else it is the one that was walked before. */
  async #chain(
    { roles, targets }: PresentState,
    { head: known }: MirrorState,
  ): Promise<{ head: ChainHead | undefined; count: number }> {
    const listed = new Set(
      [...roles]
        .filter(([role]) => role === GATE || role.startsWith(`${GATE}-`))
        .flatMap(([, { signed }]) => [...signed.targets.keys()]),
    );
    const decided = new Map(
      [...targets.values()]
        .filter(({ path }) => listed.has(path))
        .map((target) => [target.path as string, target]),
    );
    const read = async (path: string) => {
      const target = decided.get(path);
      return target && this.#targetOctets(target);
    };
    const head = await read(HEAD_PATH);
    if (head === undefined && known !== null) throw noChain(known);
    const newest = head && parseSigned(HEAD_PATH, head, chainHeadFile.parse);
    if (newest !== undefined && newest.sha256 === known?.sha256)
      return { head: known, count: known.sequence };
    const missing = [...decided.values()].filter(
      ({ name }) => !this.#have.has(name) && !this.#read.has(name),
    );
    await Promise.all(
      missing.map((target) =>
        this.#bound(async () => void this.#read.set(target.name, await this.#fetch(target))),
      ),
    );
    const chain = await verifyChain({ listed, read }, known ?? undefined);
    return { head: chain.head, count: chain.decisions.length };
  }

  /** From here where it is here, else from the source: verified, and not written yet. */
  async #targetOctets(target: PresentTarget): Promise<Uint8Array> {
    const { place } = this.#options;
    const kept = this.#have.has(target.name) ? await place.targets.read(target.name) : undefined;
    if (kept !== undefined) return kept;
    const octets = await this.#fetch(target);
    this.#read.set(target.name, octets);
    return octets;
  }

  async #fetch({ path, name, file }: PresentTarget): Promise<Uint8Array> {
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const digest = file.hashes.get('sha256') ?? file.hashes.get('sha512');
    const octets = await this.#options.repository.target(path, digest, Math.min(file.length, LIMITS.file));
    await verifyLengthAndHashes(path, octets, file);
    return octets;
  }

  async #take(what: MirrorProgress['what'], targets: readonly PresentTarget[]): Promise<void> {
    const missing = targets.filter(({ name }) => !this.#have.has(name));
    let done = 0;
    await Promise.all(
      missing.map((target) =>
        this.#bound(async () => {
          const octets = await this.#fetch(target);
          this.#read.delete(target.name);
          if (await this.#options.place.targets.writeNew(target.name, octets)) this.#wrote(octets);
          this.#options.onProgress?.({ what, done: ++done, of: missing.length });
        }),
      ),
    );
    this.#have = new Set([...this.#have, ...missing.map(({ name }) => name)]);
  }

  /** Oldest last, so that a run that was killed finds the rest: the state says how far back it is whole. */
  async #history(
    { snapshot }: Trusted,
    roots: readonly Document<Root>[],
    { whole }: MirrorState,
  ): Promise<number> {
    const past = pastSnapshots(this.#source(), { roots, newest: snapshot, whole });
    let oldest = snapshot.signed.version;
    for await (const { document, roles } of past) {
      const documents = await Promise.all(
        roles.map((role) =>
          this.#bound(async () => [role.file, await pastRole(this.#source(), role)] as const),
        ),
      );
      await this.#take('history', [...targetsOf(documents.map(([, one]) => one)).values()]);
      for (const [file, one] of documents) await this.#keep(file, one.octets);
      oldest = document.signed.version;
      await this.#keep(metadataFile(SNAPSHOT, oldest), document.octets);
    }
    return oldest <= whole + 1 ? 1 : oldest;
  }

  /** The roots before the pinned one too: who pins the first must find it. */
  async #earlierRoots(roots: readonly Document<Root>[]): Promise<readonly Document<Root>[]> {
    const chain = [...roots];
    for (let first = chain[0]; first !== undefined && first.signed.version > 1; first = chain[0]) {
      const file = metadataFile(ROOT, first.signed.version - 1);
      const octets = await this.#source().metadata(file, LIMITS.root);
      if (octets === undefined) break;
      const earlier = await parseRoot(octets, ROOT);
      await verifyNextRoot(first.octets, earlier.signed);
      chain.unshift(earlier);
    }
    return chain;
  }

  /** Last, and never back: another run may have been faster. */
  async #timestamp({ timestamp }: Trusted): Promise<void> {
    const { metadata } = this.#options.place;
    const file = metadataFile(TIMESTAMP);
    const there = await metadata.read(file);
    if (there !== undefined) {
      if (equalOctets(there, timestamp.octets)) return;
      const { signed } = await parseTimestamp(there, TIMESTAMP);
      if (signed.version >= timestamp.signed.version) return;
    }
    await metadata.replace(file, timestamp.octets);
    this.#wrote(timestamp.octets);
  }

  async #keep(file: string, octets: Uint8Array): Promise<void> {
    const { metadata } = this.#options.place;
    const there = await metadata.read(file);
    if (there === undefined && (await metadata.writeNew(file, octets))) {
      this.#wrote(octets);
      return;
    }
    const now = there ?? (await metadata.read(file));
    if (now === undefined || !equalOctets(now, octets)) throw otherMirror(file);
  }

  async #expectSameLibrary({ roots }: Trusted): Promise<void> {
    for (const { signed, octets } of roots) {
      const there = await this.#options.place.metadata.read(metadataFile(ROOT, signed.version));
      if (there !== undefined && !equalOctets(there, octets))
        throw otherMirror(metadataFile(ROOT, signed.version));
    }
  }

  /** What is here under a version's name is taken from here: versions are written once. */
  #source(): Repository {
    const { place, repository } = this.#options;
    return {
      metadata: async (file, limit) => (await place.metadata.read(file)) ?? repository.metadata(file, limit),
      target: (path, digest, limit) => repository.target(path, digest, limit),
    };
  }

  #wrote(octets: Uint8Array): void {
    this.#files++;
    this.#octets += octets.length;
  }
}

function otherMirror(file: string): LibraryError {
  return new LibraryError(
    'OTHER_MIRROR',
    `Cannot write metadata/${file} of this mirror: another file of this name is there`,
    { hint: 'Mirror each library to a folder of its own. If it is the same library, tell the operator' },
  );
}

function noChain({ sequence }: ChainHead): LibraryError {
  return new LibraryError(
    'FORKED_CHAIN',
    `Cannot accept the chain of decisions: there is none, expected ${sequence} decisions or more`,
    {
      found: 0,
      expected: sequence,
      hint: 'The gate has told others another history. Keep what you have; tell the operator and the Panel',
    },
  );
}
