// Which root has been seen here? The newest one is kept in the private folder, under the digest of the first.
//
// - A load begins there, so that it need not walk from the first root again.
// - Where it is no longer published, the folder is older than it was: nothing is read, finished or written.
// A library that is founded anew in the same folder has another first root, so another memory.

import { equalOctets, sha256 } from '@cfl/client/encoding';
import type { Files } from '@cfl/client/library';
import { type Document, metadataFile, parseRoot, ROOT, type Root } from '@cfl/client/tuf';
import { ChangeError } from '../change/errors.ts';

interface Folders {
  readonly metadata: Files;
  readonly private: Files;
}

/** Undefined where none is remembered, or what is kept cannot be read. Throws OLDER_COPY. */
export async function rememberedRoot(at: Folders): Promise<Uint8Array | undefined> {
  const memory = await memoryOf(at);
  const kept = memory === undefined ? undefined : await at.private.read(memory);
  const root = kept && (await parseRoot(kept, ROOT).catch(() => undefined));
  if (root === undefined) return undefined;
  const file = metadataFile(ROOT, root.signed.version);
  const published = await at.metadata.read(file);
  if (published !== undefined && equalOctets(published, root.octets)) return root.octets;
  throw new ChangeError(
    'OLDER_COPY',
    `Cannot go on with this library: metadata/${file} ${published === undefined ? 'is missing' : 'is another'}, and was here before`,
    'metadata/ comes from an older copy, or from another. Put back the newest, from the CDN or a mirror. If this is the newest there is: remove private/roots',
  );
}

/** A root to which a walk from the first one has just led. The lock is held. */
export async function rememberRoot(at: Folders, { octets, signed }: Document<Root>): Promise<void> {
  const memory = signed.version === 1 ? undefined : await memoryOf(at);
  if (memory === undefined) return;
  const kept = await at.private.read(memory);
  if (kept === undefined || !equalOctets(kept, octets)) await at.private.replace(memory, octets);
}

async function memoryOf({ metadata }: Folders): Promise<string | undefined> {
  const first = await metadata.read(metadataFile(ROOT, 1));
  return first && `roots/${await sha256(first)}.json`;
}
