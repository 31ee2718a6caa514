// How is a finding said to a person? In one line.

import type { Absence, Ending, Finding, Step } from './judge.ts';

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];

const ABSENCES: Readonly<Record<Absence, string>> = {
  'no-hash': 'no hash is associated with it yet',
  'not-submitted': 'commercial, or not submitted',
  suspended: 'its release is suspended',
  withdrawn: 'its release was withdrawn',
};

export function inWords(finding: Finding): string {
  return `${mainly(finding)}${finding.ends === null ? '' : `; ${endingInWords(finding.ends)}`}`;
}

function mainly(finding: Finding): string {
  const { kind, steps, reason, absent } = finding;
  const then = steps.length === 0 ? 'nothing replaces it yet' : stepsInWords(steps);
  switch (kind) {
    case 'current':
      return 'current';
    case 'upgrade':
      return stepsInWords(steps);
    case 'withdrawn':
      return `runs a release ${reason}; ${then}`;
    case 'suspended':
      return `runs a suspended release: ${reason}; ${then}`;
    case 'not-active':
      return `not here, and ${reason}; ${steps.length === 0 ? asking(finding) : then}`;
    case 'newer-elsewhere':
      return `newer firmware ${absent?.firmwareVersion} is on the CPL but not here (${whyOf(finding)}); ${asking(finding)}`;
    case 'no-path':
      return `${reason}, but no upgrade from this version is stated; ${asking(finding)}`;
    case 'not-here':
      return `on the CPL but not here (${whyOf(finding)}); ${asking(finding)}`;
    case 'not-on-cpl':
      return 'not on the CPL';
  }
}

/** `upgrade to 01000203 (7d1a64c20e5b): fix`; `upgrade in two steps: 01000201, then 01000203` */
function stepsInWords(steps: readonly Step[]): string {
  const [first] = steps;
  if (steps.length === 1 && first !== undefined)
    return `upgrade to ${first.firmwareVersion} (${first.manufacturerImageHash.slice(0, 12)}): ${first.class}`;
  const number = NUMBERS[steps.length] ?? String(steps.length);
  return `upgrade in ${number} steps: ${steps.map(({ firmwareVersion }) => firmwareVersion).join(', then ')}`;
}

function whyOf({ absent }: Finding): string {
  return absent === null ? '' : ABSENCES[absent.why];
}

function asking({ ask }: Finding): string {
  return ask === null ? 'ask its manufacturer' : `ask ${ask.mailbox ?? ask.party}`;
}

function endingInWords({ entry, day, what }: Ending): string {
  return what === 'expires' ? `${entry} expires on ${day}` : `${entry} is due for renewal on ${day}`;
}
