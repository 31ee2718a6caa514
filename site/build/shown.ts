// What are the pages made from, beside their own words? Handed to Astro's process as it is: as text of a
// module, 20,000 releases would be 100 megaoctets to write and to read again.

import type { Catalogue } from '../src/data/types.ts';
import type { Assets } from './assets.ts';

export interface Shown {
  readonly catalogue: Catalogue;
  /** Of the library; undefined where it was read from a folder: then it stands beside the pages. */
  readonly address: string | undefined;
  readonly assets: Assets;
}

const PLACE = 'cfl:catalogue';
const places = globalThis as unknown as Record<string, Shown | undefined>;

/** What the pages import as `cfl:catalogue`. */
export function shownModule() {
  return {
    name: PLACE,
    resolveId: (id: string) => (id === PLACE ? `\0${PLACE}` : undefined),
    load: (id: string) =>
      id === `\0${PLACE}` ? `export const shown = globalThis[${JSON.stringify(PLACE)}];` : undefined,
  };
}

/** Only as long as the work takes. */
export async function whileShown<T>(shown: Shown, work: () => Promise<T>): Promise<T> {
  places[PLACE] = shown;
  try {
    return await work();
  } finally {
    delete places[PLACE];
  }
}
