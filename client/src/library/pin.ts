// How does trust begin? With one root that the user names: a file, or the SHA-256 that the operator read out.
//
// - With a digest, the first root is fetched, and must have exactly this digest. There is no other way.
// - The library is read once under that root before anything is written: a wrong root leaves no trace.
// - A folder that has another root pinned is left alone. A new address for the same root is taken.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { equalOctets, parseSha256, type Sha256, sha256 } from '../encoding/index.ts';
import {
  LIMITS,
  metadataFile,
  type Repository,
  ROOT,
  type Signers,
  UnreachableError,
  verifyPinnedRoot,
} from '../tuf/index.ts';
import { LibraryError } from './errors.ts';
import { cacheFiles, findHome, writeHome } from './home.ts';
import { Library } from './library.ts';
import { isWebAddress, openRepository, type SourceOptions } from './source.ts';

export type PinnedBy = { readonly rootFile: string } | { readonly rootSha256: string };

export interface PinOptions extends SourceOptions {
  readonly home: string;
  readonly url: string;
  readonly by: PinnedBy;
  readonly now: Date;
}

export interface PinnedLibrary {
  readonly name: string;
  readonly version: number;
  readonly signers: Signers;
  readonly sha256: Sha256;
}

export async function pinLibrary({ home, url, by, now, ...source }: PinOptions): Promise<PinnedLibrary> {
  const address = isWebAddress(url) ? url : resolve(url);
  const before = await findHome(home);
  const repository = openRepository(address, source);
  try {
    const root = await firstRoot(by, repository, address);
    const { document, signers } = await verifyPinnedRoot(root);
    if (before !== undefined && !equalOctets(before.root, root))
      throw alreadyPinned(home, before.pinned.name);
    const kept = new Map<string, Uint8Array>();
    const files = cacheFiles(home);
    const cache = {
      read: async (file: string) => kept.get(file) ?? (before === undefined ? undefined : files.read(file)),
      write: async (file: string, octets: Uint8Array) => void kept.set(file, octets),
    };
    const { name } = await new Library({ root, repository, cache, now }).settings();
    for (const [file, octets] of kept) await files.replace(file, octets);
    await writeHome(home, { pinned: { format: 'cfl/pinned/1', url: address, name }, root });
    return { name, version: document.signed.version, signers, sha256: await sha256(root) };
  } finally {
    repository.close();
  }
}

async function firstRoot(by: PinnedBy, repository: Repository, address: string): Promise<Uint8Array> {
  if ('rootFile' in by) return readFile(by.rootFile);
  const expected = parseSha256(by.rootSha256);
  const octets = await repository.metadata(metadataFile(ROOT, 1), LIMITS.root);
  if (octets === undefined) {
    throw new UnreachableError('MISSING', `Cannot get the first root of ${address}: it is not there`, {
      hint: 'Check the address: it is the one above "metadata" and "targets"',
    });
  }
  const found = await sha256(octets);
  if (found === expected) return octets;
  throw new LibraryError(
    'WRONG_ROOT',
    `Cannot trust the first root of ${address}: its SHA-256 is ${found}, expected ${expected}`,
    {
      found,
      expected,
      hint: 'Check the digest with the operator, by another way than this address. If it is right, this copy is not the library',
    },
  );
}

function alreadyPinned(home: string, name: string): LibraryError {
  return new LibraryError(
    'ALREADY_PINNED',
    `Cannot pin this root in "${home}": another root is pinned there, of "${name}"`,
    {
      hint: 'Keep a second library in a folder of its own: --home DIR',
    },
  );
}
