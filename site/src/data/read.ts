// What does the library hold? All of it, read once.
//
// The catalogue's rows only say which releases there are. What the pages say about a release is read from the
// statement that its manufacturer signed and the gate's record of it, and its state is derived as every reader
// derives it. Nothing here depends on the clock but the verification: the same library makes the same pages.

import type { CplEntry, CplIndex, ManufacturerCode, Register, ReleaseState } from '@cfl/client/firmware';
import type { Library, ListedRelease } from '@cfl/client/library';
import { onlineKeys, type Step } from '@cfl/client/tuf';
import { modelsOf } from '../check/facts.ts';
import { compare, deviceModels, newestFirst } from './models.ts';
import { type ReadRelease, readOne, withStates } from './read-release.ts';
import { readTrustFacts } from './trust.ts';
import type { Catalogue, Change, Release } from './types.ts';

export interface ReadRequest {
  readonly library: Library;
  /** Of the root that the library was opened with. */
  readonly root: Catalogue['root'];
  /** What the client has said so far and says while this reads. */
  readonly steps: readonly Step[];
  /** Reads the releases on several processors, in the order of the rows; undefined where they are too few. */
  readonly shared?: (rows: readonly ListedRelease[]) => Promise<readonly ReadRelease[]> | undefined;
}

export async function readCatalogue(request: ReadRequest): Promise<Catalogue> {
  const { library, root: pinned, steps } = request;
  const { root, snapshot, timestamp } = await library.refresh();
  const { name, trial } = await library.settings();
  const releases = await readReleases(request);
  const register = await library.register();
  const { index, rows } = await readCpl(library, register);
  const models = deviceModels({ register, releases, rows });
  return {
    name,
    trial,
    version: snapshot.signed.version,
    goodUntil: `${timestamp.signed.expires.toISOString().slice(0, 19)}Z`,
    root: pinned,
    floors: {
      root: root.signed.version,
      timestamp: timestamp.signed.version,
      snapshot: snapshot.signed.version,
      keys: onlineKeys(root.signed),
    },
    cpl: index && { snapshot: index.snapshot, date: index.date.slice(0, 10), entries: index.entries },
    releases,
    models,
    changes: changesOf(releases, index),
    trust: await readTrustFacts(library, register, steps),
    counts: countsOf(releases),
    elsewhere: models.flatMap(({ without }) => without).filter(({ entry }) => entry.status === 'Active')
      .length,
  };
}

async function readReleases({ library, shared }: ReadRequest): Promise<readonly Release[]> {
  const rows = await library.allReleases();
  const read = await (shared?.(rows) ?? readHere(library, rows));
  const releases: Release[] = [];
  for (const [code, own] of Map.groupBy(read, (one) => one.code))
    releases.push(...(await withStates(library, code, own)));
  return releases.sort(inOrder);
}

async function readHere(library: Library, rows: readonly ListedRelease[]): Promise<readonly ReadRelease[]> {
  const read: ReadRelease[] = [];
  for (const row of rows) read.push(await readOne(library, row));
  return read;
}

/** The newest snapshot, by code; a library without parties has none to ask for. */
async function readCpl(library: Library, { parties }: Register) {
  const [code] = parties.flatMap(({ codes }) => codes);
  const { index } = code === undefined ? { index: undefined } : await library.cpl(code);
  const rows = new Map<ManufacturerCode, readonly CplEntry[]>();
  for (const shard of index?.shards ?? [])
    rows.set(shard.code, [...(await library.cpl(shard.code)).entries.values()]);
  return { index, rows };
}

function changesOf(releases: readonly Release[], cpl: CplIndex | undefined): readonly Change[] {
  const changes: Change[] = releases.flatMap((release): Change[] => [
    ...release.accepted.map(
      (date, i): Change => ({ kind: i === 0 ? 'published' : 'restated', date, release }),
    ),
    ...(release.withdrawal === undefined
      ? []
      : [{ kind: 'withdrawn', date: release.withdrawal.date, release } as const]),
  ]);
  if (cpl !== undefined)
    changes.push({ kind: 'list', date: cpl.date, snapshot: cpl.snapshot, entries: cpl.entries });
  const name = (change: Change) => (change.kind === 'list' ? '' : change.release.release);
  return changes.sort((a, b) => compare(b.date, a.date) || compare(name(a), name(b)));
}

function countsOf(releases: readonly Release[]): Catalogue['counts'] {
  const count = (wanted: ReleaseState) => releases.filter(({ state }) => state.state === wanted).length;
  return {
    current: count('current'),
    superseded: count('superseded'),
    suspended: count('suspended'),
    withdrawn: count('withdrawn'),
  };
}

/** By manufacturer, device and model; then the newest first. */
function inOrder(a: Release, b: Release): number {
  const key = ({ manufacturer, code, statement }: Release) =>
    `${manufacturer}\n${code}\n${statement.predicate.deviceType}\n${modelsOf(statement).join()}`;
  return compare(key(a), key(b)) || newestFirst(a, b);
}
