// Which roots are published, and does a reader who begins at any of them arrive?
//
// Expiry is another check's question: these readers live before every expiry.

import { equalOctets } from '@cfl/client/encoding';
import { memoryCache } from '@cfl/client/library';
import {
  Client,
  type Document,
  LIMITS,
  metadataFile,
  parseRoot,
  parseSnapshot,
  parseTimestamp,
  RefusedError,
  type Repository,
  ROOT,
  type Root,
  SNAPSHOT,
  TIMESTAMP,
  UnreachableError,
} from '@cfl/client/tuf';
import type { Faults, Head, Roots } from './seen.ts';

export const BEFORE_EVERY_EXPIRY = new Date(0);

/** In order. Those before the pinned one as far as they are there, those after it until there is no next. */
export async function readRoots(repository: Repository, pinned: Uint8Array, faults: Faults): Promise<Roots> {
  const first = await parseRoot(pinned, ROOT);
  const { version } = first.signed;
  const published = await repository.metadata(metadataFile(ROOT, version), LIMITS.root);
  if (published === undefined) noteMissing(version, faults);
  else if (!equalOctets(published, pinned))
    faults.note(
      'ROOT_DIFFERS',
      metadataFile(ROOT, version),
      `root version ${version} is not the one that was given`,
    );
  const roots: [Document<Root>, ...Document<Root>[]] = [first];
  for (let before = version - 1; before >= 1; before--) {
    const root = await rootAt(repository, before);
    if (root === undefined) break;
    roots.unshift(root);
  }
  for (let after = version + 1; after <= version + LIMITS.rootRotations + 1; after++) {
    const root = await rootAt(repository, after);
    if (root === undefined) {
      if ((await rootAt(repository, after + 1)) !== undefined) noteMissing(after, faults);
      break;
    }
    roots.push(root);
  }
  return roots;
}

function noteMissing(version: number, faults: Faults): void {
  faults.note('ROOT_MISSING', metadataFile(ROOT, version), `root version ${version} is not there`);
}

/** Undefined also where it is no such root: then a reader who gets there says so. */
async function rootAt(repository: Repository, version: number): Promise<Document<Root> | undefined> {
  const octets = await repository.metadata(metadataFile(ROOT, version), LIMITS.root);
  const root = octets && (await parseRoot(octets, ROOT).catch(undefinedIfRefused));
  return root?.signed.version === version ? root : undefined;
}

/** A client that has read the top-level roles; undefined where the newest root leads nowhere. */
export interface Arrival {
  readonly head: Head;
  readonly client: Client | undefined;
}

/** Sends a fresh client on its way from each root. What is looked at afterwards is what the newest leads to. */
export async function arriveFromEach(roots: Roots, repository: Repository, faults: Faults): Promise<Arrival> {
  const remembered = remembering(repository);
  const strandedAt = new Map<string, number[]>();
  let newest: Arrival | undefined;
  for (const root of roots.toReversed()) {
    const { arrival, refusal } = await arrive(root, remembered);
    newest ??= arrival;
    if (refusal !== undefined)
      strandedAt.set(refusal, [...(strandedAt.get(refusal) ?? []), root.signed.version]);
  }
  for (const [refusal, versions] of strandedAt) {
    const from = `root ${versions.sort((a, b) => a - b).join(', ')}`;
    faults.note('NO_ARRIVAL', from, `a reader who starts at ${from} does not arrive: ${refusal}`);
  }
  return newest as Arrival;
}

async function arrive(
  root: Document<Root>,
  repository: Repository,
): Promise<{ readonly arrival: Arrival; readonly refusal?: string }> {
  const cache = memoryCache();
  const limits = { file: 512_000_000 };
  const client = new Client({ root: root.octets, repository, cache, limits, now: BEFORE_EVERY_EXPIRY });
  try {
    return { arrival: { head: await client.refresh(), client } };
  } catch (error) {
    if (!isWrong(error)) throw error;
    const kept = async <T>(file: string, parse: (octets: Uint8Array) => Promise<T>) => {
      const octets = await cache.read(file);
      return octets === undefined || octets.length === 0 ? undefined : parse(octets);
    };
    const head: Head = {
      root: (await kept(metadataFile(ROOT), (octets) => parseRoot(octets, ROOT))) ?? root,
      timestamp: await kept(metadataFile(TIMESTAMP), (octets) => parseTimestamp(octets, TIMESTAMP)),
      snapshot: await kept(metadataFile(SNAPSHOT), (octets) => parseSnapshot(octets, SNAPSHOT)),
      targets: undefined,
    };
    return { arrival: { head, client: undefined }, refusal: error.message };
  }
}

/** What is wrong with the repository, and not with the way to it. */
export function isWrong(error: unknown): error is RefusedError | UnreachableError {
  return error instanceof RefusedError || (error instanceof UnreachableError && error.code === 'MISSING');
}

export function undefinedIfRefused(error: unknown): undefined {
  if (error instanceof RefusedError) return undefined;
  throw error;
}

/** Every reader is told the same, and the server is asked once. */
function remembering(repository: Repository): Repository {
  const told = new Map<string, Promise<Uint8Array | undefined>>();
  return {
    metadata(file, limit) {
      const answer = told.get(file) ?? repository.metadata(file, limit);
      told.set(file, answer);
      return answer;
    },
    target: (path, digest, limit) => repository.target(path, digest, limit),
  };
}
