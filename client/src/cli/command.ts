// What is a command of a program? Its name, options and worked examples as data, and what it does.

import type { Io } from './io.ts';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly multiple?: true;
  /** What help calls the value: `DIR`. */
  readonly value?: string;
  readonly does: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type Value<S extends OptionSpec> = S extends { readonly type: 'boolean' }
  ? boolean
  : S extends { readonly multiple: true }
    ? readonly string[]
    : string;

export type Values<O extends OptionSpecs> = { readonly [K in keyof O]?: Value<O[K]> };

/** `RELEASE` must be given, `[FILE]` may; `[DIR...]`, the last one, may be given many times. */
export type Operands<P extends readonly string[]> = {
  readonly [K in keyof P]: P[K] extends `[${string}...]`
    ? readonly string[]
    : P[K] extends `[${string}]`
      ? string | undefined
      : string;
};

/** What stands for one operand of a call. */
export type OperandValue = string | undefined | readonly string[];

export interface Example {
  readonly line: string;
  readonly does: string;
}

export interface CommandSpec<P extends readonly string[], O extends OptionSpecs> {
  /** One word or two: `fetch`, `party add`. */
  readonly name: string;
  /** One line, without a full stop. */
  readonly does: string;
  readonly operands: P;
  readonly options: O;
  readonly examples: readonly [Example, ...Example[]];
  /** Returns the exit code: 0, or 4 for done, but a person must act. What went wrong is thrown. */
  run(operands: Operands<P>, values: Values<O>, io: Io): Promise<number>;
}

/** A command whose operands and options are checked before it runs. */
export interface Command extends Omit<CommandSpec<readonly string[], OptionSpecs>, 'run'> {
  run(operands: readonly OperandValue[], values: Readonly<Record<string, unknown>>, io: Io): Promise<number>;
}

/** Gives `run` the types of the operands and options that the command names. */
export function command<const P extends readonly string[], const O extends OptionSpecs>(
  spec: CommandSpec<P, O>,
): Command {
  return {
    ...spec,
    run: (operands, values, io) => spec.run(operands as Operands<P>, values as Values<O>, io),
  };
}

export interface Program {
  readonly name: string;
  readonly does: string;
  readonly commands: readonly Command[];
}

/** For commands that print one versioned document, errors too. */
export const JSON_OPTION = {
  json: { type: 'boolean', does: 'print one JSON document, errors too' },
} as const;
