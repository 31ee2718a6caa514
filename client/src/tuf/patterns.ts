// Is there a target path that two path patterns both cover? Exact, for `*` and `?`.

/** Whether some path is covered by both (TUF 4.5, PATHPATTERN). */
export function patternsMeet(a: string, b: string): boolean {
  const [ours, theirs] = [a.split('/'), b.split('/')];
  return ours.length === theirs.length && ours.every((segment, i) => globsMeet(segment, theirs[i] ?? ''));
}

/** By the places that can be reached in both at once: a star takes any of the other's signs, or none. */
function globsMeet(a: string, b: string): boolean {
  let row: boolean[] = [true];
  for (let i = 0; i < a.length; i++) {
    const next: boolean[] = [];
    for (let j = 0; j <= b.length; j++) {
      if (row[j] !== true) continue;
      if (a[i] === '*' || b[j] === '*') {
        next[j] = true;
        row[j + 1] = true;
      } else if (a[i] === b[j] || (j < b.length && (a[i] === '?' || b[j] === '?'))) {
        next[j + 1] = true;
      }
    }
    row = next;
  }
  // What is left of the second must be stars
  for (let j = 0; j < b.length; j++) if (row[j] === true && b[j] === '*') row[j + 1] = true;
  return row[b.length] === true;
}
