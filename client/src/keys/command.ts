// Can another program sign? `cmd:` names one, for a key in a place that this project does not know.
//
//   cmd:/opt/hsm/sign?arg=--slot&arg=3&key=firmware.pub
//
// Rules
// - The program and its arguments are those of the URI, percent-decoded. No shell reads them.
// - It gets the exact octets to sign on stdin, and nothing else. It answers on stdout with an ECDSA signature over
//   their SHA-256, in DER; what it writes on stderr is shown.
// - `key` names its public part: a `.pub` file, or a public key in PEM. Only P-256.
// - What it answers is verified with that key before anybody gets to see it.

import { spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { publicKey } from '../tuf/key.ts';
import type { PublicKey } from '../tuf/types.ts';
import { fileError, KeyError } from './errors.ts';
import { readPublicKey } from './public.ts';
import type { Signer } from './signer.ts';
import { verifying } from './verifying.ts';

/** A person may have to press a button. */
const LONGEST_WAIT = 120_000;
/** Far more than a signature needs. */
const LONGEST_ANSWER = 1024;

interface CommandKey {
  readonly program: string;
  readonly args: readonly string[];
  readonly publicFile: string;
}

/** Throws KeyError. A path in it starts from `base`; a program without a slash is looked for as a shell does. */
export async function openCommand(uri: string, base?: string): Promise<Signer> {
  const { program: named, args, publicFile } = parseCommandUri(uri);
  const placed = (path: string) => (base === undefined ? path : resolve(base, path));
  const program = named.includes('/') ? placed(named) : named;
  const key = await readP256(placed(publicFile));
  return verifying(`the program "${program}"`, {
    key,
    sign: (message) => answerOf(program, args, message),
  });
}

export function parseCommandUri(uri: string): CommandKey {
  const [, path = '', query = ''] = /^cmd:([^?]*)\??(.*)$/is.exec(uri) ?? [];
  const args: string[] = [];
  const keys: string[] = [];
  for (const part of query.split('&').filter((one) => one !== '')) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(part) ?? ['', part];
    if (name === 'arg') args.push(decoded(value));
    else if (name === 'key') keys.push(decoded(value));
    else throw notUnderstood(`"${name}" is unknown, expected "arg" and "key"`);
  }
  const [publicFile, ...others] = keys;
  if (path === '') throw notUnderstood('it names no program');
  if (publicFile === undefined || publicFile === '' || others.length > 0)
    throw notUnderstood(`"key" stands ${keys.length} times, expected once`);
  return { program: decoded(path), args, publicFile };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw notUnderstood('a "%" in it is not followed by two hex digits', cause);
  }
}

/** The arguments may be secret: they are not repeated. */
function notUnderstood(reason: string, cause?: unknown): KeyError {
  return new KeyError('BAD_URI', `Cannot open the key "cmd:…": ${reason}`, {
    hint: 'Write it as cmd:PROGRAM?arg=ARGUMENT&key=FILE, where FILE holds its public key',
    cause,
  });
}

async function readP256(path: string): Promise<PublicKey> {
  const action = `Cannot read the public key "${path}"`;
  const text = await readFile(path, 'latin1').catch((cause: unknown) => {
    throw fileError(action, cause);
  });
  const key = /^\s*-----BEGIN PUBLIC KEY-----\s/.test(text)
    ? await pemKey(text, action)
    : await readPublicKey(path);
  if (key.scheme === 'ecdsa-sha2-nistp256') return key;
  throw new KeyError('UNSUPPORTED_KEY', `${action}: it is "${key.scheme}", expected "ecdsa-sha2-nistp256"`, {
    hint: 'Another program signs with ECDSA P-256 alone',
  });
}

async function pemKey(pem: string, action: string): Promise<PublicKey> {
  try {
    const read = createPublicKey(pem);
    if (read.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new TypeError('it is no key of P-256');
    return await publicKey(
      'ecdsa',
      'ecdsa-sha2-nistp256',
      read.export({ type: 'spki', format: 'pem' }).toString(),
    );
  } catch (cause) {
    throw new KeyError('UNSUPPORTED_KEY', `${action}: it is no public key of ECDSA P-256`, {
      hint: 'Give the public key of the key that the program signs with',
      cause,
    });
  }
}

function answerOf(program: string, args: readonly string[], message: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: unknown) => reject(failed(program, reason, cause));
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], timeout: LONGEST_WAIT });
    const chunks: Buffer[] = [];
    let length = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > LONGEST_ANSWER) child.kill();
      else chunks.push(chunk);
    });
    child.on('error', (cause) => fail('it does not start', cause));
    child.on('close', (code, signal) => {
      if (length > LONGEST_ANSWER) fail(`it answered with more than ${LONGEST_ANSWER} octets`);
      else if (code === 0) resolve(new Uint8Array(Buffer.concat(chunks)));
      else fail(code === null ? `it was ended by ${signal}` : `it ended with ${code}`);
    });
    // It may end before it has read everything; how it ended says why
    child.stdin.on('error', () => {});
    child.stdin.end(message);
  });
}

function failed(program: string, reason: string, cause: unknown): KeyError {
  return new KeyError('NOT_SIGNED', `Cannot sign with the program "${program}": ${reason}`, {
    hint: 'Run it by hand, with octets on its stdin, and see what it says',
    cause,
  });
}
