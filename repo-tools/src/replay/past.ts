// The library as it was when something was decided: the very files that the decision names, by their SHA-256.
//
// Two things are not taken from where the gate took them. The list of what was published comes from the decisions
// before, so that a catalogue that lied at the time is found out; and so does the head of the chain. Where one
// release alone is decided again there are no decisions before it, and both are taken as the gate read them.

import { type Sha256, sha256 } from '@cfl/client/encoding';
import { type EndorsementPlace, parseEndorsementPath, type ReleaseId } from '@cfl/client/firmware';
import { type Acceptance, HEAD_PATH } from '@cfl/client/library';
import {
  type Document,
  metadataFile,
  parseTargets,
  type RoleName,
  TARGETS,
  type Targets,
} from '@cfl/client/tuf';
import type { Published } from '../deploy/state.ts';
import type { ReplaySource } from './source.ts';

/** It cannot be decided again: what it rests on is not there. */
export class CannotReplay extends Error {
  override name = 'CannotReplay';
}

/** What the decisions so far have made. */
export interface Derived {
  /** Paths of the catalogue, of decisions and of the head of the chain. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export class PastLibrary implements Published {
  readonly library: string;
  readonly trusted: Published['trusted'];
  /** Paths of the catalogue of which the gate read something else than the decisions make. */
  readonly disputed = new Set<string>();
  readonly #source: ReplaySource;
  readonly #derived: Derived | undefined;
  readonly #digests: ReadonlyMap<string, Sha256 | null>;

  private constructor(
    source: ReplaySource,
    derived: Derived | undefined,
    digests: ReadonlyMap<string, Sha256 | null>,
    targets: Document<Targets>,
  ) {
    this.library = source.published.library;
    this.trusted = { ...source.published.trusted, targets };
    this.#source = source;
    this.#derived = derived;
    this.#digests = digests;
  }

  /** As the decisions about one submission name it together. Throws CannotReplay. */
  static async of(
    decisions: readonly Acceptance[],
    source: ReplaySource,
    derived: Derived | undefined,
  ): Promise<PastLibrary> {
    const byPath = new Map<string, Sha256 | null>();
    for (const { path, sha256: digest } of decisions.flatMap(({ digests }) => digests)) {
      if ((byPath.get(path) ?? digest) !== digest)
        throw new CannotReplay(`the decisions about one submission name two different ${path}`);
      byPath.set(path, digest);
    }
    const targets = await formerRole(TARGETS, byPath, source);
    if (targets === undefined) throw new CannotReplay('it does not say which delegations it rests on');
    return new PastLibrary(source, derived, byPath, targets);
  }

  /** In the version that the decision names. */
  role(name: RoleName): Promise<Document<Targets> | undefined> {
    return formerRole(name, this.#digests, this.#source);
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    if (this.#derived !== undefined && isDerived(path)) return this.#derive(path, this.#derived.files);
    const digest = this.#digests.get(path);
    if (digest === undefined) throw new CannotReplay(`it does not say which ${path} it rests on`);
    if (digest === null) return undefined;
    const octets = await this.#source.target(path, digest);
    if (octets === undefined)
      throw new CannotReplay(`${path} of the SHA-256 ${digest.slice(0, 12)} is not in the library any more`);
    return octets;
  }

  /** Those that were read. */
  endorsementsOf(release: ReleaseId): readonly EndorsementPlace[] {
    const read = [...this.#digests].filter(([, digest]) => digest !== null);
    return read
      .flatMap(([path]) => parseEndorsementPath(path) ?? [])
      .filter((place) => place.release === release);
  }

  async #derive(path: string, files: Derived['files']): Promise<Uint8Array | undefined> {
    const octets = files.get(path);
    const then = this.#digests.get(path);
    const now = octets === undefined ? null : await sha256(octets);
    if (then !== undefined && then !== now) this.disputed.add(path);
    return octets;
  }
}

function isDerived(path: string): boolean {
  return path.startsWith('catalogue/') || path === HEAD_PATH || /^intake\/[0-9a-f]{64}\/decision-/.test(path);
}

async function formerRole(
  name: RoleName,
  digests: ReadonlyMap<string, Sha256 | null>,
  source: ReplaySource,
): Promise<Document<Targets> | undefined> {
  for (const [path, digest] of digests) {
    const [, file = '', version = ''] = /^metadata\/((\d+)\..+)$/.exec(path) ?? [];
    if (digest === null || file === '' || file !== metadataFile(name, Number(version))) continue;
    const octets = await source.metadata(file, digest);
    if (octets === undefined)
      throw new CannotReplay(`${path} of the SHA-256 ${digest.slice(0, 12)} is not in the library any more`);
    return parseTargets(octets, name);
  }
  return undefined;
}
