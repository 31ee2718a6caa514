// `cfl fetch`: a release verified from the pinned root to its last header field, decrypted in memory, then written, whole or not at all.

import { join, resolve } from 'node:path';
import type { ReleaseState } from '../firmware/index.ts';
import type { BundleAbout, Check, Library } from '../library/index.ts';
import { command, JSON_OPTION } from './command.ts';
import { accessWith, CREDENTIAL_OPTION } from './credential.ts';
import type { Io } from './io.ts';
import { checkLine } from './layout.ts';
import { EXIT } from './refusal.ts';
import { bundleAge, HOME_OPTION, homeOf, withLibrary } from './session.ts';

export const fetch = command({
  name: 'fetch',
  does: 'Decrypts and verifies a release, and writes image, notes and evidence',
  operands: ['RELEASE'],
  options: {
    to: { type: 'string', value: 'DIR', does: 'the folder to write to; else the present one' },
    bundle: {
      type: 'string',
      value: 'FILE',
      does: 'read this bundle instead of the library itself, verified the same way',
    },
    withdrawn: { type: 'boolean', does: 'also if it was withdrawn; do not deploy what you get' },
    ...CREDENTIAL_OPTION,
    ...HOME_OPTION,
    ...JSON_OPTION,
  },
  examples: [
    {
      line: 'cfl fetch 7d1a64c20e5b --to firmware',
      does: 'says each check on stderr, and on stdout the files that it wrote',
    },
    { line: 'cfl fetch CPL-000412 --json', does: 'the same for a program' },
    {
      line: 'cfl fetch 11d08e6fa2c4 --withdrawn --to inquiry',
      does: 'for an inquiry into a withdrawn release',
    },
    {
      line: 'cfl fetch 7d1a64c20e5b --bundle library.tar --to firmware',
      does: 'without a line to the library: says how old the bundle is',
    },
  ],
  run: ([name], values, io) => {
    const isJson = values.json === true;
    return withLibrary(
      { io, home: homeOf(values, io), bundle: values.bundle, ...(isJson ? {} : { steps: 'say' }) },
      async ({ library, bundle }) => {
        const { folder, readRelease, resolveRelease, saveRelease } = await import('../library/index.ts');
        const listed = await resolveRelease(library, name);
        const say = isJson ? () => {} : speaker(io);
        if (bundle !== undefined && !isJson) await sayAge(bundle, library, io);
        const verified = await readRelease(library, listed, {
          withdrawn: values.withdrawn === true ? 'read' : 'refuse',
          access: accessWith(library, values, io),
          onCheck: say,
        });
        const to = values.to ?? '.';
        const saved = await saveRelease(folder(resolve(to)), library, verified);
        const files = {
          image: join(to, saved.image),
          notes: saved.notes === undefined ? null : join(to, saved.notes),
          evidence: join(to, saved.evidence),
        };
        const leftOut = 'leftOut' in verified.notes ? verified.notes.leftOut : null;
        const { trial } = await library.settings();
        io.progress(undefined);
        if (isJson) {
          const { about, state, checks } = verified;
          const { release, code, imageHash } = about;
          io.out(
            JSON.stringify({
              format: 'cfl/fetch/1',
              release,
              code,
              manufacturerImageHash: imageHash,
              state: state.state,
              trial,
              files,
              bundle: bundle === undefined ? null : { made: bundle.made },
              notesLeftOut: leftOut,
              checks,
            }),
          );
        } else {
          for (const path of Object.values(files)) if (path !== null) io.out(path);
          if (leftOut !== null) io.err(`Without notes. ${leftOut}`);
          if (trial)
            io.err('This is a trial library: all its keys were made on one machine. Deploy nothing from it');
          io.err(adviceOn(verified.state.state, leftOut === null ? 'with notes' : 'without'));
        }
        return verified.checks.some(({ warns }) => warns) ? EXIT.act : EXIT.done;
      },
    );
  },
});

function adviceOn(state: ReleaseState, read: 'with notes' | 'without'): string {
  if (state === 'withdrawn') return 'It was withdrawn: do not deploy it';
  return read === 'with notes'
    ? 'Read the notes and test the image before you deploy it'
    : 'Do not deploy it before somebody has read the notes and tested the image';
}

async function sayAge(bundle: BundleAbout, library: Library, io: Io): Promise<void> {
  const { minute } = await import('../tuf/index.ts');
  const { timestamp } = await library.refresh();
  io.err(bundleAge(bundle, { now: library.now, until: timestamp.signed.expires, minute }));
}

function speaker(io: Io): (check: Check) => void {
  return ({ what, text, warns }) => {
    io.err(checkLine(warns === true ? 'warn' : 'ok', what, text));
    // After the statement comes the image, the one thing here that takes time
    io.progress(what === 'statement' ? 'Fetching the image' : undefined);
  };
}
