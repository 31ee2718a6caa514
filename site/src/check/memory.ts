// What keeps an older library from being passed off? A page has no memory, so two things stand in for it:
// the versions that this page was built from, and those that this browser tab has accepted since.
//
// Both are floors as the client has them: the higher one counts. Whoever can change the page can lower the
// first; so the words of the check say from which version on it looked.

import { type Cache, encodeFloors, FLOORS_FILE, type Floors, parseFloors } from '@cfl/client/tuf';

export type PageFloors = Pick<Floors, 'root' | 'timestamp' | 'snapshot' | 'keys'>;

const KEY = 'cfl-floors ';

/** `library` tells libraries apart that are shown at one address: the digest of the pinned root. */
export function pageMemory(library: string, page: PageFloors): Cache {
  const kept = new Map<string, Uint8Array>();
  return {
    async read(file) {
      if (file !== FLOORS_FILE || kept.has(file)) return kept.get(file);
      const printed = await encodeFloors({ ...page, roles: new Map() });
      const tab = recall(library);
      const seen = await parseFloors(tab);
      return seen !== undefined && seen.timestamp >= page.timestamp ? tab : printed;
    },
    async write(file, octets) {
      kept.set(file, octets);
      if (file === FLOORS_FILE) remember(library, octets);
    },
  };
}

/** A browser may forbid it; then the page's own floors are what there is. */
function recall(library: string): Uint8Array | undefined {
  try {
    return new TextEncoder().encode(sessionStorage.getItem(KEY + library) ?? '');
  } catch {
    return undefined;
  }
}

function remember(library: string, octets: Uint8Array): void {
  try {
    sessionStorage.setItem(KEY + library, new TextDecoder().decode(octets));
  } catch {
    // Nothing is lost but the memory of this tab
  }
}
