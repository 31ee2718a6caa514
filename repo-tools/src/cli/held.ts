// What waits for a person: `held list`, `held show`, `held release`, `held reject`.

import { isReleasable } from '@cfl/client/admission';
import { command, EXIT, type Io, table } from '@cfl/client/cli';
import { openGatewaySigners } from '../ceremony/keys.ts';
import { loadState, presentOf } from '../deploy/index.ts';
import { heldNames, holdsOf, readHeld, reject, release } from '../intake/held.ts';
import { findingLines } from '../submission/findings.ts';
import { minuteOf } from '../submission/status.ts';
import { AT_OPTION, deskAt } from './desk.ts';
import { reasonGiven } from './reason.ts';

const JUDGE_OPTIONS = {
  ...AT_OPTION,
  reason: { type: 'string', value: 'TEXT', does: 'why: one line, which the submitter reads' },
  by: { type: 'string', value: 'OFFICE', does: 'who decides: an office, no person; else "the operator"' },
} as const;

const OPERATOR = 'the operator';

export const heldList = command({
  name: 'held list',
  does: 'Lists what is held, since when and why',
  operands: [],
  options: AT_OPTION,
  examples: [{ line: 'cfl-repo held list', does: 'exit code 4 where something is held' }],
  async run(_operands, values, io) {
    const { place } = deskAt(values.at, io);
    const rows: string[][] = [];
    for (const name of await heldNames(place)) {
      const held = await readHeld(place, name, io.now);
      const why = holdsOf(held).map(({ code }) => code);
      rows.push([
        name,
        minuteOf(held.answer.since),
        why.join(', ') || 'released: decided at the next intake',
      ]);
    }
    for (const line of table(rows, [{ title: 'SUBMISSION' }, { title: 'SINCE' }, { title: 'HELD BY' }]))
      io.out(line);
    return rows.length > 0 ? EXIT.act : EXIT.done;
  },
});

export const heldShow = command({
  name: 'held show',
  does: 'Shows one held submission: what it brings, what holds it, and what a person may do',
  operands: ['SUBMISSION'],
  options: AT_OPTION,
  examples: [{ line: 'cfl-repo held show fff1-c2f09b1137aa-2', does: 'the findings, word for word' }],
  async run([name], values, io) {
    const held = await readHeld(deskAt(values.at, io).place, name, io.now);
    const { submission, answer, judgement } = held;
    io.out(`${name}: held since ${minuteOf(answer.since)}, received ${minuteOf(judgement.received)}`);
    for (const { code, release: id, number } of submission.releases)
      io.out(`release ${code} ${id}, statement ${number}`);
    for (const line of findingLines(answer.findings)) io.out(line);
    for (const { code, by, reason } of judgement.released) io.out(`released ${code} by ${by}: "${reason}"`);
    sayChoices(held, io);
    return EXIT.act;
  },
});

function sayChoices(held: Awaited<ReturnType<typeof readHeld>>, io: Io): void {
  const codes = holdsOf(held).map(({ code }) => code);
  const may = codes.filter(isReleasable);
  if (codes.length === 0) io.err('Released: the next cfl-repo intake decides it again');
  if (may.length > 0) io.err(`Let ${may.join(', ')} pass: cfl-repo held release ${held.name} --reason "…"`);
  io.err(`Refuse it for good: cfl-repo held reject ${held.name} --reason "…"`);
}

export const heldRelease = command({
  name: 'held release',
  does: 'Lets a held submission pass the rules that hold it; the reason is published with the decision',
  operands: ['SUBMISSION'],
  options: {
    ...JUDGE_OPTIONS,
    rule: { type: 'string', multiple: true, value: 'CODE', does: 'only this rule; else all that may be' },
  },
  examples: [
    {
      line: 'cfl-repo held release fff1-c2f09b1137aa-2 --reason "the older image was never deployed"',
      does: 'takes effect at the next intake, where every other rule is asked again',
    },
  ],
  async run([name], values, io) {
    const { place } = deskAt(values.at, io);
    const by = values.by ?? OPERATOR;
    const reason = reasonGiven('held release', values.reason);
    const codes = await release(name, values.rule ?? [], { place, by, reason, now: io.now });
    io.out(`Released ${codes.join(', ')} for ${name}; the next cfl-repo intake decides it again`);
    return EXIT.done;
  },
});

export const heldReject = command({
  name: 'held reject',
  does: 'Refuses a held submission for good; the submitter gets the reason, signed by the gate',
  operands: ['SUBMISSION'],
  options: JUDGE_OPTIONS,
  examples: [
    {
      line: 'cfl-repo held reject fff1-c2f09b1137aa-2 --reason "replaced by 01000204 before it was used"',
      does: 'moves it to private/refused; the same files are refused if they come again',
    },
  ],
  async run([name], values, io) {
    const desk = deskAt(values.at, io);
    const by = values.by ?? OPERATOR;
    const reason = reasonGiven('held reject', values.reason);
    const { gate } = await openGatewaySigners(desk.keys, presentOf(await loadState(desk.place)));
    await reject(name, { place: desk.place, by, reason, now: io.now, gate });
    io.out(`Rejected ${name}; the answer for its submitter is private/refused/${name}/answer.json`);
    return EXIT.done;
  },
});
