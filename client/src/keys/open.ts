// Where is the key kept? The beginning of its URI says so; a plain path is a file.

import { fileURLToPath } from 'node:url';
import { KeyError } from './errors.ts';
import { type AskPassphrase, openKeyFile } from './file.ts';
import type { Signer, Use } from './signer.ts';

/** `keys/gate.pem`, `file:keys/gate.pem` or `file:///keys/gate.pem`. Asks for a passphrase only where one is needed. */
export async function openSigner(
  uri: string,
  options: { readonly passphrase?: AskPassphrase; readonly use?: Use } = {},
): Promise<Signer> {
  // One letter before the colon is a drive of Windows
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(uri)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'file') throw unknownScheme(scheme);
  return openKeyFile(scheme === undefined ? uri : filePath(uri), options.passphrase, options.use);
}

function filePath(uri: string): string {
  return uri.slice(5).startsWith('//') ? fileURLToPath(uri) : uri.slice(5);
}

/** Shows the scheme alone: the rest of a `pkcs11:` URI may hold a PIN. */
function unknownScheme(scheme: string): KeyError {
  return new KeyError(
    'UNKNOWN_SCHEME',
    `Cannot open the key "${scheme}:…": found the scheme "${scheme}", expected "file"`,
    {
      hint: 'Give file:PATH or a plain path to a key file',
    },
  );
}
