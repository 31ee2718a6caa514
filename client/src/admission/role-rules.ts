// Does the manufacturer's role say exactly what this submission brings, upon the library as it is?

import type { RoleDifference } from './facts.ts';
import type { Rule } from './rule.ts';

const roleFile: Rule = {
  code: 'ROLE_FILE',
  severity: 'refuse',
  sealed: false,
  demand:
    "The manufacturer's role adds exactly the files of this submission, each in its bin, changes nothing else, and meets its threshold",
  source: 'BR04; TUF: delegated targets',
  remedy: 'Make it again from the library as it is: cfl-publish sign',
  says: ({ role }) =>
    roleFaults(role).map(([found, expected]) => ({
      at: 'role',
      expected,
      found,
      message: `role ${role.role}: ${found}, expected ${expected}`,
    })),
};

type Fault = readonly [found: string, expected: string];

/** Octets of a signed role file; one that would be longer is split into bins. */
const LONGEST_ROLE_FILE = 60_000;
/** A batch of thousands may have as many faults, of which nobody reads more. */
const MOST_NAMED = 5;

function roleFaults(role: RoleDifference): Fault[] {
  const only = "only this submission's files added";
  const named = (what: string, paths: readonly string[], expected = only): Fault[] => {
    const more = paths.length - MOST_NAMED;
    const shown = paths.slice(0, MOST_NAMED).map((path): Fault => [`${what} "${path}"`, expected]);
    return more > 0 ? [...shown, [`${what} ${more} more`, expected]] : shown;
  };
  const { found, expected } = role.bins;
  return [
    ...named('it adds', role.foreign),
    ...named('it lacks', role.lacking),
    ...named('it removes', role.removed),
    ...named('it changes', role.changed),
    ...named('it misplaces', role.misplaced, 'each release in its own bin'),
    ...(found === expected ? [] : [[binsInWords(found), binsInWords(expected)] as const]),
    ...(role.delegationsChanged
      ? [['its delegations differ', 'those of its bins and no others'] as const]
      : []),
    ...role.files.flatMap(fileFaults),
  ];
}

function fileFaults({ name, version, base, octets, signed }: RoleDifference['files'][number]): Fault[] {
  return [
    ...(version === base + 1
      ? []
      : [[`${name} version ${version} follows version ${base}`, `version ${base + 1}`] as const]),
    ...(octets <= LONGEST_ROLE_FILE
      ? []
      : [[`${name} has ${octets} octets`, `at most ${LONGEST_ROLE_FILE}`] as const]),
    ...(signed ? [] : [[`too few of its keys signed ${name}`, 'its threshold met'] as const]),
  ];
}

function binsInWords(count: number): string {
  return count === 1 ? 'no bins' : `${count} bins`;
}

const baseMoved: Rule = {
  code: 'BASE_MOVED',
  severity: 'hold',
  sealed: false,
  demand: 'The library has not moved on since the role was signed',
  source: 'TUF: versions grow by one',
  remedy: 'Run: cfl-publish sign on this submission (one signature, nothing else changes)',
  says: ({ role }) =>
    role.files
      .filter(({ base, current }) => base !== current)
      .slice(0, 1)
      .map(({ name, base, current }) => ({
        at: 'role',
        expected: String(current),
        found: String(base),
        message: `role ${name} is at version ${current}, this submission was signed upon version ${base}`,
      })),
};

export const roleRules: readonly Rule[] = [roleFile, baseMoved];
