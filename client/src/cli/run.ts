// How is a program run? Finds the command, checks how it was called, runs it, and turns every outcome into
// lines and an exit code: 0 done, 1 refused, 2 usage, 3 could not reach, 4 done but a person must act.

import { findCommand, parseCall } from './args.ts';
import type { Program } from './command.ts';
import { commandHelp, programHelp } from './help.ts';
import type { Io } from './io.ts';
import { EXIT, tell } from './refusal.ts';

/** Never throws. */
export async function runProgram(program: Program, argv: readonly string[], io: Io): Promise<number> {
  let form: 'lines' | 'json' = 'lines';
  try {
    if (argv.length === 0 || isHelp(argv[0])) {
      for (const line of programHelp(program)) argv.length === 0 ? io.err(line) : io.out(line);
      return argv.length === 0 ? EXIT.usage : EXIT.done;
    }
    const { command, rest } = findCommand(program, argv);
    if (beforeDashes(rest).some(isHelp)) {
      for (const line of commandHelp(program, command)) io.out(line);
      return EXIT.done;
    }
    if (Object.hasOwn(command.options, 'json') && beforeDashes(rest).includes('--json')) form = 'json';
    const { operands, values } = parseCall(program, command, rest);
    return await command.run(operands, values, io);
  } catch (error) {
    io.progress(undefined);
    return tell(error, io, form);
  }
}

function isHelp(word: string | undefined): boolean {
  return word === '--help' || word === '-h';
}

function beforeDashes(words: readonly string[]): readonly string[] {
  const end = words.indexOf('--');
  return end === -1 ? words : words.slice(0, end);
}
