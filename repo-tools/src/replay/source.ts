// What does an auditor read? The published library from its pinned root, its chain of decisions, and files that
// are no longer listed: their names hold their SHA-256, and nothing published is ever removed.

import { sha256 } from '@cfl/client/encoding';
import { type ChainHead, memoryCache, type VerifiedChain, verifyChain } from '@cfl/client/library';
import { Client, parseTargetPath, type Repository, type RoleName } from '@cfl/client/tuf';
import { openPublished, type Published } from '../deploy/state.ts';
import { GATE } from '../intake/planned.ts';

export interface ReplaySource {
  readonly published: Published;
  /** A role file by its name, `7.m-fff1.json`; undefined where it is not there or is another. */
  metadata(file: string, digest?: string): Promise<Uint8Array | undefined>;
  /** A target by its path and SHA-256, whether or not it is listed still. */
  target(path: string, digest: string): Promise<Uint8Array | undefined>;
}

/** Longer than any file of a library. */
const LIMIT = 64_000_000;

export async function openSource(
  repository: Repository,
  { root, now }: { readonly root: Uint8Array; readonly now: Date },
): Promise<ReplaySource> {
  const published = await openPublished(new Client({ root, repository, cache: memoryCache(), now }), root);
  return {
    published,
    async metadata(file, digest) {
      const octets = await repository.metadata(file, LIMIT);
      return digest === undefined || octets === undefined ? octets : ifSame(octets, digest);
    },
    async target(path, digest) {
      const octets = await repository
        .target(parseTargetPath(path), digest as Parameters<Repository['target']>[1], LIMIT)
        .catch(undefinedIfMissing);
      return octets && ifSame(octets, digest);
    },
  };
}

async function ifSame(octets: Uint8Array, digest: string): Promise<Uint8Array | undefined> {
  return (await sha256(octets)) === digest ? octets : undefined;
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'MISSING') return undefined;
  throw error;
}

/** Throws LibraryError where the chain is not whole, or does not continue `known`. */
export async function publishedChain(published: Published, known?: ChainHead): Promise<VerifiedChain> {
  const listed = await listedBy(published, GATE);
  return verifyChain({ listed, read: (path) => published.read(path) }, known);
}

/** By the role and its bins. */
async function listedBy(published: Published, role: RoleName): Promise<readonly string[]> {
  const signed = (await published.role(role))?.signed;
  const below = signed?.delegations?.roles.map(({ name }) => listedBy(published, name)) ?? [];
  return [...(signed?.targets.keys() ?? []), ...(await Promise.all(below)).flat()];
}
