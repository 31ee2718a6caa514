// How does a program use the library? It pins it once, opens a reader, and asks: what is there, what is said of it, give
// me this release. One reader is one session: everything is judged at one moment, and read once.
//
//   const reader = await openReader({ home, onEvent });
//   const verified = await reader.fetch('CPL-000412', { credential });
//   await reader.save(verified, 'firmware');
//   reader.close();
//
// What can be put in instead: the repository (where files come from), the cache (where trusted metadata is kept),
// the clock, and how time passes between two attempts.

import { resolve } from 'node:path';
import type { Credential } from '../access/index.ts';
import type { StateWithReason } from '../firmware/index.ts';
import type { Cache, Repository, Step } from '../tuf/index.ts';
import { memoryCache } from './cache.ts';
import { type Endorsements, readEndorsements } from './endorsements.ts';
import { folder } from './files.ts';
import { Library, type ListedRelease } from './library.ts';
import { resolveRelease } from './names.ts';
import { openLibrary } from './open.ts';
import { openAccess } from './read-access.ts';
import { type Check, readRelease, stateOf, type VerifiedRelease } from './read-release.ts';
import { readStatement, type VerifiedStatement } from './read-statement.ts';
import type { Environment, Transfer } from './repository.ts';
import { type SavedFiles, saveRelease } from './save.ts';
import { openRepository, stoppable, type Wait } from './source.ts';
import { evidenceIn, type VerifiedSaved, verifySaved } from './verify-saved.ts';
import type { WithdrawalMemory } from './withdrawal.ts';

export type ReaderEvent =
  /** A document that has just become trusted. */
  | ({ readonly kind: 'step' } & Step)
  /** Something about a release that holds. */
  | ({ readonly kind: 'check' } & Check)
  /** A download that goes on. */
  | ({ readonly kind: 'transfer' } & Transfer);

export interface ReaderOptions {
  /** The moment at which everything is judged; else the present one. */
  readonly now?: Date;
  /** Ends whatever goes on; the calls then throw the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: ReaderEvent) => void;
  /** How time passes between two attempts. */
  readonly wait?: Wait;
  /** Names the proxies; else the environment of the process. */
  readonly env?: Environment;
}

/** A library that was pinned with `pin`: address, root and memory lie in its folder. */
export interface PinnedReader extends ReaderOptions {
  readonly home: string;
  /** Read instead of the pinned address: the path of a bundle. */
  readonly bundle?: string;
}

/** A library that the program itself knows the root of. */
export interface OwnReader extends ReaderOptions {
  /** Octets of the root that is trusted. */
  readonly root: Uint8Array;
  /** An address, a folder, a bundle, or anything that gives files. */
  readonly repository: string | Repository;
  /** Without one nothing is remembered: a rollback between two sessions is not seen. */
  readonly cache?: Cache;
  readonly withdrawals?: WithdrawalMemory;
}

export interface LibraryState {
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly goodUntil: Date;
}

export interface ReleaseWithState extends ListedRelease {
  readonly derived: StateWithReason;
}

export interface ShownRelease {
  readonly listed: ListedRelease;
  readonly about: VerifiedStatement;
  readonly state: StateWithReason;
  readonly endorsements: Endorsements;
}

export interface FetchOptions {
  readonly credential: Credential;
  /** `read` for an inquiry into a withdrawn release. */
  readonly withdrawn?: 'refuse' | 'read';
}

export async function openReader(options: PinnedReader | OwnReader): Promise<Reader> {
  const { now = new Date(), signal, onEvent, wait = pass, env = process.env } = options;
  const source = {
    wait,
    env,
    ...(signal === undefined ? {} : { signal }),
    onTransfer: (transfer: Transfer) => onEvent?.({ kind: 'transfer', ...transfer }),
  };
  const onStep = (step: Step) => onEvent?.({ kind: 'step', ...step });
  if ('home' in options) {
    const { home, bundle } = options;
    const opened = await openLibrary({
      home,
      now,
      onStep,
      ...source,
      ...(bundle === undefined ? {} : { bundle }),
    });
    return new Reader(opened.library, () => opened.close(), onEvent);
  }
  const { root, repository: given, cache = memoryCache(), withdrawals } = options;
  const repository =
    typeof given === 'string'
      ? openRepository(given, source)
      : stoppable({ ...bound(given), close: () => {} }, signal);
  const memory = withdrawals === undefined ? {} : { withdrawals };
  const library = new Library({ root, repository, cache, now, onStep, ...memory });
  return new Reader(library, () => repository.close(), onEvent);
}

export class Reader {
  /** For what has no short way here. */
  readonly library: Library;
  readonly #close: () => void;
  readonly #onEvent: ((event: ReaderEvent) => void) | undefined;

  constructor(library: Library, close: () => void, onEvent: ((event: ReaderEvent) => void) | undefined) {
    this.library = library;
    this.#close = close;
    this.#onEvent = onEvent;
  }

  /** Once a session, however often it is called; every other call does it first. */
  async refresh(): Promise<LibraryState> {
    const { root, timestamp, snapshot } = await this.library.refresh();
    return {
      root: root.signed.version,
      timestamp: timestamp.signed.version,
      snapshot: snapshot.signed.version,
      goodUntil: timestamp.signed.expires,
    };
  }

  /** Every release with its state. Nothing rests on the rows: `fetch` reads what was signed. */
  async list(): Promise<readonly ReleaseWithState[]> {
    const lists = await Promise.all(
      (await this.library.codes()).map(async (code) => {
        const releases = await this.library.releases(code);
        const states = await this.library.states(code, releases);
        return releases.flatMap((release) => {
          const derived = states.get(release.release);
          return derived === undefined ? [] : [{ ...release, derived }];
        });
      }),
    );
    return lists.flat();
  }

  /** By its own digest, its CPL hash, 8 digits or more of either, or a CPL entry. */
  async show(name: string): Promise<ShownRelease> {
    const listed = await resolveRelease(this.library, name);
    const about = await readStatement(this.library, listed);
    const state = await stateOf(this.library, about, await this.library.withSuccessors(listed));
    return { listed, about, state, endorsements: await readEndorsements(this.library, about) };
  }

  /** Verified from the root to the last header field, and decrypted in memory; nothing is written. */
  async fetch(name: string, { credential, withdrawn = 'refuse' }: FetchOptions): Promise<VerifiedRelease> {
    return readRelease(this.library, await resolveRelease(this.library, name), {
      withdrawn,
      access: () => openAccess(this.library, credential),
      onCheck: (check) => this.#onEvent?.({ kind: 'check', ...check }),
    });
  }

  /** Image, notes and evidence, whole or not at all; names relative to the folder. */
  save(verified: VerifiedRelease, to: string): Promise<SavedFiles> {
    return saveRelease(folder(resolve(to)), this.library, verified);
  }

  close(): void {
    this.#close();
  }
}

/** What `save` wrote, verified again without the library. Throws at the first release that does not hold. */
export async function verifyFolder(path: string, root: Uint8Array): Promise<readonly VerifiedSaved[]> {
  const files = folder(resolve(path));
  const verified: VerifiedSaved[] = [];
  for (const name of await evidenceIn(files, path)) verified.push(await verifySaved(files, name, { root }));
  return verified;
}

function bound(repository: Repository): Repository {
  return {
    metadata: (file, limit) => repository.metadata(file, limit),
    target: (path, digest, limit) => repository.target(path, digest, limit),
  };
}

function pass(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
