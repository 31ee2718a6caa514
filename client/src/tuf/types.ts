// The shapes that the rest of the code speaks of: TUF's roles and documents, already parsed and valid.

import type { JsonObject, Sha256 } from '../encoding/index.ts';

/** SHA-256 of the key's canonical form (TUF 4.2). */
export type KeyId = Sha256;
/** `root`, `m-fff1`: kept as the file has it; made into a file name only by `metadataFile`. */
export type RoleName = string & { readonly RoleName: unique symbol };
/** `firmware/FFF1/<release>/image.ota`: relative, `/` between segments, never a file path by itself. */
export type TargetPath = string & { readonly TargetPath: unique symbol };

export interface PublicKey {
  readonly id: KeyId;
  readonly keytype: string;
  readonly scheme: string;
  /** PEM of the SubjectPublicKeyInfo (ecdsa, rsa) or 64 hex digits (ed25519). */
  readonly public: string;
  /** The key as it stands in a file, unknown members included: the key id covers them. */
  readonly json: JsonObject;
}

/** Who may sign a role: key ids, and how many different keys of them are needed. */
export interface RoleKeys {
  readonly keyIds: readonly KeyId[];
  readonly threshold: number;
}

/** The keys that a delegating document brings, by their verified id. */
export type KeyRing = ReadonlyMap<KeyId, PublicKey>;

export interface SignedCommon {
  readonly specVersion: string;
  /** Integer, 1 or more. */
  readonly version: number;
  readonly expires: Date;
}

export type TopRole = 'root' | 'timestamp' | 'snapshot' | 'targets';

export interface Root extends SignedCommon {
  readonly type: 'root';
  readonly consistentSnapshot: boolean;
  readonly keys: KeyRing;
  readonly roles: Readonly<Record<TopRole, RoleKeys>>;
}

/** What a timestamp or snapshot says of another role's file; length and hash are optional in TUF 4.4. */
export interface MetaFile {
  readonly version: number;
  readonly length: number | undefined;
  readonly hashes: ReadonlyMap<string, string>;
}

export interface Timestamp extends SignedCommon {
  readonly type: 'timestamp';
  readonly snapshot: MetaFile;
}

export interface Snapshot extends SignedCommon {
  readonly type: 'snapshot';
  /** By role name, without the `.json` of the file. */
  readonly meta: ReadonlyMap<RoleName, MetaFile>;
}

export interface TargetFile {
  readonly length: number;
  readonly hashes: ReadonlyMap<string, string>;
  readonly custom: JsonObject | undefined;
}

export interface DelegatedRole extends RoleKeys {
  readonly name: RoleName;
  readonly terminating: boolean;
  readonly covers: { readonly paths: readonly string[] } | { readonly hashPrefixes: readonly string[] };
}

export interface Delegations {
  readonly keys: KeyRing;
  readonly roles: readonly DelegatedRole[];
}

export interface Targets extends SignedCommon {
  readonly type: 'targets';
  readonly targets: ReadonlyMap<TargetPath, TargetFile>;
  readonly delegations: Delegations | undefined;
}

export type SignedPart = Root | Timestamp | Snapshot | Targets;

export interface Signature {
  readonly keyId: string;
  /** Lower-case or upper-case hex as found; a wrong one simply does not count. */
  readonly sig: string;
}

/** A metadata file: its octets, what they say, and what exactly the signatures cover. Not yet verified. */
export interface Document<T extends SignedPart> {
  readonly octets: Uint8Array;
  readonly signedOctets: Uint8Array;
  readonly signatures: readonly Signature[];
  readonly signed: T;
}

/** Where metadata and targets come from. Nothing it returns is trusted. */
export interface Repository {
  /** `3.root.json`, `timestamp.json`. Undefined for 403 and 404 and nothing else; throws UnreachableError otherwise. */
  metadata(file: string, limit: number): Promise<Uint8Array | undefined>;
  /** The file of this target under its hash; without one where the root has no consistent snapshots. At most `limit` octets. */
  target(path: TargetPath, digest: string | undefined, limit: number): Promise<Uint8Array>;
}

/** Where trusted metadata is kept between runs. Nothing it returns is trusted either. */
export interface Cache {
  read(file: string): Promise<Uint8Array | undefined>;
  /** Atomic: after a crash the file holds the old octets or the new ones. */
  write(file: string, octets: Uint8Array): Promise<void>;
}
