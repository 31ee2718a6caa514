// How is the outcome of an intake shown? One line a submission, then what was published.

import { columns } from '@cfl/client/cli';
import type { RoleName } from '@cfl/client/tuf';
import { familyOf } from '../change/bins.ts';
import { type Answer, decisive } from './answer.ts';
import type { IntakeReport, IntakeResult, PublishedBatch } from './intake.ts';
import { GATE } from './planned.ts';

/** For `out`: the results. */
export function intakeLines({ results, published }: IntakeReport): string[] {
  const rows = results.map((one) => [nameShown(one.name), one.outcome, whyOf(one)]);
  return [...columns(rows), ...(published === undefined ? [] : [`Published version ${published.version}`])];
}

function whyOf({ outcome, answer, withdrawn }: IntakeResult): string {
  if (outcome === 'published') return 'it was already; its folder is cleared';
  if (withdrawn !== undefined) return `withdraws release ${withdrawn.slice(0, 12)}, for good`;
  return answer === undefined || outcome === 'accepted' ? '' : reasonOf(answer);
}

/** For `err`: what the publication consisted of. */
export function publicationLine({ version, files, roles }: PublishedBatch): string {
  const families = Map.groupBy(roles.keys(), familyOf);
  families.delete(GATE);
  const names = new Set([...families.values()].flatMap(shownOf));
  const shown = [...roles]
    .filter(([role]) => names.has(role))
    .map(([role, number]) => (role.startsWith('m-') ? `role ${role} ${number}` : `${role} ${number}`));
  return `Planned version ${version}: ${files} files, ${shown.join(', ')}; read whole by cfl and by tuf-js before it is shown`;
}

/** Dozens of bins say no more than their role. */
function shownOf(roles: readonly RoleName[]): readonly RoleName[] {
  return roles.slice(0, roles.length > 3 ? 1 : 3);
}

/** Whether a person must act: something is held. */
export function awaitsPerson({ results }: IntakeReport): boolean {
  return results.some(({ outcome }) => outcome === 'held');
}

function reasonOf({ outcome, findings }: Answer): string {
  const severity = outcome === 'refused' ? ['refuse'] : ['hold', 'warn'];
  const [first, ...others] = decisive(findings).filter((one) => severity.includes(one.severity));
  if (first === undefined) return '';
  return `${first.code}: ${first.message}${others.length === 0 ? '' : ` (and ${others.length} more)`}`;
}

/** The name of a folder that somebody else chose. */
export function nameShown(name: string): string {
  return /^[\w.-]{1,100}$/.test(name) ? name : JSON.stringify(name);
}
