// The library as it will be after what was accepted so far in this run: whoever is decided next sees that.

import { decisionPath } from '@cfl/client/firmware';
import type { Signer } from '@cfl/client/keys';
import {
  type Document,
  parseRoleName,
  parseTargetPath,
  type RoleName,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import { revise } from '../change/plan.ts';
import { signDocument } from '../change/sign.ts';
import type { OnlineSigners, Publication } from '../deploy/publish.ts';
import type { Published } from '../deploy/state.ts';
import { catalogueWith } from './catalogue.ts';
import type { SubmissionDecision } from './decide.ts';
import { encodeHead, HEAD_PATH, readHead, recordDecision } from './decision.ts';
import type { Submission } from './submission.ts';

/** The keys that intake uses. */
export interface IntakeSigners extends OnlineSigners {
  readonly gate: Signer;
  readonly catalogue: Signer;
}

const GATE = parseRoleName('gate');
export const CATALOGUE = parseRoleName('catalogue');

export class PlannedLibrary implements Published {
  readonly library: string;
  readonly trusted: Published['trusted'];
  readonly #under: Published;
  readonly #roles = new Map<RoleName, Document<Targets>>();
  readonly #targets = new Map<TargetPath, Uint8Array>();

  constructor(under: Published) {
    this.#under = under;
    this.library = under.library;
    this.trusted = under.trusted;
  }

  async role(name: RoleName): Promise<Document<Targets> | undefined> {
    return this.#roles.get(name) ?? this.#under.role(name);
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.#targets.get(parseTargetPath(path)) ?? this.#under.read(path);
  }

  get isEmpty(): boolean {
    return this.#roles.size === 0;
  }

  /** Takes up an accepted submission: its files, a decision about each release, its rows of the catalogue. */
  async accept(
    { change, digest }: Submission,
    { releases, cpl, digests }: SubmissionDecision,
    now: Date,
  ): Promise<void> {
    for (const [role, document] of change.metadata) this.#roles.set(role, document as Document<Targets>);
    for (const [path, octets] of change.targets) this.#targets.set(path, octets);
    for (const { submitted, facts, decision } of releases) {
      const { release, number, code } = submitted;
      const recorded = await recordDecision(
        {
          release,
          number,
          code,
          originator: facts.statement.predicate.originator,
          submission: digest,
          role: { name: facts.role.role, version: facts.role.version },
          library: this.trusted.snapshot.signed.version + 1,
          now,
          cpl,
          digests,
          findings: decision.findings,
        },
        await readHead(this),
      );
      const path = decisionPath(release, number);
      if ((await this.read(path)) !== undefined) throw new TypeError(`A decision is never replaced: ${path}`);
      this.#put(path, recorded.octets);
      this.#put(HEAD_PATH, encodeHead(recorded.head));
      for (const [file, octets] of await catalogueWith(facts, this)) this.#put(file, octets);
    }
  }

  /** Everything taken up, with the gate's and the catalogue's next versions signed. */
  async publication({ gate, catalogue }: IntakeSigners, now: Date): Promise<Publication> {
    const roles = new Map(this.#roles);
    roles.set(GATE, await this.#revised(GATE, 'intake/', gate, now));
    roles.set(CATALOGUE, await this.#revised(CATALOGUE, 'catalogue/', catalogue, now));
    return { roles, targets: new Map(this.#targets) };
  }

  async #revised(role: RoleName, prefix: string, signer: Signer, now: Date): Promise<Document<Targets>> {
    const add = new Map([...this.#targets].filter(([path]) => path.startsWith(prefix)));
    return signDocument(role, await revise(role, await this.#under.role(role), { add }, now), signer);
  }

  #put(path: string, octets: Uint8Array): void {
    this.#targets.set(parseTargetPath(path), octets);
  }
}
