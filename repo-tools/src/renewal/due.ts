// Which signatures end when, and when must somebody make the next?
//
// Rules
// - A role is due once it has been signed for as long as its period says (change/plan.ts).
// - What is signed on the operator's machine is renewed there by itself, from that day on. Half of what is left
//   then must pass before a person is called: until then the next run of `cfl-repo renew` mends it.
// - What people sign calls for them on the day it is due. What has ended calls for them at once.

import { parseRoleName, type RoleName, SNAPSHOT, TIMESTAMP } from '@cfl/client/tuf';
import { familyOf } from '../change/bins.ts';
import { periodOf } from '../change/plan.ts';

const DAY = 86_400_000;

/** Families that are signed where the library is run. */
const RENEWED_HERE: readonly string[] = [TIMESTAMP, SNAPSHOT, 'gate', 'catalogue'];

export function isRenewedHere(role: RoleName): boolean {
  return RENEWED_HERE.includes(familyOf(role));
}

/** The roles among them that are delegated. */
export const DELEGATED_HERE: readonly RoleName[] = ['gate', 'catalogue'].map(parseRoleName);

export type Urgency = 'ended' | 'act' | 'due' | 'later';

/** `due` calls for nobody, `act` and `ended` do. */
export function urgencyOf(role: RoleName, expires: Date, now: Date): Urgency {
  const left = daysUntil(expires, now);
  if (left <= 0) return 'ended';
  const period = periodOf(role);
  const window = period.expires - period.due;
  if (left > window) return 'later';
  return isRenewedHere(role) && left > window / 2 ? 'due' : 'act';
}

export function isDue(role: RoleName, expires: Date, now: Date): boolean {
  return urgencyOf(role, expires, now) !== 'later';
}

/** The day from which on the role is due. */
export function dueFrom(role: RoleName, expires: Date): Date {
  const period = periodOf(role);
  return new Date(expires.getTime() - (period.expires - period.due) * DAY);
}

export function daysUntil(date: Date, now: Date): number {
  return (date.getTime() - now.getTime()) / DAY;
}
