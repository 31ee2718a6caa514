// What is read: the signed file of one role, its targets written like a release's, and a root whose keys
// it is verified with.

import { createHash } from 'node:crypto';
import { parseSha256 } from '@cfl/client/encoding';
import { memorySigner, type Signer } from '@cfl/client/keys';
import {
  encodeDocument,
  encodeRoot,
  encodeTargets,
  type KeyRing,
  parseTargetPath,
  type RoleKeys,
  type Root,
  SPEC_VERSION,
  signedOctets,
  type TargetFile,
  type TargetPath,
} from '@cfl/client/tuf';

export interface Sample {
  readonly targets: number;
  /** The file as it is published: canonical. */
  readonly octets: Uint8Array;
  readonly text: string;
  /** The same file, indented by two. */
  readonly indented: Uint8Array;
  readonly root: Uint8Array;
  readonly role: RoleKeys;
  readonly ring: KeyRing;
}

const EXPIRES = new Date('2036-01-01T00:00:00Z');
const COMMON = { specVersion: SPEC_VERSION, version: 1, expires: EXPIRES };

export async function makeSample(targets: number): Promise<Sample> {
  const signer = await memorySigner('ecdsa-sha2-nistp256');
  const octets = await signed(
    encodeTargets({ ...COMMON, targets: entries(targets), delegations: undefined }),
    signer,
  );
  const text = new TextDecoder().decode(octets);
  const role = { keyIds: [signer.key.id], threshold: 1 };
  const ring: KeyRing = new Map([[signer.key.id, signer.key]]);
  const roles: Root['roles'] = { root: role, timestamp: role, snapshot: role, targets: role };
  return {
    targets,
    octets,
    text,
    indented: new TextEncoder().encode(JSON.stringify(JSON.parse(text), undefined, 2)),
    root: await signed(encodeRoot({ ...COMMON, consistentSnapshot: true, keys: ring, roles }), signer),
    role,
    ring,
  };
}

function entries(count: number): ReadonlyMap<TargetPath, TargetFile> {
  return new Map(Array.from({ length: count }, (_, i) => [pathOf(i), fileOf(i)]));
}

function pathOf(i: number): TargetPath {
  return parseTargetPath(`firmware/FFF1/${digest(`release ${i}`)}/image.ota`);
}

function fileOf(i: number): TargetFile {
  return { length: 200_000 + i, hashes: new Map([['sha256', digest(`image ${i}`)]]), custom: undefined };
}

function digest(text: string) {
  return parseSha256(createHash('sha256').update(text).digest('hex'));
}

async function signed(part: Parameters<typeof signedOctets>[0], signer: Signer): Promise<Uint8Array> {
  const signature = await signer.sign(signedOctets(part));
  return encodeDocument(part, [{ keyId: signer.key.id, sig: Buffer.from(signature).toString('hex') }]);
}
