// What one session reads through and writes to: a repository within limits, and a cache that only saves
// requests. Neither is trusted; what comes out of here has yet to be verified.

import { equalOctets } from '../encoding/index.ts';
import { RefusedError, UnreachableError } from './errors.ts';
import { metadataFile } from './names.ts';
import type { Signers } from './threshold.ts';
import { type Authority, listedIn, type Verified, verifyTargets } from './trusted.ts';
import type { Cache, Document, Repository, RoleName, Root, SignedPart, Snapshot, Targets } from './types.ts';

/** Octets, where the delegating document gives no length; and counts. */
export interface Limits {
  readonly rootRotations: number;
  readonly delegations: number;
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
  readonly file: number;
}

export const LIMITS: Limits = {
  rootRotations: 256,
  delegations: 32,
  root: 512_000,
  timestamp: 16_384,
  snapshot: 8_000_000,
  targets: 32_000_000,
  file: 64_000_000,
};

/** A document that has just become trusted. */
export interface Step {
  readonly role: RoleName;
  readonly version: number;
  readonly expires: Date;
  readonly signers: Signers;
}

export interface ClientOptions {
  /** Octets of the root that the user pinned. */
  readonly root: Uint8Array;
  readonly repository: Repository;
  readonly cache: Cache;
  readonly now: Date;
  readonly limits?: Partial<Limits>;
  readonly onStep?: (step: Step) => void;
}

export class Session {
  readonly options: ClientOptions;
  readonly limits: Limits;

  constructor(options: ClientOptions) {
    this.options = options;
    this.limits = { ...LIMITS, ...options.limits };
  }

  /** TUF 5.6: from the cache where that still is what the snapshot lists, else from the repository. */
  async loadTargets(
    name: RoleName,
    authority: Authority,
    root: Root,
    snapshot: Snapshot,
  ): Promise<Document<Targets>> {
    const { cache, now } = this.options;
    const listed = listedIn(snapshot, name);
    const verify = (octets: Uint8Array) => verifyTargets(octets, name, authority, listed, now);
    const cached = await attempt(await cache.read(metadataFile(name)), verify);
    const verified =
      cached ??
      (await verify(
        await this.download(
          name,
          root.consistentSnapshot ? listed.version : undefined,
          Math.min(listed.length ?? this.limits.targets, this.limits.targets),
        ),
      ));
    if (cached === undefined) await this.keep(metadataFile(name), verified.document.octets);
    this.say(name, verified);
    return verified.document;
  }

  async download(role: RoleName, version: number | undefined, limit: number): Promise<Uint8Array> {
    const file = metadataFile(role, version);
    const octets = await this.options.repository.metadata(file, limit);
    if (octets === undefined) {
      throw new UnreachableError('MISSING', `Cannot get ${file}: the library does not have it`, {
        hint: 'The copy is not whole. Try again; if it stays so, tell the operator',
      });
    }
    return within(octets, limit, version === undefined ? role : `${role} version ${version}`);
  }

  /** Writes what was accepted, unless it is there already. */
  async keep(file: string, octets: Uint8Array): Promise<void> {
    const kept = await this.options.cache.read(file);
    if (kept === undefined || !equalOctets(kept, octets)) await this.options.cache.write(file, octets);
  }

  say(role: RoleName, { document, signers }: Verified<SignedPart>): void {
    this.options.onStep?.({
      role,
      version: document.signed.version,
      expires: document.signed.expires,
      signers,
    });
  }
}

/** What the cache holds is used where it verifies, and passed over where it is refused for whatever reason. */
export async function attempt<T>(
  octets: Uint8Array | undefined,
  verify: (octets: Uint8Array) => Promise<T>,
): Promise<T | undefined> {
  if (octets === undefined) return undefined;
  try {
    return await verify(octets);
  } catch (error) {
    if (error instanceof RefusedError) return undefined;
    throw error;
  }
}

export function within(octets: Uint8Array, limit: number, what: string): Uint8Array {
  if (octets.length <= limit) return octets;
  throw new RefusedError('WRONG_LENGTH', `Cannot accept ${what}: it has more than ${limit} octets`, {
    found: octets.length,
    expected: limit,
    hint: 'Something else than the library answers here. Do not use it; tell the operator',
  });
}
