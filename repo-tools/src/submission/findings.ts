// How do findings read? The severity, the code and what was found; under it, what to do.

import { type AnswerFinding, decisive } from '../intake/answer.ts';

const SEVERITY = 6;
const CODE = 20;

export function findingLines(findings: readonly AnswerFinding[]): string[] {
  return decisive(findings).flatMap(({ severity, code, message, hint, release }) => {
    const of = release === undefined ? '' : `release ${release.slice(0, 12)}: `;
    const head = `${severity.padEnd(SEVERITY)}  ${code.padEnd(CODE)}  `;
    return [`${head}${of}${message}`, `${' '.repeat(head.length)}${hint}`];
  });
}
