// What does `--help` say? Each command with its options and worked examples.

import type { Command, Program } from './command.ts';
import { columns } from './layout.ts';

const EXIT_CODES =
  'Exit codes: 0 done, 1 refused, 2 not understood, 3 could not reach, 4 done but a person must act';

export function programHelp(program: Program): string[] {
  const rows = program.commands.map((command) => [`  ${program.name} ${synopsis(command)}`, command.does]);
  return [
    program.does,
    '',
    ...columns(rows),
    '',
    `Run: ${program.name} COMMAND --help, for options and examples`,
    EXIT_CODES,
  ];
}

export function commandHelp(program: Program, command: Command): string[] {
  const options = Object.entries(command.options).map(([name, { value, multiple, does }]) => [
    `  --${name}${value === undefined ? '' : ` ${value}`}`,
    multiple === true ? `${does}; may be given several times` : does,
  ]);
  const examples = command.examples.flatMap(({ line, does }) => [`  ${line}`, `      ${does}`]);
  return [
    `${program.name} ${synopsis(command)}`,
    command.does,
    ...(options.length === 0 ? [] : ['', 'Options', ...columns(options)]),
    '',
    'Examples',
    ...examples,
    '',
    EXIT_CODES,
  ];
}

function synopsis(command: Command): string {
  return [command.name, ...command.operands].join(' ');
}
