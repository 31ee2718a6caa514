// How does an error reach a person or a program? As two lines, or as one JSON document, and an exit code.
//
// - An error that carries a code, and a hint (its own or in `detail`), was meant for the user: what could
//   not be done, then what to do. `lines`, where there are any, stand between the two.
// - An error of the file system names its file and what the system said.
// - Anything else is a mistake in the program: its stack is shown, and a line that asks for a report.

import type { Io } from './io.ts';

export const EXIT = { done: 0, refused: 1, usage: 2, unreachable: 3, act: 4 } as const;

/** The program was called in a way that it does not understand. */
export class UsageError extends Error {
  override name = 'UsageError';
  readonly code = 'USAGE';
  readonly exit = EXIT.usage;
  readonly hint: string;
  readonly lines: readonly string[];

  constructor(message: string, hint: string, lines: readonly string[] = []) {
    super(message);
    this.hint = hint;
    this.lines = lines;
  }
}

interface Told {
  readonly code: string;
  readonly exit: number;
  readonly message: string;
  readonly lines: readonly string[];
  readonly hint: string | undefined;
  readonly found: string | number | undefined;
  readonly expected: string | number | undefined;
}

/** Prints the error and returns the exit code. */
export function tell(error: unknown, io: Io, form: 'lines' | 'json'): number {
  const told = toldOfAny(error);
  if (form === 'json') {
    io.out(JSON.stringify(documentOf(told)));
  } else {
    for (const line of [told.message, ...told.lines, told.hint]) if (line !== undefined) io.err(line);
  }
  return told.exit;
}

/** What a program is told of an error. */
export type ErrorDocument = ReturnType<typeof documentOf>;

export function errorDocument(error: unknown): ErrorDocument {
  return documentOf(toldOfAny(error));
}

function toldOfAny(error: unknown): Told {
  return toldOf(error) ?? fileTrouble(error) ?? unexpected(error);
}

function documentOf({ code, exit, message, lines, hint, found, expected }: Told) {
  const kind = exit === EXIT.usage ? 'usage' : exit === EXIT.unreachable ? 'unreachable' : 'refused';
  return {
    format: 'cfl/error/1',
    code,
    kind,
    message,
    hint: hint ?? null,
    found: found ?? null,
    expected: expected ?? null,
    ...(lines.length === 0 ? {} : { lines }),
  };
}

/** Recognised by its shape, so that a program need not load every folder that could throw one. */
function toldOf(error: unknown): Told | undefined {
  if (!(error instanceof Error)) return undefined;
  const own = new Map<string, unknown>(Object.entries(error));
  const code = own.get('code');
  const detail = own.get('detail');
  if (typeof code !== 'string' || (!own.has('hint') && !isObject(detail))) return undefined;
  const of = (name: string) => own.get(name) ?? (isObject(detail) ? detail[name] : undefined);
  const exit = own.get('exit');
  const lines = own.get('lines');
  return {
    code,
    exit:
      typeof exit === 'number' ? exit : error.name === 'UnreachableError' ? EXIT.unreachable : EXIT.refused,
    message: error.message,
    lines: Array.isArray(lines) ? lines.map(String) : [],
    hint: textOrNumber(of('hint'))?.toString(),
    found: textOrNumber(of('found')),
    expected: textOrNumber(of('expected')),
  };
}

const SYSTEM_WORDS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file or folder'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EISDIR', 'it is a folder'],
  ['ENOTDIR', 'a part of the path is no folder'],
  ['EEXIST', 'it is there already'],
  ['ENOSPC', 'no space is left'],
  ['EROFS', 'it cannot be written to'],
]);

function fileTrouble(error: unknown): Told | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const reason = SYSTEM_WORDS.get(String(error.code)) ?? String(error.code);
  const path = 'path' in error ? ` "${String(error.path)}"` : '';
  return {
    code: 'FILE_TROUBLE',
    exit: EXIT.refused,
    message: `Cannot ${String(error.syscall)}${path}: ${reason}`,
    lines: [],
    hint: 'Check the path, and that you may read and write there',
    found: String(error.code),
    expected: undefined,
  };
}

function unexpected(error: unknown): Told {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    code: 'UNEXPECTED',
    exit: EXIT.refused,
    message: `Cannot go on: ${error instanceof Error ? error.message : String(error)}`,
    lines: stack.split('\n').map((line) => `  ${line.trim()}`),
    hint: 'This is a mistake in the program. Please report it, with the lines above',
    found: undefined,
    expected: undefined,
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function textOrNumber(value: unknown): string | number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}
