// How does a rule look into a long list? By an index that is made once and kept for as long as the list.
//
// A batch asks a thousand times of the same lists: what is published, what came together, the CPL. A rule that
// went through them each time would make the cost of a batch grow with its square.

import type { CatalogueRelease, CplEntry } from '../firmware/index.ts';
import type { ReleaseIdentity } from './facts.ts';

function keptFor<L extends object, I>(make: (list: L) => I): (list: L) => I {
  const kept = new WeakMap<L, I>();
  return (list) => {
    const index = kept.get(list) ?? make(list);
    kept.set(list, index);
    return index;
  };
}

export const byRelease = keptFor(
  (rows: readonly CatalogueRelease[]): ReadonlyMap<string, CatalogueRelease> =>
    new Map(rows.map((row) => [row.release, row])),
);

export const byImageHash = keptFor(
  (list: readonly ReleaseIdentity[]): ReadonlyMap<string, readonly ReleaseIdentity[]> =>
    Map.groupBy(list, ({ imageHash }) => imageHash as string),
);

export const byFirmwareVersion = keptFor(
  (list: readonly ReleaseIdentity[]): ReadonlyMap<string, readonly ReleaseIdentity[]> =>
    Map.groupBy(list, ({ firmwareVersion }) => firmwareVersion as string),
);

/** The newest first, by model. */
export const newestByModel = keptFor(
  (rows: readonly CatalogueRelease[]): ReadonlyMap<string, readonly CatalogueRelease[]> => {
    const sorted = rows.toSorted((a, b) =>
      a.published < b.published ? 1 : a.published > b.published ? -1 : 0,
    );
    const models = new Map<string, CatalogueRelease[]>();
    for (const row of sorted) {
      for (const model of row.models) {
        const ofModel = models.get(model) ?? [];
        models.set(model, ofModel);
        ofModel.push(row);
      }
    }
    return models;
  },
);

/** By manufacturer and model: `FFF1 0A01`. */
export const versionsByModel = keptFor(
  (entries: ReadonlyMap<string, CplEntry>): ReadonlyMap<string, ReadonlySet<string>> => {
    const models = new Map<string, Set<string>>();
    for (const { manufacturerId, modelId, firmwareVersion } of entries.values()) {
      const key = `${manufacturerId} ${modelId}`;
      const versions = models.get(key) ?? new Set<string>();
      models.set(key, versions);
      versions.add(firmwareVersion);
    }
    return models;
  },
);
