// A repository in memory that publishes real signed metadata, and lies when it is told to.
//
// It speaks through the client's own `Repository` face and remembers what was asked of it. Its files
// are built here from plain JSON, not by the code under test, so that its holders can also sign what
// no honest publisher would: a `Forgery` changes what one file says, who signs it, or how it is written.

import { encodeCanonical, type Json, type JsonObject } from '../../src/encoding/index.ts';
import type { Repository, TargetPath, TopRole } from '../../src/tuf/index.ts';
import { makeKey, sha256Hex, type TestKey } from './test-keys.ts';

export interface Holders {
  readonly keys: readonly TestKey[];
  readonly threshold: number;
}

export interface Delegation extends Holders {
  readonly name: string;
  readonly paths?: readonly string[];
  readonly hashPrefixes?: readonly string[];
  readonly terminating: boolean;
}

/** An alias and not an interface, so that it is JSON to the compiler. */
export type WireSignature = { readonly keyid: string; readonly sig: string };

/** How one file differs from what an honest publisher writes. The files above list it as it is written. */
export interface Forgery {
  says?(signed: JsonObject): Json;
  readonly signedBy?: readonly TestKey[];
  signatures?(signatures: readonly WireSignature[]): Json;
  written?(text: string): string | Uint8Array;
}

/** `missing` is a 404; `endless` sends as much as it is let; an Error is thrown. */
export type Lie = Uint8Array | 'missing' | 'endless' | Error;

export interface RepositoryOptions {
  readonly holders?: Partial<Record<TopRole, Holders>>;
  readonly consistent?: boolean;
  /** Whether timestamp and snapshot list length and hash beside the version (TUF 4.4: optional). */
  readonly lists?: 'everything' | 'versions';
  /** How each file is written that no forgery writes otherwise. */
  readonly written?: (text: string) => string;
}

interface Draft {
  readonly targets: Map<string, Uint8Array>;
  readonly delegations: Delegation[];
}

const TOP_ROLES: readonly TopRole[] = ['root', 'timestamp', 'snapshot', 'targets'];
const FAR = '2028-01-01T00:00:00Z';
const MOST_A_CLIENT_MAY_WANT = 64_000_000;

export class MemoryRepository implements Repository {
  /** Metadata by its plain name, `3.m-fff1.json`; a request's name is decoded before it is looked up. */
  readonly files = new Map<string, Uint8Array>();
  readonly content = new Map<string, Uint8Array>();
  /** The version published last, by role; a test may set it, and the next one is one more. */
  readonly versions = new Map<string, number>();
  readonly expires = new Map<string, string>();
  /** The limit that came with the latest request for a file. */
  readonly limits = new Map<string, number>();
  /** The digests by which targets were asked for. */
  readonly digests: (string | undefined)[] = [];
  consistent: boolean;
  lists: 'everything' | 'versions';

  readonly #written: Pick<Forgery, 'written'>;
  readonly #holders: Record<TopRole, Holders>;
  readonly #drafts = new Map<string, Draft>();
  readonly #changed = new Set<string>();
  readonly #listed = new Map<string, JsonObject>();
  #rootSigners: readonly TestKey[] = [];
  #lies: ReadonlyMap<string, Lie> = new Map();
  #requests: string[] = [];

  constructor(options: RepositoryOptions = {}) {
    const held = (role: TopRole) => options.holders?.[role] ?? { keys: [makeKey()], threshold: 1 };
    this.#holders = {
      root: held('root'),
      timestamp: held('timestamp'),
      snapshot: held('snapshot'),
      targets: held('targets'),
    };
    this.consistent = options.consistent ?? true;
    this.lists = options.lists ?? 'everything';
    this.#written = options.written === undefined ? {} : { written: options.written };
    this.#draft('targets');
    this.publishRoot();
  }

  get pinnedRoot(): Uint8Array {
    return this.file('1.root.json');
  }

  holders(role: TopRole): Holders {
    return this.#holders[role];
  }

  file(name: string): Uint8Array {
    const octets = this.files.get(name);
    if (octets === undefined) throw new TypeError(`Cannot find "${name}": it was not published`);
    return octets;
  }

  // What honest publishers do

  addTarget(path: string, content: string, role = 'targets'): this {
    const octets = new TextEncoder().encode(content);
    this.content.set(path, octets);
    this.#draft(role).targets.set(path, octets);
    return this;
  }

  removeTarget(path: string, role = 'targets'): this {
    this.#draft(role).targets.delete(path);
    return this;
  }

  /** A later delegation of the same name by the same role replaces the earlier one, in its place. */
  delegate(from: string, delegation: Partial<Delegation> & { readonly name: string }): this {
    const whole = { keys: [makeKey()], threshold: 1, terminating: false, ...delegation };
    const delegations = this.#draft(from).delegations;
    const place = delegations.findIndex(({ name }) => name === whole.name);
    delegations.splice(place < 0 ? delegations.length : place, place < 0 ? 0 : 1, whole);
    this.#draft(whole.name);
    return this;
  }

  /** Publishes what changed, then snapshot and timestamp, each one version on. */
  publish(forgeries: Readonly<Record<string, Forgery>> = {}): this {
    for (const role of this.#drafts.keys()) {
      if (this.#changed.has(role) || forgeries[role] !== undefined)
        this.#publishTargets(role, forgeries[role]);
    }
    this.#changed.clear();
    const meta = Object.fromEntries([...this.#listed].map(([role, listed]) => [`${role}.json`, listed]));
    const snapshot = this.#write('snapshot', { _type: 'snapshot', meta }, forgeries['snapshot']);
    return this.publishTimestamp(snapshot, forgeries['timestamp']);
  }

  publishTimestamp(snapshot: JsonObject, forgery: Forgery = {}): this {
    this.#write('timestamp', { _type: 'timestamp', meta: { 'snapshot.json': snapshot } }, forgery);
    return this;
  }

  /** The daily job: a new timestamp over the snapshot there is. */
  refreshTimestamp(forgery: Forgery = {}): this {
    const name = this.#fileName('snapshot', this.versions.get('snapshot') ?? 0);
    return this.publishTimestamp(this.#listing('snapshot', this.file(name)), forgery);
  }

  /** The next root, signed by the holders before and after it, as TUF 5.3.4 asks. */
  publishRoot(forgery: Forgery = {}): this {
    const signers = new Map([...this.#rootSigners, ...this.#holders.root.keys].map((key) => [key.id, key]));
    this.#write('root', this.#rootBody(), { signedBy: [...signers.values()], ...forgery });
    this.#rootSigners = this.#holders.root.keys;
    return this;
  }

  /** Hands a role to new holders, by a new root; what the role signed is published anew by `publish`. */
  rotate(role: TopRole, holders: Holders = { keys: [makeKey()], threshold: 1 }, forgery: Forgery = {}): this {
    this.#holders[role] = holders;
    if (role === 'targets') this.#changed.add('targets');
    return this.publishRoot(forgery);
  }

  // What liars do

  /** Replaces the lies told so far. Files by the name that is requested, targets by their path. */
  lie(lies: Readonly<Record<string, Lie>>): this {
    this.#lies = new Map(Object.entries(lies));
    return this;
  }

  /** Serves every file as it was at an earlier moment: `const then = new Map(repository.files)`. */
  replay(then: ReadonlyMap<string, Uint8Array>): this {
    return this.lie(Object.fromEntries(then));
  }

  tellTheTruth(): this {
    return this.lie({});
  }

  // What the client sees

  async metadata(file: string, limit: number): Promise<Uint8Array | undefined> {
    this.#heard(file, limit);
    const lie = this.#lies.get(file);
    return lie === undefined ? this.files.get(decoded(file))?.slice() : told(lie, limit);
  }

  async target(path: TargetPath, digest: string | undefined, limit: number): Promise<Uint8Array> {
    this.#heard(path, limit);
    this.digests.push(digest);
    const lie = this.#lies.get(path);
    const octets = lie === undefined ? this.content.get(path)?.slice() : told(lie, limit);
    if (octets === undefined)
      throw new Error(`No target "${path}" with SHA-256 ${digest} in the test's repository`);
    return octets;
  }

  /** The requests since this was last asked, in order. */
  asked(): readonly string[] {
    const requests = this.#requests;
    this.#requests = [];
    return requests;
  }

  #heard(file: string, limit: number): void {
    this.#requests.push(file);
    this.limits.set(file, limit);
  }

  #draft(role: string): Draft {
    const draft = this.#drafts.get(role) ?? { targets: new Map(), delegations: [] };
    this.#drafts.set(role, draft);
    this.#changed.add(role);
    return draft;
  }

  #publishTargets(role: string, forgery: Forgery = {}): void {
    const draft = this.#draft(role);
    const targets = [...draft.targets].map(([path, octets]) => [path, described(octets)]);
    const delegations =
      draft.delegations.length === 0 ? {} : { delegations: delegationsJson(draft.delegations) };
    const body = { _type: 'targets', targets: Object.fromEntries(targets), ...delegations };
    this.#listed.set(role, this.#write(role, body, forgery));
  }

  #rootBody(): JsonObject {
    const roles = TOP_ROLES.map((role) => [role, roleJson(this.#holders[role])]);
    const keys = TOP_ROLES.flatMap((role) => this.#holders[role].keys).map((key) => [key.id, key.json]);
    return {
      _type: 'root',
      consistent_snapshot: this.consistent,
      keys: Object.fromEntries(keys),
      roles: Object.fromEntries(roles),
    };
  }

  /** Writes the next version of a role and returns what a list says of it. */
  #write(role: string, body: JsonObject, forgery: Forgery = {}): JsonObject {
    const version = (this.versions.get(role) ?? 0) + 1;
    this.versions.set(role, version);
    const honest = { ...body, spec_version: '1.0.34', version, expires: this.expires.get(role) ?? FAR };
    const octets = encodeFile(honest, this.#signers(role), { ...this.#written, ...forgery });
    this.files.set(this.#fileName(role, version), octets);
    return this.#listing(role, octets);
  }

  #listing(role: string, octets: Uint8Array): JsonObject {
    const version = this.versions.get(role) ?? 0;
    return this.lists === 'versions' ? { version } : { version, ...described(octets) };
  }

  #signers(role: string): readonly TestKey[] {
    const top = TOP_ROLES.find((name) => name === role);
    if (top !== undefined) return this.#holders[top].keys;
    const delegations = [...this.#drafts.values()].flatMap((draft) => draft.delegations);
    const keys = delegations.filter(({ name }) => name === role).flatMap((delegation) => delegation.keys);
    return [...new Map(keys.map((key) => [key.id, key])).values()];
  }

  #fileName(role: string, version: number): string {
    const prefixed = role === 'root' || (this.consistent && role !== 'timestamp');
    return prefixed ? `${version}.${role}.json` : `${role}.json`;
  }
}

function encodeFile(honest: JsonObject, holders: readonly TestKey[], forgery: Forgery): Uint8Array {
  const signed = forgery.says?.(honest) ?? honest;
  const message = encodeCanonical(signed);
  const honestSignatures = (forgery.signedBy ?? holders).map((key) => ({
    keyid: key.id,
    sig: hex(key.sign(message)),
  }));
  const signatures =
    forgery.signatures === undefined ? honestSignatures : forgery.signatures(honestSignatures);
  const text = JSON.stringify({ signatures, signed });
  const written = forgery.written?.(text) ?? text;
  return typeof written === 'string' ? new TextEncoder().encode(written) : written;
}

function delegationsJson(delegations: readonly Delegation[]): JsonObject {
  const keys = delegations.flatMap((delegation) => delegation.keys).map((key) => [key.id, key.json]);
  return { keys: Object.fromEntries(keys), roles: delegations.map(delegationJson) };
}

function delegationJson(delegation: Delegation): JsonObject {
  const { name, terminating, paths, hashPrefixes } = delegation;
  const covers =
    hashPrefixes === undefined ? { paths: paths ?? ['*'] } : { path_hash_prefixes: hashPrefixes };
  return { name, terminating, ...roleJson(delegation), ...covers };
}

function roleJson(holders: Holders): JsonObject {
  return { keyids: holders.keys.map((key) => key.id), threshold: holders.threshold };
}

function described(octets: Uint8Array): JsonObject {
  return { length: octets.length, hashes: { sha256: sha256Hex(octets) } };
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

function decoded(file: string): string {
  try {
    return decodeURIComponent(file);
  } catch {
    return file;
  }
}

function told(lie: Lie, limit: number): Uint8Array | undefined {
  if (lie === 'missing') return undefined;
  if (lie instanceof Error) throw lie;
  if (lie !== 'endless') return lie.slice();
  if (!(limit <= MOST_A_CLIENT_MAY_WANT))
    throw new TypeError(`A client asked for ${limit} octets of endless data`);
  return new Uint8Array(limit + 1).fill(0x20);
}
