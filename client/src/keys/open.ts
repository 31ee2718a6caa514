// Where is the key kept? The beginning of its URI says so; a plain path is a file.

import { fileURLToPath } from 'node:url';
import { openCommand } from './command.ts';
import { KeyError } from './errors.ts';
import { type AskPassphrase, openKeyFile } from './file.ts';
import { openPkcs11, type Pkcs11Options } from './pkcs11.ts';
import type { Signer, Use } from './signer.ts';

export interface OpenSignerOptions extends Pkcs11Options {
  readonly passphrase?: AskPassphrase;
  readonly use?: Use;
}

/**
 * `keys/gate.pem`, `file:keys/gate.pem` or `file:///keys/gate.pem`; `pkcs11:token=…;object=…` for a token (./pkcs11.ts),
 * `cmd:PROGRAM?key=…` for another program (./command.ts). Asks for a passphrase or PIN only where one is needed.
 */
export async function openSigner(uri: string, options: OpenSignerOptions = {}): Promise<Signer> {
  // One letter before the colon is a drive of Windows
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(uri)?.[1]?.toLowerCase();
  if (scheme === 'cmd') return openCommand(uri);
  if (scheme === 'pkcs11') return openPkcs11(uri, options);
  if (scheme !== undefined && scheme !== 'file') throw unknownScheme(scheme);
  return openKeyFile(scheme === undefined ? uri : filePath(uri), options.passphrase, options.use);
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
