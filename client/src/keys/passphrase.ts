// Where does a passphrase come from? From the file that CFL_PASSPHRASE_FILE names, or from a person at a terminal.
// The same for the PIN of a token, whose file CFL_PIN_FILE names.
//
// Never from an argument: those stand in the process list and in the shell's history. What is typed is not shown.

import { readFile } from 'node:fs/promises';
import { createInterface, type Interface } from 'node:readline/promises';
import { type Readable, Writable } from 'node:stream';
import { fileError, KeyError } from './errors.ts';

export interface PassphraseRequest {
  /** What to ask, as in `Passphrase of gate.pem: ` */
  readonly prompt: string;
  /** Asked after the first one, for a new passphrase: both must be the same. */
  readonly again?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input?: Readable & { isTTY?: boolean };
  readonly output?: NodeJS.WritableStream & { isTTY?: boolean };
}

interface Secret {
  readonly name: 'passphrase' | 'PIN';
  readonly variable: string;
}

export function readPassphrase(request: PassphraseRequest): Promise<string> {
  return readSecret(request, { name: 'passphrase', variable: 'CFL_PASSPHRASE_FILE' });
}

export function readPin(request: PassphraseRequest): Promise<string> {
  return readSecret(request, { name: 'PIN', variable: 'CFL_PIN_FILE' });
}

async function readSecret(request: PassphraseRequest, { name, variable }: Secret): Promise<string> {
  const path = request.env[variable] ?? '';
  if (path !== '') return fromFile(path, name);
  const { input = process.stdin, output = process.stderr } = request;
  if (input.isTTY !== true || output.isTTY !== true) {
    throw new KeyError('NO_PASSPHRASE', `Cannot ask for a ${name}: this is not a terminal`, {
      hint: `Name a file that holds the ${name} in ${variable}`,
    });
  }
  return fromTerminal(request, input, output);
}

async function fromFile(path: string, name: Secret['name']): Promise<string> {
  const action = `Cannot read the ${name} file "${path}"`;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw fileError(action, cause);
  });
  const passphrase = text.replace(/\r?\n$/, '');
  if (passphrase !== '' && !/[\r\n]/.test(passphrase)) return passphrase;
  const found = passphrase === '' ? 'it is empty' : 'found several lines';
  throw new KeyError('NO_PASSPHRASE', `${action}: ${found}, expected one line`, {
    hint: `Write the ${name} into it, and nothing else`,
  });
}

async function fromTerminal(
  request: PassphraseRequest,
  input: Readable,
  output: NodeJS.WritableStream,
): Promise<string> {
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  // readline echoes to its output; it edits lines and puts the terminal into raw mode, but shows nothing
  const terminal = createInterface({ input, output: silence, terminal: true, historySize: 0 });
  try {
    const passphrase = await ask(terminal, request.prompt, output);
    if (request.again === undefined || (await ask(terminal, request.again, output)) === passphrase)
      return passphrase;
    throw new KeyError('NO_PASSPHRASE', 'Cannot use the passphrase: the two that were typed differ', {
      hint: 'Start again',
    });
  } finally {
    terminal.close();
  }
}

async function ask(terminal: Interface, prompt: string, output: NodeJS.WritableStream): Promise<string> {
  output.write(prompt);
  const stop = new AbortController();
  terminal.once('SIGINT', () => stop.abort());
  terminal.once('close', () => stop.abort());
  try {
    return await terminal.question('', { signal: stop.signal });
  } catch (cause) {
    throw new KeyError('NO_PASSPHRASE', 'Cannot go on without a passphrase: none was typed', {
      hint: 'Start again',
      cause,
    });
  } finally {
    output.write('\n');
  }
}
