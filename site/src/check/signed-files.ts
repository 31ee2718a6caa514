// What does the library say about one manufacturer code? Its signed files, found through the client and parsed.

import {
  binOf,
  CATALOGUE_INDEX_PATH,
  CPL_INDEX_PATH,
  type CplEntry,
  catalogueIndex,
  catalogueShard,
  catalogueShardPath,
  cplIndex,
  cplShard,
  cplShardPath,
  decisionPath,
  type EntryId,
  type Format,
  type ManufacturerCode,
  PARTIES_PATH,
  partyRegister,
  type Register,
  type ReleaseId,
  releaseStates,
  type StatedRelease,
  type StateWithReason,
} from '@cfl/client/firmware';
import {
  type Acceptance,
  acceptanceFile,
  type WithdrawalFile,
  withdrawalFile,
  withdrawalPath,
} from '@cfl/client/library/reading';
import { type PathClient, parseTargetPath } from '@cfl/client/tuf';

export class SignedFiles {
  readonly client: PathClient;
  readonly code: ManufacturerCode;
  /** What was read once is not read again. */
  readonly #parsed = new Map<string, unknown>();

  constructor(client: PathClient, code: ManufacturerCode) {
    this.client = client;
    this.code = code;
  }

  find(path: string) {
    return this.client.find(parseTargetPath(path));
  }

  register(): Promise<Register> {
    return this.#needed(PARTIES_PATH, partyRegister);
  }

  acceptance(release: ReleaseId, number: number): Promise<Acceptance> {
    return this.#needed(decisionPath(release, number), acceptanceFile);
  }

  /** The newest Central Products List, as far as it is of this code. */
  async entries(): Promise<ReadonlyMap<EntryId, CplEntry>> {
    const { shards } = await this.#needed(CPL_INDEX_PATH, cplIndex);
    const newest = shards.find((shard) => shard.code === this.code);
    if (newest === undefined) return new Map();
    const { entries } = await this.#needed(cplShardPath(newest.snapshot, this.code), cplShard);
    return new Map(entries.map((entry) => [entry.entry, entry]));
  }

  /** Derived as every reader derives it: from withdrawals, the list, and what supersedes it. */
  async stateOf(stated: StatedRelease, entries: ReadonlyMap<EntryId, CplEntry>): Promise<StateWithReason> {
    const releases = [stated, ...(await this.#successors(stated.release))];
    const withdrawals = new Map<ReleaseId, WithdrawalFile>();
    for (const { release } of releases) {
      const found = await this.#listed(withdrawalPath(release, 1), withdrawalFile);
      if (found !== undefined) withdrawals.set(release, found);
    }
    const state = releaseStates({ releases, entries, withdrawals }).get(stated.release);
    if (state === undefined) throw new TypeError('A release has a state');
    return state;
  }

  /** The catalogue only leads to them: what each of them supersedes, its row says. */
  async #successors(release: ReleaseId): Promise<readonly StatedRelease[]> {
    const own = await this.#row(release);
    const rows = await Promise.all(own?.supersededBy.map((one) => this.#row(one)) ?? []);
    return rows.flatMap((row) => (row === undefined ? [] : { ...row, code: this.code }));
  }

  async #row(release: ReleaseId) {
    const { shards } = await this.#needed(CATALOGUE_INDEX_PATH, catalogueIndex);
    const count = shards.filter(({ code }) => code === this.code).length;
    const path = catalogueShardPath(this.code, binOf(release, Math.max(1, count)));
    const { releases } = await this.#needed(path, catalogueShard);
    return releases.find((row) => row.release === release);
  }

  async #needed<T>(path: string, format: Format<T>): Promise<T> {
    const value = await this.#listed(path, format);
    if (value === undefined) throw new TypeError(`Cannot read ${path}: the library does not list it`);
    return value;
  }

  async #listed<T>(path: string, format: Format<T>): Promise<T | undefined> {
    if (this.#parsed.has(path)) return this.#parsed.get(path) as T;
    const found = await this.find(path);
    const value = found && format.parse(await this.client.read(found));
    this.#parsed.set(path, value);
    return value;
  }
}
