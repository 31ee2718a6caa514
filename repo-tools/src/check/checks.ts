// What is demanded of a published repository? A table: each check has a code that stays, how grave it is, what it
// demands, and the function that finds what is against it in what was read (seen.ts).
//
// Some demands are this project's own. What they say of others is `elsewhere`: it is less grave, or not asked.

import { cacheFault } from './cache.ts';
import { dueRoles, expiredRoles } from './expiry.ts';
import { oddness, sharedPaths } from './patterns.ts';
import type { Answer, Fault, Seen, SeenKey } from './seen.ts';

export const GROUPS = [
  'roots',
  'history',
  'snapshot',
  'files',
  'expiry',
  'keys',
  'delegations',
  'form',
  'cache',
] as const;
export type Group = (typeof GROUPS)[number];
export type Severity = 'refuse' | 'warn';

export interface Check {
  readonly code: string;
  readonly group: Group;
  readonly severity: Severity;
  readonly elsewhere?: 'warn' | 'not asked';
  readonly demands: string;
  readonly hint: string;
  find(seen: Seen): readonly Fault[];
}

/** What the reading noted, file by file. */
const noted =
  (code: string): Check['find'] =>
  ({ faults }) =>
    faults.of(code);

const KEEP = 'Do not use this copy; tell the operator';
const MEND = 'The operator publishes the whole library again, from what it has signed';

export const CHECKS: readonly Check[] = [
  {
    code: 'ROOT_MISSING',
    group: 'roots',
    severity: 'refuse',
    demands: 'Every root from the first to the newest is there',
    hint: MEND,
    find: noted('ROOT_MISSING'),
  },
  {
    code: 'ROOT_DIFFERS',
    group: 'roots',
    severity: 'refuse',
    demands: 'The root that was given is the one that is published under its version',
    hint: 'Make sure that the root is of this library; if it is, tell the operator',
    find: noted('ROOT_DIFFERS'),
  },
  {
    code: 'NO_ARRIVAL',
    group: 'roots',
    severity: 'refuse',
    demands: 'A fresh reader who starts at any root arrives',
    hint: KEEP,
    find: noted('NO_ARRIVAL'),
  },
  {
    code: 'NOT_CONSISTENT',
    group: 'roots',
    severity: 'warn',
    demands: 'The root asks for consistent snapshots',
    hint: 'The operator sets consistent_snapshot in the next root, and keeps every version',
    find: notConsistent,
  },
  {
    code: 'SNAPSHOT_MISSING',
    group: 'history',
    severity: 'refuse',
    elsewhere: 'not asked',
    demands: 'Every snapshot from the first on is there',
    hint: MEND,
    find: noted('SNAPSHOT_MISSING'),
  },
  {
    code: 'HISTORY_UNSIGNED',
    group: 'history',
    severity: 'refuse',
    demands: 'Every past snapshot is signed by the keys that some root names',
    hint: KEEP,
    find: noted('HISTORY_UNSIGNED'),
  },
  {
    code: 'VERSION_FELL',
    group: 'history',
    severity: 'refuse',
    demands: 'No version ever fell, but after a rotation of the online keys',
    hint: 'A reader who saw the higher version refuses the library; the operator publishes a version above it',
    find: noted('VERSION_FELL'),
  },
  {
    code: 'ROLE_LEFT',
    group: 'history',
    severity: 'refuse',
    demands: 'No role ever left the snapshot, but after a rotation of the online keys',
    hint: 'A reader who saw it refuses the library; the operator lists it again',
    find: noted('ROLE_LEFT'),
  },
  {
    code: 'HISTORY_FILE',
    group: 'history',
    severity: 'refuse',
    elsewhere: 'not asked',
    demands: 'Every past version of a role is there as its snapshot lists it',
    hint: MEND,
    find: noted('HISTORY_FILE'),
  },
  {
    code: 'RELEASE_VANISHED',
    group: 'history',
    severity: 'refuse',
    elsewhere: 'not asked',
    demands: 'No file of a release ever ceased to be listed',
    hint: 'Keep what you have; tell the operator and the Panel',
    find: noted('RELEASE_VANISHED'),
  },
  {
    code: 'RELEASE_REPLACED',
    group: 'history',
    severity: 'refuse',
    elsewhere: 'not asked',
    demands: 'No file of a release was ever replaced by another',
    hint: 'Keep what you have; tell the operator and the Panel',
    find: noted('RELEASE_REPLACED'),
  },
  {
    code: 'ROLE_UNLISTED',
    group: 'snapshot',
    severity: 'refuse',
    demands: 'Every role that is delegated is listed by the snapshot',
    hint: 'No reader gets past this role; the operator publishes its first version',
    find: noted('ROLE_UNLISTED'),
  },
  {
    code: 'ROLE_UNREACHABLE',
    group: 'snapshot',
    severity: 'warn',
    demands: 'Every role that the snapshot lists is delegated',
    hint: 'Nothing of it counts. Ask the operator why it was listed',
    find: unreachableRoles,
  },
  {
    code: 'ROLE_UNACCEPTED',
    group: 'snapshot',
    severity: 'refuse',
    elsewhere: 'not asked',
    demands: 'The snapshot lists every role with its length and SHA-256',
    hint: 'The library has accepted no octets of this role; tell the operator',
    find: unacceptedRoles,
  },
  {
    code: 'ROLE_MISSING',
    group: 'files',
    severity: 'refuse',
    demands: 'Every role that is listed is there',
    hint: MEND,
    find: noted('ROLE_MISSING'),
  },
  {
    code: 'ROLE_REFUSED',
    group: 'files',
    severity: 'refuse',
    demands: 'Every role is what a reader accepts: its form, signatures, length, hash and version',
    hint: KEEP,
    find: noted('ROLE_REFUSED'),
  },
  {
    code: 'FILE_MISSING',
    group: 'files',
    severity: 'refuse',
    demands: 'Every file that a role lists is there',
    hint: MEND,
    find: noted('FILE_MISSING'),
  },
  {
    code: 'FILE_CHANGED',
    group: 'files',
    severity: 'refuse',
    demands: 'Every file has the signed length and hash',
    hint: 'Do not use the file; the operator puts the signed one back',
    find: noted('FILE_CHANGED'),
  },
  {
    code: 'TARGET_OUTSIDE',
    group: 'files',
    severity: 'warn',
    demands: 'No role lists a file that is not delegated to it',
    hint: 'No reader finds the file. Ask whoever holds the keys of the role what it was for',
    find: noted('TARGET_OUTSIDE'),
  },
  {
    code: 'ROLE_EXPIRED',
    group: 'expiry',
    severity: 'refuse',
    demands: 'Nothing has expired',
    hint: 'Ask whoever holds the keys of the role to sign it again',
    find: expiredRoles,
  },
  {
    code: 'ROLE_DUE',
    group: 'expiry',
    severity: 'warn',
    demands: 'Nothing is inside its signing period',
    hint: 'Ask whoever holds the keys of the role to sign it again before it ends',
    find: dueRoles,
  },
  {
    code: 'KEY_SHARED',
    group: 'keys',
    severity: 'refuse',
    elsewhere: 'warn',
    demands: 'No key serves two kinds of role',
    hint: 'Whoever holds the key holds both. The operator rotates one of the two',
    find: sharedKeys,
  },
  {
    code: 'KEY_ALIASED',
    group: 'keys',
    severity: 'refuse',
    demands: 'No public key stands under two ids',
    hint: 'Some readers count one key as two. The operator takes one of the two out',
    find: aliasedKeys,
  },
  {
    code: 'KEY_UNUSABLE',
    group: 'keys',
    severity: 'warn',
    demands: 'Every key of a role is there, under the id that is its hash, and of a kind that readers know',
    hint: 'The key counts for nothing: fewer keys than it seems stand between a loss and an outage',
    find: unusableKeys,
  },
  {
    code: 'DIAMOND',
    group: 'delegations',
    severity: 'refuse',
    elsewhere: 'warn',
    demands: 'Every role is delegated once',
    hint: 'Which keys count depends on the way there. The operator takes one of the delegations out',
    find: noted('DIAMOND'),
  },
  {
    code: 'PATHS_OVERLAP',
    group: 'delegations',
    severity: 'refuse',
    elsewhere: 'warn',
    demands: 'No path is delegated to two roles',
    hint: 'The order of the delegations decides who may sign. The operator gives each role paths of its own',
    find: overlaps,
  },
  {
    code: 'ODD_PATTERN',
    group: 'delegations',
    severity: 'refuse',
    elsewhere: 'warn',
    demands: 'Patterns have whole segments and "*", nothing else',
    hint: 'Readers do not all read it alike. The operator delegates by plain patterns',
    find: oddPatterns,
  },
  {
    code: 'NOT_TERMINATING',
    group: 'delegations',
    severity: 'warn',
    elsewhere: 'not asked',
    demands: 'Every delegation is terminating',
    hint: 'The operator delegates again, terminating',
    find: openDelegations,
  },
  {
    code: 'NOT_ROUND',
    group: 'form',
    severity: 'warn',
    demands: 'What a reader understands of a file, written again, is what was signed',
    hint: 'Something is signed that readers pass over. Ask the operator what it is for',
    find: noted('NOT_ROUND'),
  },
  {
    code: 'NOT_CANONICAL',
    group: 'form',
    severity: 'warn',
    elsewhere: 'not asked',
    demands: 'Every file is written in canonical form',
    hint: 'Tools of another project wrote it. Ask the operator which',
    find: noted('NOT_CANONICAL'),
  },
  {
    code: 'CACHED_TOO_SHORT',
    group: 'cache',
    severity: 'warn',
    demands: 'Caches may keep what never changes',
    hint: 'Set Cache-Control: public, max-age=31536000, immutable on files with a version or hash in their names',
    find: cacheFaults('versioned'),
  },
  {
    code: 'CACHED_TOO_LONG',
    group: 'cache',
    severity: 'warn',
    demands: 'Caches do not keep what changes, nor that the next root is not there',
    hint: 'Set Cache-Control: no-store on timestamp.json and on the answer 404',
    find: cacheFaults('changing', 'absent'),
  },
];

function notConsistent({ head }: Seen): readonly Fault[] {
  if (head.root.signed.consistentSnapshot) return [];
  const says =
    'this repository has no consistent snapshots: files are overwritten in place, so a reader may meet two states at once, and its history cannot be checked';
  return [{ at: 'root', says }];
}

/** What hangs below a role that could not be read is not known. */
function unreachableRoles({ head, roles, faults }: Seen): readonly Fault[] {
  if (['ROLE_MISSING', 'ROLE_REFUSED', 'ROLE_UNLISTED'].some((code) => faults.count(code) > 0)) return [];
  const reached = new Set<string>(roles.map(({ name }) => name));
  const listed = [...(head.snapshot?.signed.meta.keys() ?? [])];
  return listed
    .filter((role) => !reached.has(role))
    .map((role) => ({ at: role, says: `the snapshot lists ${role}, and nothing delegates to it` }));
}

function unacceptedRoles({ head }: Seen): readonly Fault[] {
  return [...(head.snapshot?.signed.meta ?? [])].flatMap(([role, { length, hashes }]) =>
    length !== undefined && hashes.has('sha256')
      ? []
      : { at: role, says: `the snapshot lists ${role} without its length and SHA-256` },
  );
}

function sharedKeys({ keys }: Seen): readonly Fault[] {
  return [...byMaterial(keys)].flatMap(([, same]) => {
    const kinds = [...new Set(same.map(({ kind }) => kind))];
    return kinds.length < 2 ? [] : faultOfKey(same, `serves ${kinds.join(' and ')}`);
  });
}

function aliasedKeys({ keys }: Seen): readonly Fault[] {
  return [...byMaterial(keys)].flatMap(([, same]) => {
    const ids = [...new Set(same.map(({ id }) => id))];
    const others = ids.slice(1).map((id) => id.slice(0, 12));
    const roles = [...new Set(same.map(({ role }) => role))].join(', ');
    return others.length === 0 ? [] : faultOfKey(same, `is ${others.join(' and ')}, too, in ${roles}`);
  });
}

function faultOfKey([first]: readonly SeenKey[], says: string): Fault {
  const id = first?.id.slice(0, 12) ?? '';
  return { at: id, says: `the key ${id} ${says}` };
}

function byMaterial(keys: readonly SeenKey[]): ReadonlyMap<string, readonly SeenKey[]> {
  const known = new Map<string, SeenKey[]>();
  for (const key of keys) {
    if (key.material === undefined) continue;
    const same = known.get(key.material) ?? [];
    known.set(key.material, same);
    same.push(key);
  }
  return known;
}

function unusableKeys({ keys }: Seen): readonly Fault[] {
  return keys
    .filter(({ material }) => material === undefined)
    .map(({ role, id }) => ({
      at: role,
      says: `${role} names the key ${id.slice(0, 12)}, which no reader can use`,
    }));
}

function overlaps({ roles }: Seen): readonly Fault[] {
  return roles.flatMap(({ name, delegations }) => {
    const found = sharedPaths(delegations?.roles ?? []);
    if (found === undefined)
      return [{ at: name, says: `${name} has too many patterns that begin alike to compare them all` }];
    return found.map(({ roles: [one, other], patterns }) => ({
      at: one,
      says: `${one} and ${other} share paths: ${patterns.map((text) => `"${text}"`).join(' and ')}`,
    }));
  });
}

function oddPatterns({ roles }: Seen): readonly Fault[] {
  const delegated = roles.flatMap(({ delegations }) => delegations?.roles ?? []);
  return delegated.flatMap(({ name, covers }) =>
    ('paths' in covers ? covers.paths : []).flatMap((pattern) => {
      const odd = oddness(pattern);
      return odd === undefined ? [] : { at: name, says: `${name} is delegated "${pattern}", which ${odd}` };
    }),
  );
}

function openDelegations({ roles }: Seen): readonly Fault[] {
  const delegated = roles.flatMap(({ delegations }) => delegations?.roles ?? []);
  return delegated
    .filter(({ terminating }) => !terminating)
    .map(({ name }) => ({ at: name, says: `the delegation to ${name} is not terminating` }));
}

function cacheFaults(...kinds: readonly Answer['kind'][]): Check['find'] {
  return ({ answers }) =>
    (answers ?? []).flatMap((answer) => {
      const fault = kinds.includes(answer.kind) ? cacheFault(answer) : undefined;
      return fault === undefined ? [] : { at: answer.file, says: `${answer.file} ${fault}` };
    });
}
