// One session of a reader: from the pinned root to a target's octets, through a repository that is not
// trusted and a cache that is not trusted either (TUF 5, the client workflow).
//
// `now` is fixed for the session (5.1).

import { RefusedError } from './errors.ts';
import { matchesPattern, TARGETS } from './names.ts';
import { refresh, type Trusted } from './refresh.ts';
import { type ClientOptions, Session } from './session.ts';
import { verifyThreshold } from './threshold.ts';
import { type Authority, hash, verifyLengthAndHashes } from './trusted.ts';
import type { DelegatedRole, Document, RoleName, TargetFile, TargetPath, Targets } from './types.ts';

export interface FoundTarget {
  readonly path: TargetPath;
  readonly file: TargetFile;
  /** The role that lists it, and the roles on the way there from `targets`. */
  readonly role: RoleName;
  readonly by: readonly RoleName[];
  readonly document: Document<Targets>;
}

/** Finds files by their paths, and reads them: all that a page needs. */
export class PathClient {
  protected readonly session: Session;
  /** Of this session, by name. */
  protected readonly roles = new Map<RoleName, Document<Targets>>();
  /** By document, the delegating documents under which it was verified in this session. */
  readonly #verified = new WeakMap<Document<Targets>, Set<Document<Targets>>>();
  #trusted: Promise<Trusted> | undefined;

  constructor(options: ClientOptions) {
    this.session = new Session(options);
  }

  /** Brings the top-level roles up to date; once a session, however often it is called. */
  refresh(): Promise<Trusted> {
    this.#trusted ??= refresh(this.session);
    return this.#trusted;
  }

  /** The target as the first role in pre-order lists it (TUF 5.6.7); undefined where none does. */
  async find(path: TargetPath): Promise<FoundTarget | undefined> {
    const { targets } = await this.refresh();
    const visited = new Set<RoleName>();
    return (await this.#search(path, TARGETS, targets, [], visited)).found;
  }

  /** The target's octets, of the signed length and hash (TUF 5.7). */
  async read({ path, file }: Pick<FoundTarget, 'path' | 'file'>): Promise<Uint8Array> {
    const { root } = await this.refresh();
    const digest = file.hashes.get('sha256') ?? file.hashes.get('sha512');
    if (digest === undefined) {
      throw new RefusedError('WRONG_HASH', `Cannot read ${path}: it has neither a sha256 nor a sha512`, {
        hint: 'Tell the operator',
      });
    }
    const octets = await this.session.options.repository.target(
      path,
      root.signed.consistentSnapshot ? digest : undefined,
      Math.min(file.length, this.session.limits.file),
    );
    await verifyLengthAndHashes(path, octets, file);
    return octets;
  }

  /** TUF 5.6.7: pre-order, each role once; a terminating delegation ends the search, found or not. */
  async #search(
    path: TargetPath,
    name: RoleName,
    document: Document<Targets>,
    by: readonly RoleName[],
    visited: Set<RoleName>,
  ): Promise<{ readonly found: FoundTarget | undefined; readonly ended: boolean }> {
    visited.add(name);
    if (visited.size > this.session.limits.delegations) {
      throw new RefusedError(
        'TOO_MANY',
        `Cannot find ${path}: more than ${this.session.limits.delegations} roles may list it`,
        { hint: 'Tell the operator' },
      );
    }
    const file = document.signed.targets.get(path);
    if (file !== undefined) return { found: { path, file, role: name, by, document }, ended: true };
    for (const role of document.signed.delegations?.roles ?? []) {
      if (visited.has(role.name) || !(await covers(role, path))) continue;
      const child = await this.load(role, name, document);
      const result = await this.#search(path, role.name, child, [...by, name], visited);
      if (result.ended || role.terminating) return { found: result.found, ended: true };
    }
    return { found: undefined, ended: false };
  }

  /** A delegated role. Reached on a second way, it is verified again with the keys of that way's delegator. */
  protected async load(
    role: DelegatedRole,
    delegator: RoleName,
    parent: Document<Targets>,
  ): Promise<Document<Targets>> {
    const authority: Authority = { role, keys: parent.signed.delegations?.keys ?? new Map() };
    const loaded = this.roles.get(role.name);
    if (loaded !== undefined) {
      if (this.#verified.get(loaded)?.has(parent)) return loaded;
      await verifyThreshold(
        loaded,
        authority.role,
        authority.keys,
        `${role.name} version ${loaded.signed.version} under ${delegator}`,
      );
      this.#verified.get(loaded)?.add(parent);
      return loaded;
    }
    const { root, snapshot } = await this.refresh();
    const document = await this.session.loadTargets(role.name, authority, root.signed, snapshot.signed);
    this.roles.set(role.name, document);
    // By document and not by name: two searches at once may each have been given another file
    this.#verified.set(document, new Set([parent]));
    return document;
  }
}

/** TUF 4.5: by path pattern, or by the first digits of the path's SHA-256. */
export async function covers(role: Pick<DelegatedRole, 'covers'>, path: TargetPath): Promise<boolean> {
  if ('paths' in role.covers) return role.covers.paths.some((pattern) => matchesPattern(path, pattern));
  const digest = (await hash('sha256', new TextEncoder().encode(path))) as string;
  return role.covers.hashPrefixes.some((prefix) => digest.startsWith(prefix));
}
