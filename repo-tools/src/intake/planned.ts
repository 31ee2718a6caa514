// The library as it will be after what was accepted so far in this run: whoever is decided next sees that.

import { type Sha256, sha256 } from '@cfl/client/encoding';
import { decisionPath, type ReleaseId } from '@cfl/client/firmware';
import type { Signer } from '@cfl/client/keys';
import { type Acceptance, HEAD_PATH } from '@cfl/client/library';
import {
  type Document,
  metadataFile,
  parseRoleName,
  parseTargetPath,
  type RoleName,
  TARGETS,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import { authorityOf } from '../change/bins.ts';
import { signDocument } from '../change/sign.ts';
import { reviseFamily } from '../change/split.ts';
import type { GatewaySigners, Publication } from '../deploy/publish.ts';
import type { Published } from '../deploy/state.ts';
import { catalogueWith } from './catalogue.ts';
import type { SubmissionDecision } from './decide.ts';
import { encodeHead, readHead, recordDecision } from './decision.ts';
import type { Submission } from './submission.ts';

export const GATE = parseRoleName('gate');
export const CATALOGUE = parseRoleName('catalogue');

/** What stands beside the rules in the record of an acceptance. */
export interface AcceptedBy {
  readonly now: Date;
  /** Of the newest record of the audit log. */
  readonly audit: Sha256 | null;
  /** When the submission first came. */
  readonly received: Date;
  readonly released: Acceptance['released'];
}

export class PlannedLibrary implements Published {
  readonly library: string;
  readonly trusted: Published['trusted'];
  readonly #under: Published;
  readonly #roles = new Map<RoleName, Document<Targets>>();
  readonly #targets = new Map<TargetPath, Uint8Array>();
  /** What was read since the last decision began, by path. */
  readonly #read = new Map<string, Sha256 | null>();
  readonly #kept = new Map<string, Uint8Array>();
  #offered: ReadonlyMap<string, Uint8Array> = new Map();

  constructor(under: Published) {
    this.#under = under;
    this.library = under.library;
    this.trusted = under.trusted;
  }

  async role(name: RoleName): Promise<Document<Targets> | undefined> {
    const document = this.#roles.get(name) ?? (await this.#under.role(name));
    if (document !== undefined) await this.#note(name, document);
    return document;
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    const octets =
      this.#targets.get(parseTargetPath(path)) ?? this.#offered.get(path) ?? (await this.#published(path));
    if (!this.#read.has(path)) this.#read.set(path, octets === undefined ? null : await sha256(octets));
    return octets;
  }

  /** What every decision reads again is kept, and none of the images. */
  async #published(path: string): Promise<Uint8Array | undefined> {
    const kept = this.#kept.get(path);
    if (kept !== undefined) return kept;
    const octets = await this.#under.read(path);
    if (octets !== undefined && !path.startsWith('firmware/')) this.#kept.set(path, octets);
    return octets;
  }

  get isEmpty(): boolean {
    return this.#roles.size === 0 && this.#targets.size === 0;
  }

  /** Whether this run brings a new version of the role already. */
  brings(role: RoleName): boolean {
    return this.#roles.has(role);
  }

  /**
   * From here on, what is read is what the next decision rests on. Offered files are read as if they were
   * published: they will be, with the release that they are about.
   */
  async beginDecision(offered: ReadonlyMap<string, Uint8Array> = new Map()): Promise<void> {
    this.#read.clear();
    this.#offered = offered;
    await this.#note(TARGETS, this.trusted.targets);
  }

  /** Takes up an accepted submission: its files, a decision about each release, its rows of the catalogue. */
  async accept(
    { change, digest }: Submission,
    { releases, cpl }: SubmissionDecision,
    { now, audit, received, released }: AcceptedBy,
  ): Promise<void> {
    const digests = this.#readFor(releases.map(({ submitted }) => submitted.release));
    for (const [role, document] of change.metadata) this.#roles.set(role, document as Document<Targets>);
    for (const [path, octets] of change.targets) this.#targets.set(path, octets);
    const roles = [...change.metadata].map(([name, { signed }]) => ({ name, version: signed.version }));
    for (const { submitted, facts, decision } of releases) {
      const { release, number, code } = submitted;
      const recorded = await recordDecision(
        {
          release,
          number,
          code,
          originator: facts.statement.predicate.originator,
          submission: digest,
          roles,
          library: this.trusted.snapshot.signed.version + 1,
          now,
          received,
          cpl,
          digests: digests(release),
          released,
          audit,
          findings: decision.findings,
        },
        await readHead(this),
      );
      await this.#putNew(decisionPath(release, number), recorded.octets);
      this.#put(HEAD_PATH, encodeHead(recorded.head));
    }
    const accepted = releases.map(({ facts }) => facts);
    for (const [file, octets] of await catalogueWith(accepted, this)) this.#put(file, octets);
  }

  /** Takes up an endorsement. */
  async endorse(path: string, octets: Uint8Array): Promise<void> {
    await this.#putNew(path, octets);
  }

  /** What was read for one of these releases: not what was read for the others alone. */
  #readFor(releases: readonly ReleaseId[]): (release: ReleaseId) => Acceptance['digests'] {
    const all = [...this.#read].map(([path, found]) => ({ path, sha256: found }));
    all.sort((a, b) => (a.path < b.path ? -1 : 1));
    const together = new Set<string>(releases);
    const of = all.map(({ path }) => path.split('/').find((part) => together.has(part)));
    return (release) => all.filter((_, i) => of[i] === undefined || of[i] === release);
  }

  /** Takes up the files of a withdrawal. */
  async withdraw(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    for (const [path, octets] of files) await this.#putNew(path, octets);
  }

  /** Everything taken up, with the gate's and the catalogue's next versions signed. */
  async publication({ gate, catalogue }: GatewaySigners, now: Date): Promise<Publication> {
    const roles = new Map(this.#roles);
    const decided = this.#below('intake/', 'withdrawn/');
    for (const [role, document] of await this.#revised(GATE, decided, gate, now)) roles.set(role, document);
    const listed = this.#below('catalogue/');
    // A withdrawal alone leaves it as it is
    if (listed.size > 0)
      for (const [role, document] of await this.#revised(CATALOGUE, listed, catalogue, now))
        roles.set(role, document);
    return { roles, targets: new Map(this.#targets) };
  }

  #below(...folders: readonly string[]): ReadonlyMap<TargetPath, Uint8Array> {
    return new Map([...this.#targets].filter(([path]) => folders.some((folder) => path.startsWith(folder))));
  }

  async #revised(
    family: RoleName,
    add: ReadonlyMap<TargetPath, Uint8Array>,
    signer: Signer,
    now: Date,
  ): Promise<ReadonlyMap<RoleName, Document<Targets>>> {
    const authority = authorityOf(this.trusted.targets.signed.delegations, family);
    if (authority === undefined) throw new TypeError(`A library delegates to ${family}`);
    const revised = new Map(await reviseFamily(this.#under, { family, authority, add }, now));
    for (const [role, document] of revised) revised.set(role, await signDocument(role, document, signer));
    return revised;
  }

  async #note(role: RoleName, { octets, signed }: Document<Targets>): Promise<void> {
    const file = `metadata/${metadataFile(role, signed.version)}`;
    if (!this.#read.has(file)) this.#read.set(file, await sha256(octets));
  }

  async #putNew(path: string, octets: Uint8Array): Promise<void> {
    if ((await this.#under.read(path)) !== undefined || this.#targets.has(parseTargetPath(path)))
      throw new TypeError(`A file of the gate is never replaced: ${path}`);
    this.#put(path, octets);
  }

  #put(path: string, octets: Uint8Array): void {
    this.#targets.set(parseTargetPath(path), octets);
  }
}
