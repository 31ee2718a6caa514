// How does a page find a release among all of them? One compact JSON, and a filter that goes through it.
//
// The same functions write the file in the build and read it in the browser. Nothing rests on it: it leads to
// pages, which say what is signed.

import type { ReleaseState } from '@cfl/client/firmware';
import type { Catalogue } from './data/types.ts';

export const SEARCH_FORMAT = 'cfl/search/1';
/** Digits of the CPL hash in the file: enough to find by, and most of what does not compress. */
const HASH_DIGITS = 16;

export interface Found {
  readonly release: string;
  readonly imageHash: string;
  readonly code: string;
  readonly manufacturer: string;
  readonly type: string;
  readonly models: readonly string[];
  readonly hardware: readonly [string, string];
  readonly firmware: string;
  readonly class: string;
  readonly state: ReleaseState;
  /** `2026-11-18` */
  readonly published: string;
  readonly smets: readonly string[];
  readonly gbcs: readonly string[];
  readonly entries: readonly string[];
}

/** A row of the Central Products List without an image here. */
export interface FoundRow {
  readonly entry: string;
  readonly code: string;
  readonly model: string;
  readonly firmware: string;
  readonly status: string;
}

export interface SearchFile {
  readonly format: typeof SEARCH_FORMAT;
  /** Of the library. */
  readonly version: number;
  readonly manufacturers: Readonly<Record<string, string>>;
  readonly rows: readonly (readonly string[])[];
  readonly without: readonly (readonly string[])[];
}

export function foundOf(catalogue: Pick<Catalogue, 'releases'>): readonly Found[] {
  return catalogue.releases.map(
    ({ release, imageHash, code, manufacturer, statement, state, accepted, rows }) => {
      const { deviceType, header, claims, class: kind } = statement.predicate;
      const different = (values: readonly (string | undefined)[]) =>
        [...new Set(values)].filter((value) => value !== undefined);
      const listed = claims.map(({ entry }) => rows.get(entry));
      return {
        release,
        imageHash,
        code,
        manufacturer,
        type: deviceType,
        models: different(claims.map(({ model }) => model)),
        hardware: [hex4(header.minHardwareVersion), hex4(header.maxHardwareVersion)],
        firmware: different(claims.map(({ firmwareVersion }) => firmwareVersion)).join(', '),
        class: kind,
        state: state.state,
        published: (accepted[0] ?? '').slice(0, 10),
        smets: different(listed.map((row) => row?.smetsVersion)),
        gbcs: different(listed.map((row) => row?.gbcsVersion)),
        entries: claims.map(({ entry }) => entry),
      };
    },
  );
}

function hex4(number: number): string {
  return number.toString(16).toUpperCase().padStart(4, '0');
}

export function searchFile(catalogue: Catalogue): SearchFile {
  const found = foundOf(catalogue);
  return {
    format: SEARCH_FORMAT,
    version: catalogue.version,
    manufacturers: Object.fromEntries(found.map(({ code, manufacturer }) => [code, manufacturer])),
    rows: found.map((one) => [
      one.release,
      one.imageHash.slice(0, HASH_DIGITS),
      one.code,
      one.type,
      one.models.join(' '),
      one.hardware.join(' '),
      one.firmware,
      one.class,
      one.state,
      one.published,
      one.smets.join(' '),
      one.gbcs.join(' '),
      one.entries.join(' '),
    ]),
    without: catalogue.models.flatMap(({ code, model, without }) =>
      without.map(({ entry }) => [entry.entry, code, model, entry.firmwareVersion, entry.status]),
    ),
  };
}

export function readSearchFile({ rows, manufacturers }: SearchFile): readonly Found[] {
  return rows.map((row) => {
    const [release = '', imageHash = '', code = '', type = '', models = '', hardware = ''] = row;
    const [firmware = '', kind = '', state = '', published = '', smets = '', gbcs = '', entries = ''] =
      row.slice(6);
    const [lowest = '', highest = ''] = hardware.split(' ');
    return {
      release,
      imageHash,
      code,
      manufacturer: manufacturers[code] ?? code,
      type,
      models: models.split(' '),
      hardware: [lowest, highest],
      firmware,
      class: kind,
      state: state as ReleaseState,
      published,
      smets: smets.split(' '),
      gbcs: gbcs.split(' '),
      entries: entries.split(' '),
    };
  });
}

export function rowsWithout({ without }: SearchFile): readonly FoundRow[] {
  return without.map(([entry = '', code = '', model = '', firmware = '', status = '']) => ({
    entry,
    code,
    model,
    firmware,
    status,
  }));
}

export const FILTERS = [
  'type',
  'manufacturer',
  'state',
  'model',
  'hardware',
  'firmware',
  'class',
  'smets',
  'gbcs',
] as const;
export type Filter = Partial<Readonly<Record<(typeof FILTERS)[number], string>>>;

/** From an address; what is empty filters nothing. */
export function filterFrom(query: URLSearchParams): Filter {
  return Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = query.get(name)?.trim();
      return value ? [[name, value]] : [];
    }),
  );
}

/** Hexadecimal as people write it: `0x0a01`, `0A:01`. A hardware version lies in a release's range. */
export function matches(one: Found, filter: Filter): boolean {
  const { type, manufacturer, state, model, hardware, firmware, smets, gbcs } = filter;
  return (
    is(type, one.type) &&
    is(manufacturer, one.code) &&
    is(state, one.state) &&
    is(filter.class, one.class) &&
    (smets === undefined || one.smets.includes(smets)) &&
    (gbcs === undefined || one.gbcs.includes(gbcs)) &&
    (model === undefined || one.models.some((id) => id.startsWith(digits(model)))) &&
    (firmware === undefined || one.firmware.startsWith(digits(firmware))) &&
    (hardware === undefined || isBetween(digits(hardware).padStart(4, '0'), one.hardware))
  );
}

function is(wanted: string | undefined, found: string): boolean {
  return wanted === undefined || wanted.toUpperCase() === found.toUpperCase();
}

function isBetween(version: string, [lowest, highest]: readonly [string, string]): boolean {
  return lowest <= version && version <= highest;
}

export function digits(text: string): string {
  return text
    .replace(/(^|[:\- ])0x/gi, '')
    .replace(/[:\- ]/g, '')
    .toUpperCase();
}

export interface Answer {
  readonly releases: readonly Found[];
  readonly rows: readonly FoundRow[];
}

/** By hash (8 digits or more of either), by CPL entry, or by manufacturer, model and version in any order. */
export function lookUp(query: string, releases: readonly Found[], rows: readonly FoundRow[]): Answer {
  const text = query.trim();
  const hash = digits(text).toLowerCase();
  if (/^[0-9a-f]{8,64}$/.test(hash)) {
    const found = releases.filter(
      ({ release, imageHash }) =>
        release.startsWith(hash) || imageHash.startsWith(hash.slice(0, HASH_DIGITS)),
    );
    if (found.length > 0) return { releases: found, rows: [] };
  }
  const words = text
    .toUpperCase()
    .split(/[\s,/]+/)
    .filter(Boolean);
  if (words.length === 0) return { releases: [], rows: [] };
  const holds = (values: readonly string[]) =>
    words.every((word) => values.some((value) => value.toUpperCase().startsWith(word.replace(/^0X/, ''))));
  return {
    releases: releases.filter((one) =>
      holds([
        one.code,
        ...one.manufacturer.split(' '),
        one.type,
        ...one.models,
        one.firmware,
        one.state,
        ...one.entries,
      ]),
    ),
    rows: rows.filter((one) => holds([one.entry, one.code, one.model, one.firmware])),
  };
}
