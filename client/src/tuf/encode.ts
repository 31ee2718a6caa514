// Typed roles become the octets that are signed and published: the same format that `document.ts` reads.

import { canonicalText, encodeCanonical, encodeDate, type Json, type JsonObject } from '../encoding/index.ts';
import type {
  DelegatedRole,
  Delegations,
  KeyRing,
  MetaFile,
  RoleKeys,
  Root,
  Signature,
  SignedCommon,
  SignedPart,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from './types.ts';

export const SPEC_VERSION = '1.0.34';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must be escaped
const CONTROLS = /[\u0000-\u001f]/g;

/** The `signed` member of a file. */
export function encodeSigned(part: SignedPart): JsonObject {
  switch (part.type) {
    case 'root':
      return encodeRoot(part);
    case 'timestamp':
      return encodeTimestamp(part);
    case 'snapshot':
      return encodeSnapshot(part);
    case 'targets':
      return encodeTargets(part);
  }
}

/** What a signature covers. */
export function signedOctets(signed: JsonObject): Uint8Array<ArrayBuffer> {
  return encodeCanonical(signed);
}

/**
 * The whole file, as compact as its readers allow: canonical but for control characters (the line ends
 * of a PEM), which JSON must escape.
 */
export function encodeDocument(
  signed: JsonObject,
  signatures: readonly Signature[],
): Uint8Array<ArrayBuffer> {
  const sorted = signatures
    .toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1))
    .map(({ keyId, sig }) => ({ keyid: keyId, sig }));
  const text = canonicalText({ signatures: sorted, signed });
  return new TextEncoder().encode(text.replace(CONTROLS, (sign) => JSON.stringify(sign).slice(1, -1)));
}

export function encodeRoot(root: Omit<Root, 'type'>): JsonObject {
  const { root: own, timestamp, snapshot, targets } = root.roles;
  return {
    ...encodeCommon('root', root),
    consistent_snapshot: root.consistentSnapshot,
    keys: encodeKeys(root.keys),
    roles: {
      root: encodeRoleKeys(own),
      timestamp: encodeRoleKeys(timestamp),
      snapshot: encodeRoleKeys(snapshot),
      targets: encodeRoleKeys(targets),
    },
  };
}

export function encodeTimestamp(timestamp: Omit<Timestamp, 'type'>): JsonObject {
  return {
    ...encodeCommon('timestamp', timestamp),
    meta: { 'snapshot.json': encodeMetaFile(timestamp.snapshot) },
  };
}

export function encodeSnapshot(snapshot: Omit<Snapshot, 'type'>): JsonObject {
  const meta = Object.fromEntries(
    [...snapshot.meta].map(([role, file]) => [`${role}.json`, encodeMetaFile(file)]),
  );
  return { ...encodeCommon('snapshot', snapshot), meta };
}

export function encodeTargets(targets: Omit<Targets, 'type'>): JsonObject {
  const listed = Object.fromEntries(
    [...targets.targets].map(([path, file]) => [path, encodeTargetFile(file)]),
  );
  const delegations = targets.delegations && { delegations: encodeDelegations(targets.delegations) };
  return { ...encodeCommon('targets', targets), targets: listed, ...delegations };
}

function encodeCommon(type: SignedPart['type'], common: SignedCommon): { readonly [key: string]: Json } {
  return {
    _type: type,
    spec_version: common.specVersion,
    version: common.version,
    expires: encodeDate(common.expires),
  };
}

function encodeMetaFile(file: MetaFile): JsonObject {
  return {
    version: file.version,
    ...(file.length === undefined ? {} : { length: file.length }),
    ...(file.hashes.size === 0 ? {} : { hashes: Object.fromEntries(file.hashes) }),
  };
}

function encodeTargetFile(file: TargetFile): JsonObject {
  return {
    length: file.length,
    hashes: Object.fromEntries(file.hashes),
    ...(file.custom === undefined ? {} : { custom: file.custom }),
  };
}

function encodeDelegations(delegations: Delegations): JsonObject {
  return { keys: encodeKeys(delegations.keys), roles: delegations.roles.map(encodeDelegatedRole) };
}

function encodeDelegatedRole(role: DelegatedRole): JsonObject {
  const cover =
    'paths' in role.covers ? { paths: role.covers.paths } : { path_hash_prefixes: role.covers.hashPrefixes };
  return { name: role.name, terminating: role.terminating, ...cover, ...encodeRoleKeys(role) };
}

function encodeKeys(keys: KeyRing): JsonObject {
  return Object.fromEntries([...keys.values()].map((key) => [key.id, key.json]));
}

function encodeRoleKeys(role: RoleKeys): { readonly keyids: readonly string[]; readonly threshold: number } {
  return { keyids: role.keyIds, threshold: role.threshold };
}
