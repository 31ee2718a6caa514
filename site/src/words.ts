// In which words do the pages speak?

import type { ReleaseState } from '@cfl/client/firmware';
import { factsOf, type SignedRelease } from './check/facts.ts';
import type { Catalogue, Change, Release } from './data/types.ts';

export const STATES: readonly { readonly state: ReleaseState; readonly means: string }[] = [
  { state: 'current', means: 'It may be used: a CPL entry that it claims is Active with its hash.' },
  { state: 'superseded', means: 'It may be used, but its manufacturer has named a successor.' },
  {
    state: 'suspended',
    means: 'It may not be used for now: no CPL entry that it claims is Active with its hash.',
  },
  {
    state: 'withdrawn',
    means: 'It must not be used. A withdrawal is signed, gives its reason and is final.',
  },
];

/** What the page of a release says of it, by the names that the check uses. */
export function factsOfRelease(release: Release): ReadonlyMap<string, string> {
  return factsOf(signedOf(release));
}

function signedOf({ manufacturer, accepted, rows, signed, endorsers, ...release }: Release): SignedRelease {
  return {
    ...release,
    party: manufacturer,
    published: accepted[0] ?? '',
    entries: rows,
    certificate: signed.certificate,
    endorsers: endorsers.map(({ name }) => name),
  };
}

/** `9 current, 1 superseded`; states without a release are left out. */
export function countsInWords(counts: Catalogue['counts']): string {
  return STATES.filter(({ state }) => counts[state] > 0)
    .map(({ state }) => `${grouped(counts[state])} ${state}`)
    .join(', ');
}

/** `1 release`, `12 releases` */
export function counted(count: number, word: string): string {
  const several = word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`;
  return `${grouped(count)} ${count === 1 ? word : several}`;
}

/** `20,000` */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);

/** `20 November 2026`, from the first ten characters. */
export function dayInWords(date: string): string {
  return `${Number(date.slice(8, 10))} ${monthInWords(date)}`;
}

/** `November 2026` */
export function monthInWords(date: string): string {
  return `${MONTHS[Number(date.slice(5, 7)) - 1]} ${date.slice(0, 4)}`;
}

/** `20 November 2026, 09:00 UTC` */
export function minuteInWords(date: string): string {
  return `${dayInWords(date)}, ${date.slice(11, 16)} UTC`;
}

export function changeInWords(change: Change): string {
  if (change.kind === 'list')
    return `Central Products List, snapshot ${change.snapshot}, ${counted(change.entries, 'row')}`;
  if (change.kind === 'withdrawn')
    return `withdrawn by ${change.release.withdrawal?.by}, "${change.release.withdrawal?.reason}"`;
  return change.kind === 'published' ? 'published' : 'stated anew by its manufacturer';
}
