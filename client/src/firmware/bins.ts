// In which bin of a role, and in which shard of the catalogue, does a release stand?
//
// Rules
// - There are 1, 2, 4 … 4,096 bins; 1 where nothing is split.
// - A release belongs to bin (d1 + 16·d2 + 256·d3) mod b, by the first three hex digits of its name. So when
//   bins are doubled, bin i becomes i and i + b, and no name changes.
// - A bin is a list of digits that the names in it begin with, at most three of them, so that path patterns
//   with a plain `*` say what it covers.

export const MOST_BINS = 4096;

export function isBinCount(bins: number): boolean {
  return Number.isSafeInteger(bins) && bins >= 1 && bins <= MOST_BINS && (bins & (bins - 1)) === 0;
}

/** Of a release, by its name: 64 hex digits. */
export function binOf(release: string, bins: number): number {
  return Number.parseInt(backwards(release.slice(0, 3)), 16) % bins;
}

/** `2`, `a`; or `21`, `a1` …: what the names of a bin's releases begin with. */
export function binPrefixes(bin: number, bins: number): readonly string[] {
  const digits = bins <= 16 ? 1 : bins <= 256 ? 2 : 3;
  const prefixes: string[] = [];
  for (let value = bin; value < 16 ** digits; value += bins)
    prefixes.push(backwards(value.toString(16).padStart(digits, '0')));
  return prefixes;
}

function backwards(digits: string): string {
  return [...digits].reverse().join('');
}
