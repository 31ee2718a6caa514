// `cfl-publish submit`, `sign` and `status`: a submission is made, mended and followed.

import { resolve } from 'node:path';
import { command, EXIT, grouped, type Io, JSON_OPTION } from '@cfl/client/cli';
import { findParty } from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import { type Change, readChange, writeChange } from '../change/change.ts';
import { readLibrary } from '../intake/library.ts';
import { readDrafts } from '../submission/draft.ts';
import { findingLines } from '../submission/findings.ts';
import { sealAgain } from '../submission/seal.ts';
import { parseDestination, sendSubmission } from '../submission/send.ts';
import { minuteOf, type SubmissionStatus, statusOf } from '../submission/status.ts';
import { isSubmission, type SignedRole, signAgain, signOwnRoles, submitBatch } from '../submission/submit.ts';
import { atDesk, folderAt, SETTINGS_OPTION, signedLines } from './publish-desk.ts';

const TO_OPTION = {
  to: { type: 'string', value: 'DIR', does: "write the submission there, such as the operator's inbox" },
} as const;

const SEND_OPTION = {
  send: {
    type: 'string',
    value: 'URI',
    does: 'and hand it over: github:OWNER/NAME as a pull request, or folder:DIR',
  },
} as const;

export const submit = command({
  name: 'submit',
  does: 'Checks, signs, and writes one folder to send to the library',
  operands: ['[DIR...]'],
  options: { ...TO_OPTION, ...SEND_OPTION, ...SETTINGS_OPTION },
  examples: [
    {
      line: 'cfl-publish submit meter-a meter-b',
      does: 'several releases in one submission, decided as one',
    },
    { line: 'cfl-publish submit --to /srv/library/private/inbox', does: 'for a library on this machine' },
    {
      line: 'cfl-publish submit --send github:example/library-inbox',
      does: 'opens a pull request too, with the token of CFL_GITHUB_TOKEN',
    },
  ],
  run: ([dirs], { to, send, settings: given }, io) =>
    atDesk(given, io, async ({ settings, published, ring }) => {
      if (send !== undefined) parseDestination(send);
      const drafts = await readDrafts(dirs, settings.party, io.now);
      const { name, change, roles } = await submitBatch(drafts, folder(resolve(to ?? '.')), {
        published,
        ring,
        now: io.now,
      });
      const party =
        findParty((await readLibrary(published)).register, settings.party)?.name ?? settings.party;
      const statements = drafts.length === 1 ? 'the statement' : `${drafts.length} statements`;
      io.err(`Signed     ${statements}, as ${party}`);
      saySealed(io, change);
      const place = to === undefined ? name : `${to}/${name}`;
      return sendIf(send, place, saySigned(io, place, change, roles), io);
    }),
});

/** What others must sign first stays here. */
async function sendIf(to: string | undefined, place: string, exit: number, io: Io): Promise<number> {
  if (to === undefined) return exit;
  if (exit !== EXIT.done) {
    io.err('NOT SENT   it needs more signatures: have it signed, and send it then');
    return exit;
  }
  io.progress('Sending');
  const sent = await sendSubmission(folderAt(place), to, { env: io.env });
  io.progress(undefined);
  io.err(`${sent.how === 'sent' ? 'Sent       ' : 'There      already, '}${sent.place}`);
  return exit;
}

function saySealed(io: Io, { sealedTo }: Change): void {
  if (sealedTo === undefined) return;
  const { images, notes } = sealedTo;
  io.err(`Sealed     to epoch ${images} of images, epoch ${notes} of notes, as the library names them`);
}

function saySigned(io: Io, name: string, change: Change, roles: readonly SignedRole[]): number {
  for (const line of signedLines(roles)) io.err(line);
  const octets = [
    ...change.targets.values(),
    ...[...change.metadata.values()].map((document) => document.octets),
  ];
  const size = octets.reduce((sum, one) => sum + one.length, 0);
  io.out(`${name}/  ${octets.length + 1} files, ${grouped(Math.ceil(size / 1000))} kB`);
  return roles.every(({ have, threshold }) => have >= threshold) ? EXIT.done : EXIT.act;
}

export const sign = command({
  name: 'sign',
  does: 'Signs a submission again upon the newest version of your role, or a change that adds you or renews your role',
  operands: ['SUBMISSION'],
  options: { ...TO_OPTION, ...SEND_OPTION, ...SETTINGS_OPTION },
  examples: [
    {
      line: 'cfl-publish sign fff1-7d1a64c20e5b-1',
      does: 'one signature; image, notes and statement stay as they are',
    },
  ],
  run: ([path], { to, send, settings: given }, io) =>
    atDesk(given, io, async ({ published, ring }) => {
      if (send !== undefined) parseDestination(send);
      const from = folderAt(path);
      const target = to === undefined ? from : { files: folder(resolve(to)), base: from.base };
      const options = { published, ring, now: io.now };
      if (await isSubmission(from)) {
        const { change, roles } = await signAgain(from, target, options);
        const place = to === undefined ? path.replace(/\/+$/, '') : `${to}/${from.base}`;
        return sendIf(send, place, saySigned(io, place, change, roles), io);
      }
      const { change, roles } = await signOwnRoles(await readChange(from.files, from.base), options);
      await writeChange(target.files, target.base, change);
      return saySigned(io, path.replace(/\/+$/, ''), change, roles);
    }),
});

export const seal = command({
  name: 'seal',
  does: 'Seals a submission again after a new epoch, from image and notes at hand, and signs your role again',
  operands: ['SUBMISSION', '[DIR...]'],
  options: { ...TO_OPTION, ...SETTINGS_OPTION },
  examples: [
    {
      line: 'cfl-publish seal fff1-7d1a64c20e5b-1 meter-a',
      does: 'with release.json, notes.md and image in meter-a; the statement stays as it is',
    },
  ],
  run: ([path, dirs], { to, settings: given }, io) =>
    atDesk(given, io, async ({ settings, published, ring }) => {
      const from = folderAt(path);
      const target = to === undefined ? from : { files: folder(resolve(to)), base: from.base };
      const drafts = await readDrafts(dirs, settings.party, io.now);
      const { change, roles } = await sealAgain(from, target, drafts, { published, ring, now: io.now });
      saySealed(io, change);
      const name = to === undefined ? path.replace(/\/+$/, '') : `${to}/${from.base}`;
      return saySigned(io, name, change, roles);
    }),
});

export const status = command({
  name: 'status',
  does: 'Says what became of a submission',
  operands: ['SUBMISSION'],
  options: { ...SETTINGS_OPTION, ...JSON_OPTION },
  examples: [
    { line: 'cfl-publish status fff1-7d1a64c20e5b-1', does: 'published, or not yet there' },
    {
      line: 'cfl-publish status held/fff1-7d1a64c20e5b-1',
      does: "with the gateway's answer.json in the folder: held or refused, and why",
    },
  ],
  run: ([path], { settings: given, json }, io) =>
    atDesk(given, io, async ({ published }) => {
      const { files, base } = folderAt(path);
      const found = await statusOf(files, base, published);
      if (json === true) io.out(JSON.stringify({ format: 'cfl/submission-status/1', ...found }));
      else for (const line of statusLines(found)) io.out(line);
      return exitFor(found);
    }),
});

function exitFor({ state }: SubmissionStatus): number {
  if (state === 'refused') return EXIT.refused;
  return ['published', 'withdrawn', 'endorsed'].includes(state) ? EXIT.done : EXIT.act;
}

function statusLines(found: SubmissionStatus): string[] {
  if (found.state === 'withdrawn')
    return [`Withdrawn on ${minuteOf(found.date)}: release ${found.release.slice(0, 12)}, for good`];
  if (found.state === 'endorsed')
    return [`Published: ${found.endorser} endorses release ${found.release.slice(0, 12)}`];
  if (found.state === 'not yet there') return ['Not yet there: the library shows no decision about it'];
  if (found.state !== 'published') {
    const since = minuteOf(found.answer.since);
    return [
      `${found.state === 'held' ? `Held since ${since}` : `Refused on ${since}`}; signed by the gateway`,
      ...findingLines(found.answer.findings),
    ];
  }
  const { decided, library } = found.decision;
  const how = found.byThis ? '' : ', from another submission of the same release';
  return [
    `Published on ${minuteOf(decided)}, library version ${library}${how}; decision signed by the gateway`,
  ];
}
