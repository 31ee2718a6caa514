// What does a program get? The same facts as JSON beside each page, all releases in one file, and as CSV.
//
// They are conveniences: unsigned, and marked so. Who relies on something reads the signed files.

import type { Catalogue, Change, DeviceModel, Release } from './data/types.ts';
import { modelPath, releasePath } from './paths.ts';
import { factsOfRelease } from './words.ts';

export const NOTE =
  "Unsigned, for convenience. What is signed is the library's TUF metadata; cfl reads and checks that";

export interface Source {
  readonly library: string | null;
  readonly version: number;
  readonly rootSha256: string;
  readonly note: string;
}

export function sourceOf(catalogue: Catalogue, address: string | undefined): Source {
  return {
    library: address ?? null,
    version: catalogue.version,
    rootSha256: catalogue.root.sha256,
    note: NOTE,
  };
}

/** A line of a list. */
export function summaryOf(one: Release) {
  const { deviceType, header, claims, class: kind, upgradesFrom, supersedes } = one.statement.predicate;
  return {
    release: one.release,
    page: `/${releasePath(one)}`,
    manufacturer: one.manufacturer,
    code: one.code,
    deviceType,
    imageHash: one.imageHash,
    class: kind,
    state: one.state.state,
    reason: one.state.reason,
    supersededBy: one.state.by,
    published: one.accepted[0] ?? '',
    hardware: [hex4(header.minHardwareVersion), hex4(header.maxHardwareVersion)],
    upgradesFrom,
    supersedes,
    entries: claims.map((claim) => {
      const row = one.rows.get(claim.entry);
      return {
        ...claim,
        status: row?.status ?? null,
        smetsVersion: row?.smetsVersion ?? null,
        gbcsVersion: row?.gbcsVersion ?? null,
      };
    }),
  };
}

function hex4(number: number): string {
  return number.toString(16).toUpperCase().padStart(4, '0');
}

export function releaseTwin(one: Release, source: Source) {
  const { digests: _, ...acceptance } = one.acceptance;
  return {
    format: 'cfl/site-release/1',
    source,
    ...summaryOf(one),
    statement: one.statement,
    signed: one.signed,
    endorsed: one.endorsers,
    acceptance,
    withdrawal: one.withdrawal ?? null,
    files: one.files,
    shown: Object.fromEntries(factsOfRelease(one)),
  };
}

export function listTwin(releases: readonly Release[], source: Source) {
  return { format: 'cfl/site-list/1', source, releases: releases.map(summaryOf) };
}

export function modelTwin(model: DeviceModel, source: Source) {
  const { code, manufacturer, deviceTypes, contacts } = model;
  return {
    format: 'cfl/site-model/1',
    source,
    page: `/${modelPath(model)}`,
    code,
    model: model.model,
    manufacturer: manufacturer ?? null,
    deviceTypes,
    contacts,
    releases: model.releases.map(summaryOf),
    withoutRelease: model.without.map(({ entry, why }) => ({
      entry: entry.entry,
      hardwareVersion: entry.hardwareVersion,
      firmwareVersion: entry.firmwareVersion,
      status: entry.status,
      why,
    })),
  };
}

export function changesTwin(changes: readonly Change[], source: Source) {
  return {
    format: 'cfl/site-changes/1',
    source,
    changes: changes.map((change) =>
      change.kind === 'list'
        ? { kind: change.kind, date: change.date, snapshot: change.snapshot, entries: change.entries }
        : { kind: change.kind, date: change.date, release: change.release.release },
    ),
  };
}

export function trustTwin({ trust, root, goodUntil }: Catalogue, source: Source) {
  return { format: 'cfl/site-trust/1', source, root, goodUntil, ...trust };
}

const COLUMNS = [
  'release',
  'manufacturer',
  'code',
  'device_type',
  'model',
  'hardware',
  'hardware_from',
  'hardware_to',
  'firmware',
  'class',
  'state',
  'published',
  'image_hash',
  'entry',
  'entry_status',
  'smets',
  'gbcs',
] as const;

/** One line a release and CPL entry; the first says what this is. */
export function* csvLines(releases: readonly Release[]): Generator<string, undefined> {
  yield COLUMNS.join(',');
  for (const one of releases) {
    const { entries, hardware, ...all } = summaryOf(one);
    for (const entry of entries) {
      const cells = [
        all.release,
        all.manufacturer,
        all.code,
        all.deviceType,
        entry.model,
        entry.hardwareVersion,
        ...hardware,
        entry.firmwareVersion,
        all.class,
        all.state,
        all.published,
        all.imageHash,
        entry.entry,
        entry.status ?? '',
        entry.smetsVersion ?? '',
        entry.gbcsVersion ?? '',
      ];
      yield cells.map(csvCell).join(',');
    }
  }
}

/** Quoted where it must be. A spreadsheet would take what begins so for a formula. */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
