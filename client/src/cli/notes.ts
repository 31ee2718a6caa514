// `cfl notes`: the release notes, decrypted, verified against the manufacturer's statement, and printed.

import type { Check, Decrypted, VerifiedStatement } from '../library/index.ts';
import { command, JSON_OPTION } from './command.ts';
import { accessWith, CREDENTIAL_OPTION } from './credential.ts';
import { checkLine } from './layout.ts';
import { EXIT } from './refusal.ts';
import { HOME_OPTION, homeOf, withLibrary } from './session.ts';

export const notes = command({
  name: 'notes',
  does: 'Decrypts and verifies the notes of a release, and prints them',
  operands: ['RELEASE'],
  options: { ...CREDENTIAL_OPTION, ...HOME_OPTION, ...JSON_OPTION },
  examples: [
    {
      line: 'cfl notes 7d1a64c20e5b',
      does: 'what the manufacturer says that you must know before you deploy',
    },
    { line: 'cfl notes CPL-000412 --json', does: 'the same for a program, every character as it was signed' },
  ],
  run: ([name], values, io) => {
    const isJson = values.json === true;
    return withLibrary(
      { io, home: homeOf(values, io), ...(isJson ? {} : { steps: 'say' }) },
      async ({ library }) => {
        const { grantChecks, readNotes, readStatement, resolveRelease, stateOf } = await import(
          '../library/index.ts'
        );
        const listed = await resolveRelease(library, name);
        const about = await readStatement(library, listed);
        const { state, reason } = await stateOf(library, about, await library.withSuccessors(listed));
        const access = await accessWith(library, values, io)();
        const warnings: Check[] = [
          ...(state === 'current'
            ? []
            : [{ what: 'state', text: `${state}; ${reason}`, warns: true as const }]),
          ...grantChecks(access),
        ];
        const read = await readNotes(library, about, access);
        io.progress(undefined);
        if (isJson) io.out(JSON.stringify(documentOf(about, read, state)));
        else {
          for (const { what, text } of warnings) io.err(checkLine('warn', what, text));
          io.err(checkLine('ok', 'decrypted', `notes key, epoch ${read.epoch}`));
          io.err(checkLine('ok', 'notes', `${about.party.name}, as signed`));
          for (const line of linesOf(read)) io.out(line);
        }
        return warnings.length > 0 ? EXIT.act : EXIT.done;
      },
    );
  },
});

function textOf({ plaintext }: Decrypted): string {
  return new TextDecoder().decode(plaintext);
}

/** Tabs as spaces: a terminal is shown no control characters. */
function linesOf(read: Decrypted): readonly string[] {
  return textOf(read).replace(/\n$/, '').replaceAll('\t', '    ').split(/\r?\n/);
}

function documentOf({ release, code, digests }: VerifiedStatement, read: Decrypted, state: string) {
  return {
    format: 'cfl/notes/1',
    release,
    code,
    state,
    sha256: digests.notes,
    epoch: read.epoch,
    text: textOf(read),
  };
}
