// Which command is called, with which operands and options? Strictly: what is not known is refused.

import { parseArgs } from 'node:util';
import type { Command, OperandValue, Program } from './command.ts';
import { UsageError } from './refusal.ts';

export interface Call {
  readonly operands: readonly OperandValue[];
  readonly values: Readonly<Record<string, unknown>>;
}

/** The command of the first word or two, and what follows it. Throws UsageError. */
export function findCommand(
  program: Program,
  argv: readonly string[],
): { command: Command; rest: readonly string[] } {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(' ');
    const command = argv.length >= words ? program.commands.find((one) => one.name === name) : undefined;
    if (command !== undefined) return { command, rest: argv.slice(words) };
  }
  const first = argv[0] ?? '';
  const below = program.commands.filter(({ name }) => name.startsWith(`${first} `));
  if (below.length === 0) {
    throw new UsageError(
      `Cannot run "${program.name} ${first}": there is no such command`,
      `Run: ${program.name} --help`,
    );
  }
  const names = below.map(({ name }) => `"${name}"`).join(', ');
  throw new UsageError(
    `Cannot run "${program.name} ${first}": it needs a second word, expected one of ${names}`,
    `Run: ${program.name} --help`,
  );
}

/** Throws UsageError. */
export function parseCall(program: Program, command: Command, rest: readonly string[]): Call {
  const wrong = (reason: string) =>
    new UsageError(
      `Cannot run "${program.name} ${command.name}": ${reason}`,
      `Run: ${program.name} ${command.name} --help`,
    );
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type }]) => [name, { type }]),
  );
  // Not strict, so that the refusals are ours and do not hang on the wording of Node
  const { tokens } = parseArgs({
    args: [...rest],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const operands: string[] = [];
  const values = new Map<string, unknown>();
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const spec = Object.hasOwn(command.options, token.name) ? command.options[token.name] : undefined;
    if (spec === undefined) throw wrong(`unknown option "${token.rawName}"`);
    if (spec.type === 'boolean') {
      if (token.value !== undefined) throw wrong(`"${token.rawName}" takes no value`);
      values.set(token.name, true);
      continue;
    }
    if (token.value === undefined || (!token.inlineValue && /^-./.test(token.value)))
      throw wrong(`"${token.rawName}" needs a value`);
    if (values.has(token.name) && spec.multiple !== true) throw wrong(`"${token.rawName}" is given twice`);
    values.set(
      token.name,
      spec.multiple === true
        ? [...((values.get(token.name) as string[] | undefined) ?? []), token.value]
        : token.value,
    );
  }
  const missing = command.operands.slice(operands.length).find((name) => !name.startsWith('['));
  if (missing !== undefined) throw wrong(`${missing} is missing`);
  const isMany = command.operands.at(-1)?.endsWith('...]') === true;
  const extra = isMany ? undefined : operands[command.operands.length];
  if (extra !== undefined) throw wrong(`"${extra}" is one word too many`);
  const given = (name: string, i: number) => (name.endsWith('...]') ? operands.slice(i) : operands[i]);
  return { operands: command.operands.map(given), values: Object.fromEntries(values) };
}
