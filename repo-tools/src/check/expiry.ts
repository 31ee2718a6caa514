// Which roles have expired, or are about to?
//
// In a library of this project a role is due when somebody is called for it (renewal/due.ts). Of others the
// period is not known: they are due in the last tenth of what such roles usually last, a year for root and
// targets, a week for what a machine signs.

import { minute, parseRoleName, type RoleName } from '@cfl/client/tuf';
import { familyOf } from '../change/bins.ts';
import { PERIODS } from '../change/plan.ts';
import { urgencyOf } from '../renewal/due.ts';
import type { Fault, Seen } from './seen.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;

interface Ending {
  readonly name: RoleName;
  readonly expires: Date;
  readonly version: number;
}

export function expiredRoles(seen: Seen): readonly Fault[] {
  return endings(seen)
    .filter(({ expires }) => expires <= seen.now)
    .map(({ name, version, expires }) => ({
      at: name,
      says: `${name} version ${version} expired on ${minute(expires)}, ${lasting(seen.now.getTime() - expires.getTime())} ago`,
    }));
}

export function dueRoles(seen: Seen): readonly Fault[] {
  return endings(seen).flatMap(({ name, expires }) => {
    const left = expires.getTime() - seen.now.getTime();
    if (left <= 0 || !isDue(name, expires, seen)) return [];
    return { at: name, says: `${name} ends in ${lasting(left)}, inside its signing period` };
  });
}

function isDue(name: RoleName, expires: Date, { now, own }: Seen): boolean {
  const family = familyOf(name);
  if (own && (Object.hasOwn(PERIODS, family) || /^m-[0-9a-f]{4}$/.test(family)))
    return urgencyOf(name, expires, now) === 'act';
  const usual = name === 'root' || name === 'targets' ? 365 : 7;
  return expires.getTime() - now.getTime() <= (usual * DAY) / 10;
}

function lasting(milliseconds: number): string {
  const [count, unit] =
    milliseconds < 2 * DAY
      ? [Math.floor(milliseconds / HOUR), 'hour']
      : [Math.floor(milliseconds / DAY), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** Of a role's bins, the one that ends first. */
function endings({ head, roles, own }: Seen): readonly Ending[] {
  const tops = (['root', 'timestamp', 'snapshot'] as const).flatMap((name) => {
    const signed = head[name]?.signed;
    return signed === undefined ? [] : { ...signed, name: parseRoleName(name) };
  });
  const first = new Map<string, Ending>();
  for (const one of [...tops, ...roles]) {
    const family = own ? familyOf(one.name) : one.name;
    const known = first.get(family);
    if (known === undefined || one.expires < known.expires) first.set(family, one);
  }
  return [...first.values()];
}
