// One session of a reader: from the pinned root to a target's octets, through a repository that is not
// trusted and a cache that is not trusted either (TUF 5, the client workflow).
//
// `now` is fixed for the session (5.1).

import { RefusedError } from './errors.ts';
import { matchesPattern, metadataFile, ROOT, SNAPSHOT, TARGETS, TIMESTAMP } from './names.ts';
import { refresh, type Trusted } from './refresh.ts';
import { type ClientOptions, Session } from './session.ts';
import { verifyThreshold } from './threshold.ts';
import { type Authority, hash, verifyLengthAndHashes } from './trusted.ts';
import type {
  DelegatedRole,
  Document,
  RoleName,
  SignedPart,
  TargetFile,
  TargetPath,
  Targets,
} from './types.ts';

export interface FoundTarget {
  readonly path: TargetPath;
  readonly file: TargetFile;
  /** The role that lists it, and the roles on the way there from `targets`. */
  readonly role: RoleName;
  readonly by: readonly RoleName[];
  readonly document: Document<Targets>;
}

export class Client {
  readonly #session: Session;
  readonly #roles = new Map<RoleName, Document<Targets>>();
  /** By document, the delegating documents under which it was verified in this session. */
  readonly #verified = new WeakMap<Document<Targets>, Set<Document<Targets>>>();
  #trusted: Promise<Trusted> | undefined;

  constructor(options: ClientOptions) {
    this.#session = new Session(options);
  }

  /** Brings the top-level roles up to date; once a session, however often it is called. */
  refresh(): Promise<Trusted> {
    this.#trusted ??= refresh(this.#session);
    return this.#trusted;
  }

  /** Every metadata file that this session trusts, under its published name. */
  async files(): Promise<ReadonlyMap<string, Uint8Array>> {
    const { roots, root, timestamp, snapshot, targets } = await this.refresh();
    const isVersioned = root.signed.consistentSnapshot;
    const named = (role: RoleName, { signed, octets }: Document<SignedPart>) =>
      [metadataFile(role, isVersioned ? signed.version : undefined), octets] as const;
    return new Map([
      ...roots.map(({ signed, octets }) => [metadataFile(ROOT, signed.version), octets] as const),
      [metadataFile(TIMESTAMP), timestamp.octets],
      named(SNAPSHOT, snapshot),
      named(TARGETS, targets),
      ...[...this.#roles].map(([role, document]) => named(role, document)),
    ]);
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
    const octets = await this.#session.options.repository.target(
      path,
      root.signed.consistentSnapshot ? digest : undefined,
      Math.min(file.length, this.#session.limits.file),
    );
    await verifyLengthAndHashes(path, octets, file);
    return octets;
  }

  /**
   * A role by its name, verified under the first delegator in pre-order that names it. A sibling that is
   * refused, say because it has expired, is passed over, and is the answer only where nothing else is.
   */
  async role(name: RoleName): Promise<Document<Targets>> {
    const { targets } = await this.refresh();
    if (name === TARGETS) return targets;
    const refusals: RefusedError[] = [];
    const found = await this.#searchRole(name, TARGETS, targets, new Set([TARGETS]), refusals);
    if (found !== undefined) return found;
    throw (
      refusals[0] ??
      new RefusedError('NOT_FOUND', `Cannot find the role ${name}: nothing delegates to it`, { role: name })
    );
  }

  /** A role under this delegator, whose siblings are not looked at; undefined where it delegates to none of that name. */
  async roleUnder(delegator: RoleName, name: RoleName): Promise<Document<Targets> | undefined> {
    const document = await this.role(delegator);
    const role = document.signed.delegations?.roles.find((one) => one.name === name);
    return role && this.#load(role, delegator, document);
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
    if (visited.size > this.#session.limits.delegations) {
      throw new RefusedError(
        'TOO_MANY',
        `Cannot find ${path}: more than ${this.#session.limits.delegations} roles may list it`,
        { hint: 'Tell the operator' },
      );
    }
    const file = document.signed.targets.get(path);
    if (file !== undefined) return { found: { path, file, role: name, by, document }, ended: true };
    for (const role of document.signed.delegations?.roles ?? []) {
      if (visited.has(role.name) || !(await covers(role, path))) continue;
      const child = await this.#load(role, name, document);
      const result = await this.#search(path, role.name, child, [...by, name], visited);
      if (result.ended || role.terminating) return { found: result.found, ended: true };
    }
    return { found: undefined, ended: false };
  }

  async #searchRole(
    wanted: RoleName,
    name: RoleName,
    document: Document<Targets>,
    seen: Set<RoleName>,
    refusals: RefusedError[],
  ): Promise<Document<Targets> | undefined> {
    const delegated = document.signed.delegations?.roles ?? [];
    const direct = delegated.find((role) => role.name === wanted);
    if (direct !== undefined) return this.#load(direct, name, document);
    for (const role of delegated) {
      if (seen.has(role.name)) continue;
      seen.add(role.name);
      const child = await this.#load(role, name, document).catch((error: unknown) => {
        if (!(error instanceof RefusedError)) throw error;
        refusals.push(error);
        return undefined;
      });
      const found = child && (await this.#searchRole(wanted, role.name, child, seen, refusals));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A delegated role. Reached on a second way, it is verified again with the keys of that way's delegator. */
  async #load(
    role: DelegatedRole,
    delegator: RoleName,
    parent: Document<Targets>,
  ): Promise<Document<Targets>> {
    const authority: Authority = { role, keys: parent.signed.delegations?.keys ?? new Map() };
    const loaded = this.#roles.get(role.name);
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
    const document = await this.#session.loadTargets(role.name, authority, root.signed, snapshot.signed);
    this.#roles.set(role.name, document);
    // By document and not by name: two searches at once may each have been given another file
    this.#verified.set(document, new Set([parent]));
    return document;
  }
}

/** TUF 4.5: by path pattern, or by the first digits of the path's SHA-256. */
async function covers(role: DelegatedRole, path: TargetPath): Promise<boolean> {
  if ('paths' in role.covers) return role.covers.paths.some((pattern) => matchesPattern(path, pattern));
  const digest = (await hash('sha256', new TextEncoder().encode(path))) as string;
  return role.covers.hashPrefixes.some((prefix) => digest.startsWith(prefix));
}
