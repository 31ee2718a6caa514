// Which roles have expired, or are about to?
//
// A role of this project is due as its period says. Of others the period is not known: they are due in the last
// tenth of what such roles usually last, a year for root and targets, a week for what a machine signs.

import { minute, parseRoleName } from '@cfl/client/tuf';
import { familyOf } from '../change/bins.ts';
import { PERIODS, periodOf } from '../change/plan.ts';
import type { Fault, Seen } from './seen.ts';

const DAY = 86_400_000;
const HOUR = 3_600_000;

interface Ending {
  readonly name: string;
  readonly expires: Date;
  readonly version: number;
  /** Milliseconds before its end from which on it is due. */
  readonly window: number;
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
  return endings(seen).flatMap(({ name, expires, window }) => {
    const left = expires.getTime() - seen.now.getTime();
    if (left <= 0 || left > window) return [];
    return { at: name, says: `${name} ends in ${lasting(left)}, inside its signing period` };
  });
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
    return signed === undefined ? [] : { name, version: signed.version, expires: signed.expires };
  });
  const first = new Map<string, Ending>();
  for (const one of [...tops, ...roles]) {
    const family = own ? familyOf(parseRoleName(one.name)) : one.name;
    const known = first.get(family);
    if (known === undefined || one.expires < known.expires)
      first.set(family, { ...one, window: windowOf(family, own) });
  }
  return [...first.values()];
}

function windowOf(family: string, own: boolean): number {
  if (own && (Object.hasOwn(PERIODS, family) || /^m-[0-9a-f]{4}$/.test(family))) {
    const { expires, due } = periodOf(family);
    return (expires - due) * DAY;
  }
  return ((family === 'root' || family === 'targets' ? 365 : 7) * DAY) / 10;
}
