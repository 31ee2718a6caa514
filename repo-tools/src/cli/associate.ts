// The Panel's hash associations: `cpl associate` and `cpl decide`.

import { resolve } from 'node:path';
import { command, EXIT, type Io, UsageError } from '@cfl/client/cli';
import type { Files } from '@cfl/client/library';
import { AssociationError, associate, decideInvestigation, type Fault } from '../association/index.ts';
import { recordChange } from '../audit/change.ts';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import type { Published } from '../deploy/state.ts';
import { writingUpon } from '../deploy/writing.ts';
import { type EndorsementFile, endorsementsIn, readWaiting } from '../endorsement/index.ts';
import { isLine } from '../intake/judgement.ts';
import { readSubmission, readSubmittedChange, type Submission } from '../intake/submission.ts';
import { AT_OPTION, type Desk, deskAt, keepAndSay } from './desk.ts';
import { folderAt } from './publish-desk.ts';
import { reasonGiven } from './reason.ts';

export const cplAssociate = command({
  name: 'cpl associate',
  does: 'Checks a communication by Appendix Z 4.3, and plans the hash association or opens an investigation',
  operands: ['SUBMISSION'],
  options: {
    ...AT_OPTION,
    endorsement: {
      type: 'string',
      multiple: true,
      value: 'DIR',
      does: "a supplier's endorsement that lies elsewhere than in the library, its inbox or its held ones",
    },
  },
  examples: [
    {
      line: 'cfl-repo cpl associate fff2-31be07d5c890-1',
      does: 'a held or waiting submission by its name, or a folder',
    },
  ],
  async run([name], values, io) {
    const desk = deskAt(values.at, io);
    const found = await writingUpon(desk.place, io.now, async (published) => {
      const { change, releases } = await submissionNamed(name, desk);
      if (change.library !== published.library) throw otherLibrary(name);
      const association = await associate(releases, {
        published,
        files: desk.place.private,
        endorsements: await endorsementsFor(values.endorsement ?? [], desk),
        now: io.now,
      });
      const kept =
        association.outcome === 'planned'
          ? await recordAndKeep('associated', association.change, { desk, published, now: io.now })
          : undefined;
      return { association, kept };
    });
    const { association, kept } = found;
    for (const line of association.lines) io.out(line);
    if (association.outcome === 'refused') throw refusal(name, association.faults);
    if (association.outcome === 'investigated')
      for (const number of association.numbers)
        io.err(`Decide: cfl-repo cpl decide ${number} --keep | --replace --reason "…"`);
    if (kept !== undefined) io.out(kept);
    return association.outcome === 'associated already' ? EXIT.done : EXIT.act;
  },
});

export const cplDecide = command({
  name: 'cpl decide',
  does: 'Decides an investigation, with a reason that is published, and plans the change for the Panel to sign',
  operands: ['NUMBER'],
  options: {
    ...AT_OPTION,
    keep: { type: 'boolean', does: 'the hash that the CPL has stays' },
    replace: { type: 'boolean', does: 'the entry gets the hash that was asked for' },
    reason: { type: 'string', value: 'TEXT', does: 'why: one line, for everybody to read' },
  },
  examples: [
    {
      line: 'cfl-repo cpl decide 3 --keep --reason "the manufacturer named the wrong entry"',
      does: 'once for good; either way it is published as cpl/decision-3.json',
    },
  ],
  async run([text], values, io) {
    const number = numberOf(text);
    if ((values.keep === true) === (values.replace === true))
      throw new UsageError(
        'Cannot run "cfl-repo cpl decide": expected either --keep or --replace',
        'Say which hash it shall be: --keep the one that the CPL has, or --replace it',
      );
    const reason = oneLine(number, reasonGiven('cpl decide', values.reason));
    const choice = values.keep === true ? 'keep' : 'replace';
    const desk = deskAt(values.at, io);
    const { decided, kept } = await writingUpon(desk.place, io.now, async (published) => {
      const files = desk.place.private;
      const options = { choice, reason, published, files, now: io.now } as const;
      const planned = await decideInvestigation(number, options);
      // First the change: a decision without one could not be made again
      const said = await recordAndKeep('decided', planned.change, { desk, published, now: io.now });
      await planned.record();
      return { decided: planned, kept: said };
    });
    say(decided.lines, io);
    io.out(kept);
    return EXIT.act;
  },
});

function say(lines: readonly string[], io: Io): void {
  for (const line of lines) io.out(line);
}

interface Keeping {
  readonly desk: Desk;
  readonly published: Published;
  readonly now: Date;
}

async function recordAndKeep(
  act: 'associated' | 'decided',
  change: Change,
  { desk, published, now }: Keeping,
): Promise<string> {
  await recordChange(act, change, { place: desk.place, published, now });
  return keepAndSay(change, published, desk);
}

/** By its name among the held ones or in the inbox, else a folder. */
async function submissionNamed(name: string, { place }: Desk): Promise<Submission> {
  for (const box of ['inbox', 'held'] as const)
    if (/^[\w.-]+$/.test(name) && (await isThere(place.private, `${box}/${name}`)))
      return readSubmission(place.private, `${box}/${name}`);
  const { files, base } = folderAt(name);
  if (await isThere(files, base)) return readSubmission(files, base);
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot find the submission "${name}": it is not held, not in the inbox, and no such folder`,
    'Run: cfl-repo held list, or give the path of the folder',
  );
}

async function isThere(files: Files, base: string): Promise<boolean> {
  return (await files.list(base)).includes('change.json');
}

async function endorsementsFor(
  given: readonly string[],
  { place }: Desk,
): Promise<readonly EndorsementFile[]> {
  const all = [...(await readWaiting(place.private)).endorsements];
  for (const path of given) {
    const { files, base } = folderAt(resolve(path));
    all.push(...endorsementsIn((await readSubmittedChange(files, base)).targets));
  }
  return all;
}

function refusal(name: string, [first]: readonly Fault[]): AssociationError {
  return new AssociationError(
    'NOT_ASSOCIATED',
    `Cannot associate what "${name}" asks for: ${first?.code ?? ''}, ${first?.message ?? ''}`,
    first?.hint ?? 'Ask the manufacturer',
  );
}

function otherLibrary(name: string): ChangeError {
  return new ChangeError(
    'OTHER_LIBRARY',
    `Cannot look at "${name}": it was made for another library`,
    'Use the folder of that library: --at DIR',
  );
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError(
    `Cannot run "cfl-repo cpl decide": "${text}" is no number of an investigation`,
    'Give the number that cpl associate said',
  );
}

function oneLine(number: number, reason: string): string {
  if (isLine(reason)) return reason;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot decide investigation ${number}: the reason is ${JSON.stringify(reason.slice(0, 40))}, expected one line of 1 to 200 characters`,
    'Everybody reads it: --reason "…"',
  );
}
