// What does the page show? Everything here has passed the client's verification, or the build has failed.
//
// The catalogue's rows only say which releases there are. What stands in the table about a release is read
// from the statement that its manufacturer signed and the gate's record of it, and its state is derived as
// every reader derives it.
// Nothing here depends on the clock but the verification: the same library makes the same page.

import type {
  CplIndex,
  ManufacturerCode,
  ReleaseId,
  ReleaseState,
  Statement,
  StateWithReason,
} from '@cfl/client/firmware';
import { type Library, readStatement, type VerifiedStatement } from '@cfl/client/library';

export interface ListedFirmware {
  /** SHA-256 of the whole image: the release's name. */
  readonly release: ReleaseId;
  readonly manufacturer: string;
  readonly code: ManufacturerCode;
  readonly deviceType: string;
  readonly models: readonly string[];
  /** Lowest and highest hardware version that the image takes. */
  readonly hardware: readonly [string, string];
  readonly firmwareVersion: string;
  readonly class: Statement['predicate']['class'];
  readonly state: StateWithReason;
  /** `2026-11-18T10:05:40Z` */
  readonly published: string;
  readonly imageHash: string;
}

export interface Catalogue {
  readonly name: string;
  readonly trial: boolean;
  /** Of the snapshot: it grows with each publication. */
  readonly version: number;
  /** `2026-11-23T09:00:00Z` */
  readonly goodUntil: string;
  readonly cpl: { readonly snapshot: number; readonly date: string; readonly entries: number } | undefined;
  /** Active CPL entries that no release here claims. */
  readonly elsewhere: number;
  readonly releases: readonly ListedFirmware[];
  readonly counts: Readonly<Record<ReleaseState, number>>;
}

export async function readCatalogue(library: Library): Promise<Catalogue> {
  const { snapshot, timestamp } = await library.refresh();
  const { name, trial } = await library.settings();
  const releases: ListedFirmware[] = [];
  const claimed = new Set<string>();
  for (const code of await library.codes()) {
    const about = await readStatements(library, code);
    for (const { statement } of about.values())
      for (const { entry } of statement.predicate.claims) claimed.add(entry);
    releases.push(...(await listed(library, code, about)));
  }
  const { index, active } = await readCpl(library);
  return {
    name,
    trial,
    version: snapshot.signed.version,
    goodUntil: `${timestamp.signed.expires.toISOString().slice(0, 19)}Z`,
    cpl: index && { snapshot: index.snapshot, date: index.date.slice(0, 10), entries: index.entries },
    elsewhere: active.filter((entry) => !claimed.has(entry)).length,
    releases: releases.sort(inOrder),
    counts: countsOf(releases),
  };
}

interface Stated extends VerifiedStatement {
  /** When the first statement about it was accepted. */
  readonly published: string;
}

async function readStatements(
  library: Library,
  code: ManufacturerCode,
): Promise<ReadonlyMap<ReleaseId, Stated>> {
  const statements = new Map<ReleaseId, Stated>();
  for (const row of await library.releases(code)) {
    const about = await readStatement(library, row);
    const { decided } = await library.acceptance(row.release, 1);
    statements.set(row.release, { ...about, published: decided });
  }
  return statements;
}

async function listed(
  library: Library,
  code: ManufacturerCode,
  about: ReadonlyMap<ReleaseId, Stated>,
): Promise<ListedFirmware[]> {
  const stated = [...about.values()].map(({ release, imageHash, statement }) => ({
    release,
    code,
    imageHash,
    supersedes: statement.predicate.supersedes,
    entries: statement.predicate.claims.map(({ entry }) => entry),
  }));
  const states = await library.states(code, stated);
  return [...about.values()].flatMap((one) => {
    const state = states.get(one.release);
    return state === undefined ? [] : [firmwareOf(one, state)];
  });
}

function firmwareOf(
  { release, code, party, statement, imageHash, published }: Stated,
  state: StateWithReason,
) {
  const { deviceType, header, claims, class: kind } = statement.predicate;
  const firmware: ListedFirmware = {
    release,
    manufacturer: party.name,
    code,
    deviceType,
    models: [...new Set(claims.map(({ model }) => model))],
    hardware: [hex(header.minHardwareVersion, 4), hex(header.maxHardwareVersion, 4)],
    firmwareVersion: hex(header.fileVersion, 8),
    class: kind,
    state,
    published,
    imageHash,
  };
  return firmware;
}

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, '0');
}

/** The newest snapshot, and the entries of it that are Active; a library without parties has none to ask for. */
async function readCpl(
  library: Library,
): Promise<{ index: CplIndex | undefined; active: readonly string[] }> {
  const { parties } = await library.register();
  const [code] = parties.flatMap(({ codes }) => codes);
  const { index } = code === undefined ? { index: undefined } : await library.cpl(code);
  const active: string[] = [];
  for (const shard of index?.shards ?? []) {
    const { entries } = await library.cpl(shard.code);
    for (const { entry, status } of entries.values()) if (status === 'Active') active.push(entry);
  }
  return { index, active };
}

function countsOf(releases: readonly ListedFirmware[]): Catalogue['counts'] {
  const count = (wanted: ReleaseState) => releases.filter(({ state }) => state.state === wanted).length;
  return {
    current: count('current'),
    superseded: count('superseded'),
    suspended: count('suspended'),
    withdrawn: count('withdrawn'),
  };
}

/** By manufacturer, device and model; then the newest first, by date: firmware versions have no order. A
 *  successor that was published in the same second stands above. */
function inOrder(a: ListedFirmware, b: ListedFirmware): number {
  const key = ({ manufacturer, code, deviceType, models }: ListedFirmware) =>
    `${manufacturer}\n${code}\n${deviceType}\n${models.join()}`;
  return (
    compare(key(a), key(b)) ||
    compare(b.published, a.published) ||
    a.state.by.length - b.state.by.length ||
    compare(a.release, b.release)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
