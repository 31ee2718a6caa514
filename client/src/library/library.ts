// What does the library say today? Every signed file that a reader needs, found, verified and parsed.
//
// A session: what was read once is not read again, and everything is judged at one moment.

import type { Sha256 } from '../encoding/index.ts';
import {
  binOf,
  CATALOGUE_INDEX_PATH,
  type CatalogueRelease,
  CPL_INDEX_PATH,
  type CplEntry,
  type CplIndex,
  catalogueIndex,
  catalogueShard,
  catalogueShardPath,
  cplIndex,
  cplShard,
  cplShardPath,
  decisionPath,
  type EntryId,
  type Format,
  FormatError,
  isBinCount,
  LIBRARY_PATH,
  type LibrarySettings,
  librarySettings,
  type ManufacturerCode,
  PARTIES_PATH,
  partyRegister,
  type Register,
  type ReleaseId,
  releaseStates,
  type StatedRelease,
  type StateWithReason,
  WITHDRAWN_PATH,
  type Withdrawal,
  withdrawnFile,
} from '../firmware/index.ts';
import { Client, type ClientOptions, type FoundTarget, parseTargetPath, type Trusted } from '../tuf/index.ts';
import { type Acceptance, acceptanceFile } from './acceptance.ts';
import { LibraryError } from './errors.ts';
import { type WithdrawalMemory, withdrawalFile, withdrawalPath } from './withdrawal.ts';

/** A row of the catalogue, and the manufacturer code that it stands under. */
export interface ListedRelease extends CatalogueRelease {
  readonly code: ManufacturerCode;
}

/** The entries of one manufacturer code in the newest snapshot of the Central Products List. */
export interface CplView {
  /** Undefined where the library has no snapshot yet. */
  readonly index: CplIndex | undefined;
  readonly entries: ReadonlyMap<EntryId, CplEntry>;
}

export interface LibraryOptions extends ClientOptions {
  /** Absent for a look that nothing is to be remembered of. */
  readonly withdrawals?: WithdrawalMemory;
}

export class Library {
  readonly now: Date;
  readonly #client: Client;
  readonly #withdrawals: WithdrawalMemory | undefined;
  readonly #parsed = new Map<string, Promise<unknown>>();
  #remembered: Promise<ReadonlyMap<string, Sha256>> | undefined;
  #repetitions: Promise<ReadonlyMap<ReleaseId, Withdrawal>> | undefined;

  constructor({ withdrawals, ...options }: LibraryOptions) {
    this.now = options.now;
    this.#client = new Client(options);
    this.#withdrawals = withdrawals;
  }

  /** Refused too where a withdrawal that this machine has seen is gone. */
  async refresh(): Promise<Trusted> {
    const trusted = await this.#client.refresh();
    this.#remembered ??= this.#recall();
    await this.#remembered;
    return trusted;
  }

  async find(path: string): Promise<FoundTarget | undefined> {
    await this.refresh();
    return this.#client.find(parseTargetPath(path));
  }

  read(found: FoundTarget): Promise<Uint8Array> {
    return this.#client.read(found);
  }

  settings(): Promise<LibrarySettings> {
    return this.#needed(LIBRARY_PATH, librarySettings);
  }

  register(): Promise<Register> {
    return this.#needed(PARTIES_PATH, partyRegister);
  }

  async cpl(code: ManufacturerCode): Promise<CplView> {
    const index = await this.#listed(CPL_INDEX_PATH, cplIndex);
    const newest = index?.shards.find((shard) => shard.code === code);
    if (newest === undefined) return { index, entries: new Map() };
    const path = cplShardPath(newest.snapshot, code);
    const shard = await this.#needed(path, cplShard);
    if (shard.code !== code || shard.snapshot !== newest.snapshot) {
      throw wrongFormat(path, {
        found: `${shard.code} of snapshot ${shard.snapshot}`,
        expected: `${code} of snapshot ${newest.snapshot}`,
      });
    }
    return { index, entries: new Map(shard.entries.map((entry) => [entry.entry, entry])) };
  }

  /** Every manufacturer code that the newest Central Products List has entries of. */
  async cplCodes(): Promise<readonly ManufacturerCode[]> {
    const index = await this.#listed(CPL_INDEX_PATH, cplIndex);
    return [...new Set(index?.shards.map(({ code }) => code))].sort();
  }

  /** Every manufacturer code that has releases. */
  async codes(): Promise<readonly ManufacturerCode[]> {
    const index = await this.#listed(CATALOGUE_INDEX_PATH, catalogueIndex);
    return [...new Set(index?.shards.map(({ code }) => code))].sort();
  }

  /** The catalogue's rows. Nothing rests on them: who uses a release reads its statement. */
  async releases(code: ManufacturerCode): Promise<readonly ListedRelease[]> {
    const index = await this.#listed(CATALOGUE_INDEX_PATH, catalogueIndex);
    const shards = index?.shards.filter((shard) => shard.code === code) ?? [];
    const lists = await Promise.all(shards.map((shard) => this.#shard(code, shard.shard)));
    return lists.flat();
  }

  /** One row, from the one shard that it can stand in; undefined where it does not. */
  async listed(code: ManufacturerCode, release: ReleaseId): Promise<ListedRelease | undefined> {
    const index = await this.#listed(CATALOGUE_INDEX_PATH, catalogueIndex);
    const shards = index?.shards.filter((shard) => shard.code === code) ?? [];
    if (shards.length === 0) return undefined;
    const number = isBinCount(shards.length) ? binOf(release, shards.length) : -1;
    if (!shards.some(({ shard }) => shard === number))
      throw wrongFormat(CATALOGUE_INDEX_PATH, {
        found: `${shards.length} shards of ${code}`,
        expected: '1, 2, 4 … numbered from 0',
      });
    return (await this.#shard(code, number)).find((row) => row.release === release);
  }

  /** The row of a release and those that supersede it: all of the catalogue that its state is derived from. */
  async withSuccessors({
    code,
    release,
  }: Pick<ListedRelease, 'code' | 'release'>): Promise<readonly ListedRelease[]> {
    const own = await this.listed(code, release);
    const successors = own?.supersededBy.map((one) => this.listed(code, one)) ?? [];
    return [own, ...(await Promise.all(successors))].flatMap((row) => row ?? []);
  }

  /** A release by its full name alone, from the gate's record of it; undefined where the gate has none. */
  async named(release: ReleaseId): Promise<ListedRelease | undefined> {
    const acceptance = await this.#listed(decisionPath(release, 1), acceptanceFile);
    return acceptance && this.listed(acceptance.code, release);
  }

  async allReleases(): Promise<readonly ListedRelease[]> {
    const lists: (readonly ListedRelease[])[] = [];
    for (const code of await this.codes()) lists.push(await this.releases(code));
    return lists.flat();
  }

  /** The states of these releases, all of one manufacturer code. */
  async states(
    code: ManufacturerCode,
    releases: readonly StatedRelease[],
  ): Promise<ReadonlyMap<ReleaseId, StateWithReason>> {
    const { entries } = await this.cpl(code);
    const withdrawals = new Map<ReleaseId, Withdrawal>();
    for (const { release } of releases) {
      const withdrawal = await this.withdrawal(release);
      if (withdrawal !== undefined) withdrawals.set(release, withdrawal);
    }
    return releaseStates({ releases, entries, withdrawals });
  }

  /** As the gate published it; as the registrar repeated it, where the gate's file is not listed. */
  async withdrawal(release: ReleaseId): Promise<Withdrawal | undefined> {
    const path = withdrawalPath(release, 1);
    const file = await this.#listed(path, withdrawalFile);
    if (file !== undefined && file.release !== release)
      throw wrongFormat(path, { found: `the release ${file.release}`, expected: release });
    if (file !== undefined) await this.#remember(path);
    return file ?? (await this.#repeated()).get(release);
  }

  async #repeated(): Promise<ReadonlyMap<ReleaseId, Withdrawal>> {
    this.#repetitions ??= this.#listed(WITHDRAWN_PATH, withdrawnFile).then(
      (file) => new Map(file?.withdrawals.map((one) => [one.release, one])),
    );
    return this.#repetitions;
  }

  /** What was seen before, each still there as it was. */
  async #recall(): Promise<ReadonlyMap<string, Sha256>> {
    const seen = (await this.#withdrawals?.read()) ?? new Map<string, Sha256>();
    for (const [path, expected] of seen) {
      const found = (await this.#client.find(parseTargetPath(path)))?.file.hashes.get('sha256');
      if (found !== expected) throw vanished(path, found, expected);
    }
    return seen;
  }

  async #remember(path: string): Promise<void> {
    const digest = (await this.find(path))?.file.hashes.get('sha256');
    if (this.#withdrawals === undefined || digest === undefined) return;
    if ((await this.#remembered)?.get(path) === digest) return;
    await this.#withdrawals.add(path, digest as Sha256);
  }

  /** The gate's record about one statement of a release. */
  acceptance(release: ReleaseId, number: number): Promise<Acceptance> {
    return this.#needed(decisionPath(release, number), acceptanceFile);
  }

  async #shard(code: ManufacturerCode, number: number): Promise<readonly ListedRelease[]> {
    const path = catalogueShardPath(code, number);
    const shard = await this.#needed(path, catalogueShard);
    if (shard.code !== code)
      throw wrongFormat(path, { found: `releases of ${shard.code}`, expected: `releases of ${code}` });
    return shard.releases.map((release) => ({ ...release, code }));
  }

  async #needed<T>(path: string, format: Format<T>): Promise<T> {
    const value = await this.#listed(path, format);
    if (value !== undefined) return value;
    throw new LibraryError('INCOMPLETE', `Cannot read ${path}: the library does not list it`, {
      hint: 'The library is not whole; tell the operator',
    });
  }

  #listed<T>(path: string, format: Format<T>): Promise<T | undefined> {
    const known = this.#parsed.get(path) as Promise<T | undefined> | undefined;
    if (known !== undefined) return known;
    const started = this.#parse(path, format);
    this.#parsed.set(path, started);
    return started;
  }

  async #parse<T>(path: string, format: Format<T>): Promise<T | undefined> {
    const found = await this.find(path);
    return found === undefined ? undefined : parseSigned(path, await this.read(found), format.parse);
  }
}

function vanished(path: string, found: string | undefined, expected: Sha256): LibraryError {
  const name = path.replace(/^withdrawn\/([0-9a-f]{12})[0-9a-f]*-\d+\.json$/, 'the withdrawal of $1');
  const now = found === undefined ? 'this library no longer lists it' : 'it says something else now';
  return new LibraryError(
    'WITHDRAWAL_VANISHED',
    `Cannot use this library: ${name} was seen before, and ${now}`,
    {
      found: found ?? 'nothing',
      expected,
      hint: 'A withdrawal is never taken back. Do not use this library; tell the operator and the Panel',
    },
  );
}

/** A file that was signed, but is not in its format. */
export function parseSigned<T>(path: string, octets: Uint8Array, parse: (octets: Uint8Array) => T): T {
  try {
    return parse(octets);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw wrongFormat(path, { found: cause.found, expected: cause.expected, at: cause.at, cause });
  }
}

function wrongFormat(
  path: string,
  { at = '', ...detail }: { found: string; expected: string; at?: string; cause?: unknown },
): LibraryError {
  const place = at === '' ? 'it' : at;
  return new LibraryError(
    'WRONG_FORMAT',
    `Cannot read ${path}: ${place} holds ${detail.found}, expected ${detail.expected}`,
    {
      ...detail,
      hint: 'This program may be older than the library: get its newest version. If it stays so, tell the operator',
    },
  );
}
