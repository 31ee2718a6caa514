// A metadata file's octets become a typed document, or are refused with the place where they are not TUF.
//
// Rules (TUF 4.1 to 4.6, read strictly)
// - Dates are exact; versions and thresholds are integers of 1 or more; lengths are integers of 0 or more.
// - The file says the type that was asked for, and a specification version 1.x.
// - A key id stands once in `signatures`; a role name once among the delegations, and never a top-level one.
// - A key whose id is not its hash is dropped.
// - Members that are not known stay: signatures cover them. Names are keys of a Map, never of an object.

import {
  encodeCanonical,
  isObject,
  type Json,
  JsonError,
  type JsonObject,
  parseDate,
  parseJsonDocument,
} from '../encoding/index.ts';
import { RefusedError } from './errors.ts';
import { parseKey } from './key.ts';
import { Members } from './members.ts';
import { isTargetPath, isTopRole, parseRoleName } from './names.ts';
import type {
  DelegatedRole,
  Delegations,
  Document,
  KeyId,
  KeyRing,
  MetaFile,
  RoleKeys,
  RoleName,
  Root,
  Signature,
  SignedCommon,
  SignedPart,
  Snapshot,
  TargetFile,
  TargetPath,
  Targets,
  Timestamp,
} from './types.ts';

export const parseRoot = documentParser(readRoot);
export const parseTimestamp = documentParser(readTimestamp);
export const parseSnapshot = documentParser(readSnapshot);
export const parseTargets = documentParser(readTargets);

/** A place in the file and what is wrong there, before it is known which file it is. */
class Misfit extends Error {}

type Reader<T> = (signed: JsonObject) => Promise<T> | T;

function documentParser<T extends SignedPart>(
  read: Reader<T>,
): (octets: Uint8Array, role: RoleName) => Promise<Document<T>> {
  return async (octets, role) => {
    try {
      return await parseDocument(octets, read);
    } catch (cause) {
      if (
        !(
          cause instanceof Misfit ||
          cause instanceof JsonError ||
          cause instanceof TypeError ||
          cause instanceof RefusedError
        )
      )
        throw cause;
      throw new RefusedError('NOT_METADATA', `Cannot read the metadata of ${role}: ${cause.message}`, {
        role,
        cause,
        hint: 'The file is damaged or is not what it should be. Do not use it; tell the operator',
      });
    }
  };
}

async function parseDocument<T extends SignedPart>(
  octets: Uint8Array,
  read: Reader<T>,
): Promise<Document<T>> {
  const { value, canonicalMembers } = parseJsonDocument(octets);
  const envelope = object(value, 'the file');
  const signed = object(envelope.signed, 'signed');
  // A file that is canonical already holds the very octets that were signed
  const signedOctets = canonicalMembers?.get('signed') ?? encodeCanonical(signed);
  const signatures = readSignatures(envelope.signatures);
  return { octets, signedOctets, signatures, signed: await read(signed) };
}

function readSignatures(value: Json | undefined): readonly Signature[] {
  const seen = new Set<string>();
  return list(value, 'signatures').map((entry) => {
    const { keyid, sig } = object(entry, 'signatures');
    const keyId = text(keyid, 'signatures.keyid');
    // TUF 4.2: a key id stands once
    if (seen.has(keyId)) throw new Misfit(`the key ${JSON.stringify(keyId.slice(0, 12))} signed twice`);
    seen.add(keyId);
    return { keyId, sig: text(sig, 'signatures.sig') };
  });
}

function readCommon(signed: JsonObject, type: SignedPart['type']): SignedCommon {
  if (signed._type !== type) throw new Misfit(`_type is ${JSON.stringify(signed._type)}, expected "${type}"`);
  const specVersion = text(signed.spec_version, 'spec_version');
  if (!/^1(\.\d+){1,2}$/.test(specVersion))
    throw new Misfit(`spec_version is ${JSON.stringify(specVersion)}, expected 1.x`);
  return { specVersion, version: integer(signed.version, 'version', 1), expires: parseDate(signed.expires) };
}

async function readRoot(signed: JsonObject): Promise<Root> {
  const roles = object(signed.roles, 'roles');
  const consistent = signed.consistent_snapshot;
  if (consistent !== undefined && typeof consistent !== 'boolean')
    throw new Misfit('consistent_snapshot is not a boolean');
  return {
    type: 'root',
    ...readCommon(signed, 'root'),
    consistentSnapshot: consistent ?? false,
    keys: await readKeys(signed.keys),
    roles: {
      root: readRoleKeys(roles.root, 'roles.root'),
      timestamp: readRoleKeys(roles.timestamp, 'roles.timestamp'),
      snapshot: readRoleKeys(roles.snapshot, 'roles.snapshot'),
      targets: readRoleKeys(roles.targets, 'roles.targets'),
    },
  };
}

function readTimestamp(signed: JsonObject): Timestamp {
  const common = readCommon(signed, 'timestamp');
  const meta = object(signed.meta, 'meta');
  return {
    type: 'timestamp',
    ...common,
    snapshot: readMetaFile(meta['snapshot.json'], 'meta["snapshot.json"]'),
  };
}

function readSnapshot(signed: JsonObject): Snapshot {
  const common = readCommon(signed, 'snapshot');
  const meta = new Map<RoleName, MetaFile>();
  for (const [file, entry] of Object.entries(object(signed.meta, 'meta'))) {
    if (!file.endsWith('.json'))
      throw new Misfit(`meta has ${JSON.stringify(file)}, expected a name that ends in .json`);
    meta.set(parseRoleName(file.slice(0, -5)), readMetaFile(entry, `meta[${JSON.stringify(file)}]`));
  }
  return { type: 'snapshot', ...common, meta };
}

function readMetaFile(value: Json | undefined, at: string): MetaFile {
  const { version, length, hashes } = object(value, at);
  return {
    version: integer(version, `${at}.version`, 1),
    length: length === undefined ? undefined : integer(length, `${at}.length`, 0),
    hashes: hashes === undefined ? new Map() : readHashes(hashes, at),
  };
}

async function readTargets(signed: JsonObject): Promise<Targets> {
  const common = readCommon(signed, 'targets');
  const listed = object(signed.targets, 'targets');
  for (const path of Object.keys(listed)) {
    if (!isTargetPath(path))
      throw new Misfit(`targets has ${JSON.stringify(path)}, which is not a target path`);
    checkTargetFile(listed[path], path);
  }
  const targets = new Members<TargetPath, TargetFile>(listed, readTargetFile);
  const delegations =
    signed.delegations === undefined ? undefined : await readDelegations(signed.delegations);
  return { type: 'targets', ...common, targets, delegations };
}

/** Makes nothing: 100,000 of these would only wait for the garbage collector. */
function checkTargetFile(value: Json | undefined, path: string): void {
  const { length, hashes, custom } = object(value, path);
  integer(length, path, 0);
  checkHashes(hashes, path);
  if (custom !== undefined) object(custom, path);
}

function readTargetFile(value: Json | undefined, path: string): TargetFile {
  const { length, hashes, custom } = object(value, path);
  return {
    length: integer(length, path, 0),
    hashes: readHashes(hashes, path),
    custom: custom === undefined ? undefined : object(custom, path),
  };
}

function readHashes(value: Json | undefined, at: string): ReadonlyMap<string, string> {
  return new Members(checkHashes(value, at), text);
}

function checkHashes(value: Json | undefined, at: string): JsonObject {
  const listed = object(value, at);
  let some = false;
  for (const algorithm in listed) {
    digest(algorithm, listed[algorithm], at);
    some = true;
  }
  if (!some) throw new Misfit(`${at} has no hash`);
  return listed;
}

/** A digest becomes part of a file name (TUF 6.2), so one of a known algorithm has its exact form. */
function digest(algorithm: string, value: Json | undefined, at: string): string {
  const found = text(value, at);
  const digits = DIGEST_DIGITS.get(algorithm);
  if (digits === undefined || (found.length === digits && isLowerHex(found))) return found;
  throw new Misfit(
    `${at} has the ${algorithm} ${JSON.stringify(found.slice(0, 140))}, expected ${digits} lower-case hex digits`,
  );
}

const DIGEST_DIGITS: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha512', 128],
]);

/** By table: the two ranges of a pattern cost three times as much, since no processor can guess the next digit. */
function isLowerHex(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (LOWER_HEX[text.charCodeAt(i)] !== 1) return false;
  return true;
}

const LOWER_HEX = Uint8Array.from({ length: 128 }, (_, code) =>
  Number(/[0-9a-f]/.test(String.fromCharCode(code))),
);

async function readDelegations(value: Json): Promise<Delegations> {
  const { keys, roles, succinct_roles: succinct } = object(value, 'delegations');
  if (succinct !== undefined)
    throw new Misfit('delegations.succinct_roles is not part of TUF 1.0 and is not read here');
  const names = new Set<RoleName>();
  const read = list(roles, 'delegations.roles').map((entry) => {
    const role = readDelegatedRole(object(entry, 'delegations.roles'));
    if (names.has(role.name)) throw new Misfit(`the role ${JSON.stringify(role.name)} is delegated twice`);
    names.add(role.name);
    return role;
  });
  return { keys: await readKeys(keys), roles: read };
}

function readDelegatedRole(value: JsonObject): DelegatedRole {
  const name = parseRoleName(value.name);
  if (isTopRole(name)) throw new Misfit(`the top-level role "${name}" cannot be delegated`);
  if (typeof value.terminating !== 'boolean')
    throw new Misfit(`the delegation of ${JSON.stringify(name)} does not say whether it is terminating`);
  return {
    name,
    terminating: value.terminating,
    covers: readCover(value, name),
    ...readRoleKeys(value, `the delegation of ${JSON.stringify(name)}`),
  };
}

/** TUF 4.5: paths or path_hash_prefixes, one of them and not both. */
function readCover(value: JsonObject, name: string): DelegatedRole['covers'] {
  const { paths, path_hash_prefixes: prefixes } = value;
  if ((paths === undefined) === (prefixes === undefined)) {
    throw new Misfit(
      `the delegation of ${JSON.stringify(name)} needs paths or path_hash_prefixes, one of the two`,
    );
  }
  if (paths !== undefined) return { paths: list(paths, 'paths').map((path) => text(path, 'paths')) };
  return {
    hashPrefixes: list(prefixes, 'path_hash_prefixes').map((prefix) => text(prefix, 'path_hash_prefixes')),
  };
}

function readRoleKeys(value: Json | undefined, at: string): RoleKeys {
  const { keyids, threshold } = object(value, at);
  const keyIds = list(keyids, `${at}.keyids`).map((id) => text(id, `${at}.keyids`) as KeyId);
  if (new Set(keyIds).size !== keyIds.length) throw new Misfit(`${at} lists one key id twice`);
  return { keyIds, threshold: integer(threshold, `${at}.threshold`, 1) };
}

/** All at once: a hash costs little, and waiting for each costs ten times that. */
async function readKeys(value: Json | undefined): Promise<KeyRing> {
  const listed = Object.entries(object(value, 'keys'));
  const keys = await Promise.all(listed.map(async ([id, entry]) => parseKey(id, object(entry, 'keys'))));
  return new Map(keys.flatMap((key) => (key === undefined ? [] : [[key.id, key]])));
}

function object(value: Json | undefined, at: string): JsonObject {
  if (isObject(value)) return value;
  throw new Misfit(`${at} is ${kindOf(value)}, expected an object`);
}

function list(value: Json | undefined, at: string): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[];
  throw new Misfit(`${at} is ${kindOf(value)}, expected a list`);
}

function text(value: Json | undefined, at: string): string {
  if (typeof value === 'string') return value;
  throw new Misfit(`${at} is ${kindOf(value)}, expected text`);
}

function integer(value: Json | undefined, at: string, least: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
  const found = typeof value === 'number' ? String(value) : kindOf(value);
  throw new Misfit(`${at} is ${found}, expected an integer of ${least} or more`);
}

function kindOf(value: Json | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : typeof value === 'string' ? 'text' : `a ${typeof value}`;
}
