// Which target paths do two delegations share, and which patterns do readers not all read alike?
//
// Rules
// - Two patterns share a path if every segment of one shares a name with the same segment of the other.
// - Only patterns of which one's beginning, up to its first star, begins the other's are compared: sorted by it,
//   they stand behind one another. Thousands of roles, each with a folder of its own, are compared in one pass.
// - Two hash prefixes share paths if one begins the other. A role by hashes and one by paths always may.

import { type DelegatedRole, patternsMeet, type RoleName } from '@cfl/client/tuf';

export interface Shared {
  readonly roles: readonly [RoleName, RoleName];
  readonly patterns: readonly [string, string];
}

/** Signs compared in one delegating role: nobody's honest patterns need a tenth of them. */
const MOST = 30_000_000;

interface Beginning {
  readonly role: RoleName;
  readonly pattern: string;
  readonly start: string;
}

/** Each pair of roles once. Undefined where there are too many patterns to compare. */
export function sharedPaths(roles: readonly DelegatedRole[]): readonly Shared[] | undefined {
  const byPath = beginnings(roles, ({ covers }) => ('paths' in covers ? covers.paths : []), plainPart);
  const byHash = beginnings(
    roles,
    ({ covers }) => ('hashPrefixes' in covers ? covers.hashPrefixes : []),
    (prefix) => prefix,
  );
  const [path, hash] = [byPath[0], byHash[0]];
  if (path !== undefined && hash !== undefined) return [shared(path, hash)];
  const pairs = new Map<string, Shared>();
  let compared = 0;
  for (const all of [byPath, byHash]) {
    // Those seen before whose beginning begins what is looked at now
    let open: Beginning[] = [];
    for (const one of all) {
      open = open.filter(({ start }) => one.start.startsWith(start));
      for (const other of open) {
        compared += one.pattern.length * other.pattern.length;
        if (compared > MOST) return undefined;
        const key = JSON.stringify([one.role, other.role].sort());
        if (one.role === other.role || pairs.has(key)) continue;
        if (all === byHash || patternsMeet(one.pattern, other.pattern)) pairs.set(key, shared(other, one));
      }
      open.push(one);
    }
  }
  return [...pairs.values()];
}

function shared(a: Beginning, b: Beginning): Shared {
  return { roles: [a.role, b.role], patterns: [a.pattern, b.pattern] };
}

function beginnings(
  roles: readonly DelegatedRole[],
  patternsOf: (role: DelegatedRole) => readonly string[],
  startOf: (pattern: string) => string,
): readonly Beginning[] {
  return roles
    .flatMap((role) =>
      patternsOf(role).map((pattern) => ({ role: role.name, pattern, start: startOf(pattern) })),
    )
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
}

function plainPart(pattern: string): string {
  return pattern.replace(/[*?].*$/s, '');
}

/** What is odd about a pattern, as the end of a sentence; undefined where every reader reads it alike. */
export function oddness(pattern: string): string | undefined {
  if (/[?[\]{}!^\\]/.test(pattern)) return 'has a pattern character that is not "*"';
  if (pattern.includes('**')) return 'has two stars in a row';
  if (pattern.split('/').some((segment) => segment === '' || segment === '.' || segment === '..'))
    return 'has a segment that no target path has';
  return undefined;
}
