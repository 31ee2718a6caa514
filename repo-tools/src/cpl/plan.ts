// What does the next version of the role cpl say, given the published library and the Panel's new list?
//
// Rules
// - A snapshot has the number after the present one and a later date; an older list never follows.
// - A list with the same rows and a later date is imported all the same: it says that they still hold.
// - Only the shards whose rows changed are written, in the order of entry ids, so that a list sorted
//   differently is the same list. `cpl/index.json` is written each time.
// - Nothing that was listed leaves the role: a decision of the past is made again from the snapshot it names.
// - A single row may be amended between two lists: a snapshot more, of the same date, for it says nothing
//   about the other rows.

import { sha256 } from '@cfl/client/encoding';
import {
  CPL_INDEX_PATH,
  type CplEntry,
  type CplIndex,
  type CplShard,
  cplIndex,
  cplShard,
  cplShardPath,
  type ManufacturerCode,
} from '@cfl/client/firmware';
import { type Document, parseRoleName, parseTargetPath, type Targets } from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { revise } from '../change/plan.ts';
import type { Published } from '../deploy/state.ts';
import { type Consequences, consequencesInWords, consequencesOf } from './consequences.ts';
import { type CplDifference, countsInWords, differenceOf, someOf } from './difference.ts';
import { type PresentCpl, readPresentCpl } from './present.ts';

export interface CplSource {
  /** The Panel's file: its name without folders, and its octets. */
  readonly name: string;
  readonly octets: Uint8Array;
  /** Of the Panel's snapshot, `2026-11-18`. */
  readonly date: string;
}

export interface CplSummary extends CplDifference, Consequences {
  readonly snapshot: number;
  readonly rows: number;
  /** Codes whose shards are written. */
  readonly written: readonly ManufacturerCode[];
}

export interface CplImportPlan {
  readonly change: Change;
  readonly summary: CplSummary;
}

const CPL = parseRoleName('cpl');

/** Reads what is published, writes nothing. Throws ChangeError. */
export async function planCplImport(
  published: Published,
  entries: readonly CplEntry[],
  source: CplSource,
  now: Date,
): Promise<CplImportPlan> {
  const present = await presentUpon(published, source.name);
  refuseDate(source, present.cpl.index, now);
  return planSnapshot(present, entries, { published, source, now });
}

export interface CplAmendment {
  /** What it rests upon: a name for the index, and the octets of the communication. */
  readonly source: Pick<CplSource, 'name' | 'octets'>;
  /** Of `CPL snapshot 3: …`. */
  readonly title: string;
  /** Before those that say what becomes different. */
  readonly words: readonly string[];
  /** Other files of the role, by target path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The present list with these entries as given, where any is; every other row stays. Throws ChangeError. */
export async function planCplAmendment(
  published: Published,
  entries: readonly CplEntry[],
  { source, title, words, files }: CplAmendment,
  now: Date,
): Promise<CplImportPlan> {
  const present = await presentUpon(published, source.name);
  const { index } = present.cpl;
  if (index === undefined)
    throw refused(source.name, 'the library has no CPL yet', 'Begin with: cfl-repo cpl import');
  const all = new Map(present.cpl.entries);
  for (const entry of entries) all.set(entry.entry, entry);
  const plan = await planSnapshot(present, [...all.values()], {
    published,
    source: { ...source, date: index.date.slice(0, 10) },
    now,
    files,
  });
  const change = {
    ...plan.change,
    title: `CPL snapshot ${plan.summary.snapshot}: ${title}`,
    words: [...words, ...plan.change.words],
  };
  return { ...plan, change };
}

interface Upon {
  readonly role: Document<Targets>;
  readonly cpl: PresentCpl;
}

async function presentUpon(published: Published, name: string): Promise<Upon> {
  const role = await published.role(CPL);
  if (role === undefined)
    throw refused(name, 'nothing delegates to the role cpl', 'Begin with: cfl-repo init');
  return { role, cpl: await readPresentCpl(published) };
}

interface Planning {
  readonly published: Published;
  readonly source: CplSource;
  readonly now: Date;
  readonly files?: ReadonlyMap<string, Uint8Array>;
}

async function planSnapshot(
  { role, cpl: present }: Upon,
  entries: readonly CplEntry[],
  { published, source, now, files }: Planning,
): Promise<CplImportPlan> {
  const snapshot = (present.index?.snapshot ?? 0) + 1;
  const shards = shardsOf(entries, snapshot);
  const written = shards.filter((shard) => !sameRows(shard, present.shards.get(shard.code)));
  const after = new Map(shards.flatMap((shard) => shard.entries.map((entry) => [entry.entry, entry])));
  const summary: CplSummary = {
    snapshot,
    rows: entries.length,
    written: written.map(({ code }) => code),
    ...differenceOf(present.entries, after),
    ...(await consequencesOf(published, present, shards)),
  };
  const index = indexOf(shards, { present, written, snapshot, source, sha256: await sha256(source.octets) });
  const targets = new Map<string, Uint8Array>(
    written.map((shard) => [cplShardPath(snapshot, shard.code), cplShard.encode(shard)]),
  );
  targets.set(CPL_INDEX_PATH, cplIndex.encode(index));
  for (const [path, octets] of files ?? []) targets.set(path, octets);
  const change: Change = {
    title: `CPL snapshot ${snapshot} of ${source.date}`,
    words: wordsOf(summary),
    created: now,
    library: published.library,
    upon: new Map([[CPL, role.signed.version]]),
    metadata: new Map([[CPL, await revise(CPL, role, { add: targets }, now)]]),
    targets: new Map([...targets].map(([path, octets]) => [parseTargetPath(path), octets])),
  };
  return { change, summary };
}

/** Great Britain is at most an hour ahead of UTC. */
const HOUR = 3_600_000;

function refuseDate({ name, date }: CplSource, present: CplIndex | undefined, now: Date): void {
  if (Date.parse(`${date}T00:00:00Z`) > now.getTime() + HOUR) {
    throw refused(
      name,
      `its date ${date} is still to come`,
      "Give the date of the Panel's snapshot: --date YYYY-MM-DD",
    );
  }
  const newest = present?.date.slice(0, 10);
  if (present === undefined || newest === undefined || date > newest) return;
  throw refused(
    name,
    `it is of ${date}, and snapshot ${present.snapshot} is of ${newest}`,
    "Import the Panel's newest list; the list never goes back. If the date is wrong: --date YYYY-MM-DD",
  );
}

function shardsOf(entries: readonly CplEntry[], snapshot: number): CplShard[] {
  const byCode = Map.groupBy(entries, ({ manufacturerId }) => manufacturerId);
  const codes = [...byCode.keys()].sort();
  return codes.map((code) => {
    const sorted = [...(byCode.get(code) ?? [])].sort((a, b) => (a.entry < b.entry ? -1 : 1));
    // Written and read again, so that entries compare as they will be found
    return cplShard.parse(cplShard.encode({ format: 'cfl/cpl-shard/1', snapshot, code, entries: sorted }));
  });
}

function sameRows(shard: CplShard, present: CplShard | undefined): boolean {
  return JSON.stringify(shard.entries) === JSON.stringify(present?.entries);
}

interface IndexFacts {
  readonly present: PresentCpl;
  readonly written: readonly CplShard[];
  readonly snapshot: number;
  readonly source: CplSource;
  readonly sha256: CplIndex['source']['sha256'];
}

function indexOf(shards: readonly CplShard[], facts: IndexFacts): CplIndex {
  const { present, written, snapshot, source, sha256 } = facts;
  return {
    format: 'cfl/cpl-index/1',
    snapshot,
    date: `${source.date}T00:00:00Z`,
    source: { name: source.name, sha256 },
    entries: shards.reduce((sum, { entries }) => sum + entries.length, 0),
    shards: shards.map((shard) => ({
      code: shard.code,
      snapshot: written.includes(shard) ? snapshot : (present.shards.get(shard.code)?.snapshot ?? snapshot),
      entries: shard.entries.length,
    })),
  };
}

function wordsOf(summary: CplSummary): string[] {
  const details = someOf(summary.details, 20).map((line) => `  ${line}`);
  return [countsInWords(summary), ...details, ...consequencesInWords(summary)];
}

function refused(name: string, reason: string, hint: string): ChangeError {
  return new ChangeError('BAD_INPUT', `Cannot import ${JSON.stringify(name)}: ${reason}`, hint);
}
