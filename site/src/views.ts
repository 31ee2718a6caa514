// Which lists of releases are there? All, by manufacturer, by device type, by state: a static page for each.
//
// A page holds a bounded number of rows, so that it stays small however many releases there are. Where all do
// not fit on one, the first page says the newest and leads to the lists by manufacturer. So a reader without
// JavaScript filters by following links, and one with it by the form, whose values stand in the address.

import { compare, newestFirst } from './data/models.ts';
import type { Catalogue, Release } from './data/types.ts';
import { manufacturerPath, numbered } from './paths.ts';

export const MOST_ROWS = 250;
const NEWEST_ROWS = 100;

export interface ListView {
  /** `types/ESME/page-2/`; empty for the first page of all. */
  readonly path: string;
  readonly title: string;
  readonly rows: readonly Release[];
  /** Of all pages of this list. */
  readonly total: number;
  readonly page: number;
  readonly pages: number;
  /** The first page's path. */
  readonly first: string;
  /** Not all that the list's title says. */
  readonly newestOnly: boolean;
}

export interface ListGroup {
  readonly name: string;
  readonly links: readonly { readonly path: string; readonly text: string; readonly count: number }[];
}

export function listViews(catalogue: Catalogue): readonly ListView[] {
  return [overview(catalogue), ...groupsOf(catalogue).flatMap(({ lists }) => lists.flatMap(pagesOf))];
}

/** The links that take the place of the form. */
export function listGroups(catalogue: Catalogue): readonly ListGroup[] {
  return groupsOf(catalogue).map(({ name, lists }) => ({
    name,
    links: lists.map(({ path, short, rows }) => ({ path, text: short, count: rows.length })),
  }));
}

function overview({ name, releases }: Catalogue): ListView {
  const fits = releases.length <= MOST_ROWS;
  const rows = fits ? releases : releases.toSorted(newestFirst).slice(0, NEWEST_ROWS);
  return {
    path: '',
    title: name,
    rows,
    total: releases.length,
    page: 1,
    pages: 1,
    first: '',
    newestOnly: !fits,
  };
}

interface List {
  readonly path: string;
  readonly title: string;
  readonly short: string;
  readonly rows: readonly Release[];
}

function groupsOf({ releases }: Catalogue): readonly { name: string; lists: readonly List[] }[] {
  return [
    {
      name: 'Manufacturer',
      lists: listsBy(releases, ({ code, manufacturer }) => ({
        path: manufacturerPath(code),
        title: `${manufacturer} ${code}`,
        short: `${manufacturer} ${code}`,
      })),
    },
    {
      name: 'Device type',
      lists: listsBy(releases, ({ statement: { predicate } }) => ({
        path: `types/${predicate.deviceType}/`,
        title: `${predicate.deviceType} firmware`,
        short: predicate.deviceType,
      })),
    },
    {
      name: 'State',
      lists: listsBy(releases, ({ state: { state } }) => ({
        path: `states/${state}/`,
        title: `Releases that are ${state}`,
        short: state,
      })),
    },
  ];
}

function listsBy(releases: readonly Release[], key: (release: Release) => Omit<List, 'rows'>): List[] {
  const lists = new Map<string, List & { rows: Release[] }>();
  for (const release of releases) {
    const list = key(release);
    const known = lists.get(list.path);
    if (known === undefined) lists.set(list.path, { ...list, rows: [release] });
    else known.rows.push(release);
  }
  return [...lists.values()].sort((a, b) => compare(a.path, b.path));
}

function pagesOf({ path, title, rows }: List): readonly ListView[] {
  const pages = Math.ceil(rows.length / MOST_ROWS);
  return Array.from({ length: pages }, (_, i) => ({
    path: numbered(path, i + 1),
    title,
    rows: rows.slice(i * MOST_ROWS, (i + 1) * MOST_ROWS),
    total: rows.length,
    page: i + 1,
    pages,
    first: path,
    newestOnly: false,
  }));
}
