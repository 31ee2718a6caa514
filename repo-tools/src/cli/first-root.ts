// By which root is a library trusted that is looked at from outside? One that is given, or that has a given digest.
//
// For a folder of this machine its own first root is taken where none is given.

import { readFile } from 'node:fs/promises';
import { UsageError } from '@cfl/client/cli';
import { parseSha256, sha256 } from '@cfl/client/encoding';
import { isWebAddress } from '@cfl/client/library';
import type { Repository } from '@cfl/client/tuf';
import { ChangeError } from '../change/errors.ts';

export const ROOT_OPTIONS = {
  root: { type: 'string', value: 'FILE', does: 'the first root, as the operator handed it out' },
  'root-sha256': { type: 'string', value: 'HEX', does: 'its SHA-256, as the operator read it out' },
} as const;

export interface RootValues {
  readonly root?: string;
  readonly 'root-sha256'?: string;
}

/** `verb` is what the command does: `replay`. */
export async function firstRootOf(
  library: string,
  verb: string,
  { root, 'root-sha256': digest }: RootValues,
  repository: Repository,
): Promise<Uint8Array> {
  if (root !== undefined) return readFile(root);
  if (digest === undefined && isWebAddress(library))
    throw new UsageError(
      `Cannot ${verb} ${library}: it is not said by which root it is trusted`,
      'Give the first root: --root FILE, or --root-sha256 HEX',
    );
  const octets = await repository.metadata('1.root.json', 1_000_000);
  if (octets === undefined)
    throw new ChangeError(
      'NO_LIBRARY',
      `Cannot find a library at "${library}": there is no metadata/1.root.json`,
      'Give the folder or the address above metadata/ and targets/',
    );
  const found = await sha256(octets);
  if (digest === undefined || found === parseSha256(digest.toLowerCase())) return octets;
  throw new ChangeError(
    'OTHER_LIBRARY',
    `Cannot trust the first root of ${library}: its SHA-256 is ${found}, expected ${digest}`,
    'Check the digest with the operator, by another way than this address',
  );
}
