// docs/rules.md, made from the rules themselves: `node scripts/rules-page.ts` writes it, and a test compares.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openRules, RULES_VERSION, type Rule, ruleGroups, rules, type Severity } from '@cfl/client/admission';

export const RULES_PAGE = resolve(import.meta.dirname, '../docs/rules.md');

const SEVERITIES: Readonly<Record<Severity, string>> = {
  refuse: 'the submission is refused',
  hold: 'it is held, and decided again at each intake',
  warn: 'it is held until the statement acknowledges the code, under `acknowledged`',
  record: 'it is noted in the decision, and stops nothing',
};

export function rulesPage(): string {
  return `${[
    '# Rules of admission',
    '',
    '<!-- Written by node scripts/rules-page.ts from client/src/admission. Change it there. -->',
    '',
    `Rule set ${RULES_VERSION}: ${rules.length} rules, ${openRules.length} of them open. A code names one rule for good. \`cfl-publish check\` asks all of them on the manufacturer's machine, the gateway asks them again, and so can anybody later: they are one pure function, \`decide\`.`,
    '',
    '| severity | what it means |',
    '| --- | --- |',
    ...Object.entries(SEVERITIES).map(([severity, meaning]) => `| ${severity} | ${meaning} |`),
    '',
    'One refusal refuses; otherwise one hold, or one warning that is not acknowledged, holds. A hold marked "releasable" may be lifted by the operator, with a reason that stands in the public decision; no other can.',
    '',
    'An *open* rule rests on public files alone, so that anybody may ask it again. A *sealed* one needs the image or the notes in the clear; `decide(facts, { without: sealedCodes })` leaves these out.',
    ...ruleGroups.flatMap((group) => ['', `## ${group.title}`, ...tableOf(group.rules)]),
    '',
    'BR01 to BR05 are the requirements of SECMP0009 as the [requirements](requirements.md) number them; DUIS is the DCC User Interface Specification.',
  ].join('\n')}\n`;
}

function tableOf(group: readonly Rule[]): string[] {
  return [
    '| code | severity | reads | demand | from | what to do |',
    '| --- | --- | --- | --- | --- | --- |',
    ...group.map(rowOf),
  ];
}

function rowOf({ code, severity, sealed, releasable, demand, source, remedy }: Rule): string {
  const how = releasable === true ? `${severity}, releasable` : severity;
  const cells = [`\`${code}\``, how, sealed ? 'sealed' : 'open', demand, source, remedy];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

if (import.meta.main) writeFileSync(RULES_PAGE, rulesPage());
