// In which words does the page speak?

import type { ReleaseState } from '@cfl/client/firmware';
import type { Catalogue, ListedFirmware } from './catalogue.ts';

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

/** What stands under the state; nothing where the state says it all. */
export function reasonOf({ state }: ListedFirmware): string | undefined {
  if (state.state === 'current' || state.state === 'superseded') return undefined;
  return state.reason.replace(/^withdrawn /, '');
}

/** `9 current, 1 superseded`; states without a release are left out. */
export function countsInWords(counts: Catalogue['counts']): string {
  return STATES.filter(({ state }) => counts[state] > 0)
    .map(({ state }) => `${counts[state]} ${state}`)
    .join(', ');
}

/** `1 release`, `12 releases` */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

/** `20 November 2026`, from the first ten characters. */
export function dayInWords(date: string): string {
  const months = 'January February March April May June July August September October November December';
  const [year, month, day] = date.slice(0, 10).split('-');
  return `${Number(day)} ${months.split(' ')[Number(month) - 1]} ${year}`;
}

/** `20 November 2026, 09:00 UTC` */
export function minuteInWords(date: string): string {
  return `${dayInWords(date)}, ${date.slice(11, 16)} UTC`;
}
