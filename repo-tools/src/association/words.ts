// How is a verdict read by the Panel? One line a clause of Appendix Z 4.3.

import type { Party } from '@cfl/client/firmware';
import type { Examined } from '../endorsement/index.ts';
import type { Conflict, Fault, Verdict } from './check.ts';

export interface Said {
  readonly examined: Examined;
  readonly endorsers: readonly Party[];
  readonly verdict: Verdict;
  /** Of the investigation that was opened, or is open already. */
  readonly investigation: { readonly number: number; readonly opened: 'now' | 'before' } | undefined;
}

export function clauseLines(said: Said): string[] {
  return [
    ...clause('4.3(a)', said.verdict.signature, signedBy(said)),
    ...clause('4.3(b)', said.verdict.entries, entriesSay(said)),
    ...clause('4.3(c)', said.verdict.smets1, [smets1Says(said)]),
  ];
}

function clause(name: string, faults: readonly Fault[], otherwise: readonly string[]): string[] {
  const lines =
    faults.length === 0 ? otherwise : faults.map(({ code, message }) => `refused  ${code}: ${message}`);
  return lines.map((line, i) => `${i === 0 ? name : ' '.repeat(name.length)}  ${line}`);
}

function signedBy({ examined: { facts, originator }, endorsers }: Said): string[] {
  if (!facts.evidence.ok) return [];
  const { serial, stampedAt } = facts.evidence;
  const who = originator?.name ?? facts.statement.predicate.originator;
  const names = endorsers.map(({ name }) => name).join(', ');
  return [
    `signed by ${who}, certificate ${serial}, not revoked on ${facts.received.slice(0, 10)}; endorsed by ${names}`,
    `stamped on ${stampedAt.slice(0, 10)}; the image is sealed: the gate compares it with the statement`,
  ];
}

function entriesSay({ verdict: { free, conflicts, associated }, investigation }: Said): string[] {
  return [
    ...free.map(({ entry }) => `${entry} has no hash yet`),
    ...associated.map((entry) => `${entry} has this very hash already`),
    ...conflicts.map((one) => conflictLine(one, investigation)),
  ];
}

function conflictLine({ entry, present }: Conflict, investigation: Said['investigation']): string {
  const what =
    investigation === undefined
      ? 'the CPL stays as it is'
      : investigation.opened === 'now'
        ? `investigation ${investigation.number} opened, the CPL stays as it is`
        : `investigation ${investigation.number} is open already, the CPL stays as it is`;
  return `${entry} already has the hash ${present.slice(0, 12)}: ${what}`;
}

function smets1Says({ examined: { facts, originator } }: Said): string {
  const has = facts.statement.predicate.claims.some(({ entry }) => facts.cpl.entries.get(entry)?.smets1);
  return has ? `SMETS1, and it comes from ${originator?.name ?? 'nobody'}, the DCC` : 'not SMETS1';
}
