// Where is the key kept? The beginning of its URI says so; a plain path is a file.

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCommand } from './command.ts';
import { KeyError } from './errors.ts';
import { type AskPassphrase, openKeyFile } from './file.ts';
import { openPkcs11, type Pkcs11Options } from './pkcs11.ts';
import type { Signer, Use } from './signer.ts';

export interface OpenSignerOptions extends Pkcs11Options {
  readonly passphrase?: AskPassphrase;
  readonly use?: Use;
  /** The folder that relative paths start from; else the one where the program runs. */
  readonly base?: string;
}

/**
 * `keys/gate.pem`, `file:keys/gate.pem` or `file:///keys/gate.pem`; `pkcs11:token=…;object=…` for a token (./pkcs11.ts),
 * `cmd:PROGRAM?key=…` for another program (./command.ts). Asks for a passphrase or PIN only where one is needed.
 */
export async function openSigner(uri: string, options: OpenSignerOptions = {}): Promise<Signer> {
  const scheme = schemeOfUri(uri);
  if (scheme === 'cmd') return openCommand(uri, options.base);
  if (scheme === 'pkcs11') return openPkcs11(uri, options);
  if (scheme !== undefined && scheme !== 'file') throw unknownScheme(scheme);
  const path = keyFileOf(uri, options.base) ?? uri;
  return openKeyFile(path, options.passphrase, options.use);
}

/** Where the key file is; undefined for a key that is kept otherwise. */
export function keyFileOf(uri: string, base?: string): string | undefined {
  const scheme = schemeOfUri(uri);
  if (scheme !== undefined && scheme !== 'file') return undefined;
  const path = scheme === undefined ? uri : filePath(uri);
  return base === undefined ? path : resolve(base, path);
}

/** What people are shown of it: arguments of a program may be secret. */
export function nameOfKey(uri: string): string {
  return schemeOfUri(uri) === undefined ? uri : uri.replace(/\?.*$/s, '');
}

function schemeOfUri(uri: string): string | undefined {
  // One letter before the colon is a drive of Windows
  return /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(uri)?.[1]?.toLowerCase();
}

function filePath(uri: string): string {
  return uri.slice(5).startsWith('//') ? fileURLToPath(uri) : uri.slice(5);
}

/** Shows the scheme alone: the rest may hold a secret. */
function unknownScheme(scheme: string): KeyError {
  return new KeyError(
    'UNKNOWN_SCHEME',
    `Cannot open the key "${scheme}:…": found the scheme "${scheme}", expected "file", "pkcs11" or "cmd"`,
    {
      hint: 'Give file:PATH or a plain path to a key file, pkcs11: for a token, cmd: for another program',
    },
  );
}
