// Do caches keep what never changes, and let go of what does?
//
// - A file with its version or hash in its name never changes: caches may keep it for ever.
// - timestamp.json, the next root that is not there yet, and every file without a version are asked for again:
//   for at most five minutes a cache may answer in the library's place.

import type { Answer } from './seen.ts';

/** Seconds. */
const SHORT = 300;
const LONG = 86_400;

/** What is wrong with the answer, as the end of a sentence. */
export function cacheFault({ kind, cacheControl }: Answer): string | undefined {
  const shown = cacheControl === undefined ? 'no Cache-Control' : `"${cacheControl}"`;
  const directives = new Map((cacheControl ?? '').toLowerCase().split(',').map(nameAndValue));
  const kept = keptFor(directives);
  if (kind === 'versioned') {
    if (directives.has('immutable') && kept !== undefined && kept >= LONG) return undefined;
    return `never changes, and is served with ${shown}, expected "public, max-age=31536000, immutable"`;
  }
  if (kept === undefined ? kind === 'absent' : kept <= SHORT) return undefined;
  const why = kind === 'absent' ? 'is not there yet, and its absence' : 'changes, and';
  return `${why} is served with ${shown}, expected "no-store" or a max-age of ${SHORT} or less`;
}

function nameAndValue(directive: string): readonly [string, string] {
  const [name = '', value = ''] = directive.split('=');
  return [name.trim(), value.trim().replaceAll('"', '')];
}

/** Seconds that some cache may keep it; undefined where nothing is said. */
function keptFor(directives: ReadonlyMap<string, string>): number | undefined {
  if (directives.has('no-store') || directives.has('no-cache')) return 0;
  const ages = ['max-age', 's-maxage'].flatMap((name) => {
    const value = directives.get(name);
    return value !== undefined && /^\d+$/.test(value) ? Number(value) : [];
  });
  return ages.length === 0 ? undefined : Math.max(...ages);
}
