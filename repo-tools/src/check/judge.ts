// What came out? Every check asked of what was read; pure.

import { CHECKS, type Check, GROUPS, type Group, type Severity } from './checks.ts';
import type { Fault, Seen } from './seen.ts';

export interface Finding extends Fault {
  readonly code: string;
  readonly group: Group;
  readonly severity: Severity;
  readonly hint: string;
}

export interface Judged {
  readonly check: Check;
  readonly outcome: 'passed' | Severity | 'not asked';
  readonly findings: readonly Finding[];
  /** How many there are beyond those that are listed. */
  readonly more: number;
}

export interface Verdict {
  readonly seen: Seen;
  readonly judged: readonly Judged[];
  /** Why a group was not asked at all. */
  readonly unasked: ReadonlyMap<Group, string>;
}

const MOST = 100;

export function judge(seen: Seen, checks: readonly Check[] = CHECKS): Verdict {
  const unasked = new Map(
    GROUPS.flatMap((group) => {
      const why = whyNotAsked(group, seen);
      return why === undefined ? [] : [[group, why] as const];
    }),
  );
  return { seen, unasked, judged: checks.map((check) => ask(check, seen, unasked)) };
}

function ask(check: Check, seen: Seen, unasked: ReadonlyMap<Group, string>): Judged {
  const { code, group, hint, elsewhere } = check;
  const severity = seen.own ? check.severity : (elsewhere ?? check.severity);
  if (unasked.has(group) || severity === 'not asked')
    return { check, outcome: 'not asked', findings: [], more: 0 };
  const found = check.find(seen);
  const findings = found.slice(0, MOST).map((fault) => ({ code, group, severity, hint, ...fault }));
  const more = Math.max(found.length, seen.faults.count(code)) - findings.length;
  return { check, outcome: findings.length === 0 ? 'passed' : severity, findings, more };
}

function whyNotAsked(group: Group, { head, answers }: Seen): string | undefined {
  switch (group) {
    case 'history':
      if (head.snapshot === undefined) return 'no reader gets as far as the snapshot';
      return head.root.signed.consistentSnapshot ? undefined : 'without consistent snapshots there is none';
    case 'snapshot':
    case 'files':
    case 'delegations':
      return head.targets === undefined ? 'no reader gets as far as targets' : undefined;
    case 'cache':
      return answers === undefined ? 'a folder has no cache headers' : undefined;
    default:
      return undefined;
  }
}
