// A library that Example Meters has joined, and an honest change of it, signed in full. Each attack is a
// variation of that change; what is refused must leave no trace where a reader could see it.

import { type JsonObject, parseJson, toHex } from '@cfl/client/encoding';
import type { Signer } from '@cfl/client/keys';
import {
  type Document,
  encodeDocument,
  parseRoleName,
  parseRoot,
  parseTargetPath,
  parseTargets,
  ROOT,
  type RoleName,
  type Root,
  signedOctets,
  TARGETS,
  type Targets,
} from '@cfl/client/tuf';
import { expect } from 'vitest';
import type { Change } from '../../src/change/change.ts';
import { loadState, type OnlineSigners, type Published } from '../../src/deploy/index.ts';
import { type MemoryPlace, memoryPlace } from '../deploy/memory-files.ts';
import {
  apply,
  founding,
  type Keys,
  keys,
  listing,
  meters,
  onlineOf,
  readWhole,
  releaseFiles,
} from '../deploy/scene.ts';
import { NOW, signersOf } from '../fixture.ts';

export const M_FFF1 = parseRoleName('m-fff1');
export const REGISTRAR = parseRoleName('registrar');
/** What `honest()` leaves the library at. */
export const VERSION = 3;

export interface Honest {
  readonly held: Keys;
  readonly online: OnlineSigners;
  /** The two keys of m-fff1, of which one is enough. */
  readonly own: readonly Signer[];
  readonly place: MemoryPlace;
  readonly published: Published;
  /** A second release of Example Meters: m-fff1 version 3. */
  readonly change: Change;
}

export async function honest(): Promise<Honest> {
  const held = await keys();
  const online = onlineOf(held);
  const own = await signersOf(2);
  const place = memoryPlace();
  await apply(await founding(held), place, online);
  await apply(await meters(await loadState(place), held, own), place, online);
  const first = await listing(await loadState(place), 'm-fff1', await releaseFiles('first image'), own);
  await apply(first, place, online);
  const published = await loadState(place);
  const change = await listing(published, 'm-fff1', await releaseFiles('second image'), own.slice(0, 1));
  return { held, online, own, place, published, change };
}

/** Publishes the change in a copy of the library; returns what a reader then finds. */
export async function accept({ place, online }: Honest, change: Change, now = NOW) {
  const copy = memoryPlace(place);
  await apply(change, copy, online, now);
  return readWhole(copy, copy.metadata.content.get('1.root.json') ?? new Uint8Array());
}

/** The scene with this change published. */
export async function after(scene: Honest, change: Change): Promise<Honest> {
  const place = memoryPlace(scene.place);
  await apply(change, place, scene.online);
  return { ...scene, place, published: await loadState(place) };
}

export interface Refusal {
  readonly code: string;
  readonly message: string | RegExp;
}

/** The change is refused with this, and the library and the operator's folder are as they were. */
export async function expectRefused(
  { place, online }: Honest,
  change: Change,
  { code, message }: Refusal,
  now = NOW,
): Promise<void> {
  const copy = memoryPlace(place);
  const matching = typeof message === 'string' ? message : expect.stringMatching(message);
  await expect(apply(change, copy, online, now)).rejects.toMatchObject({ code, message: matching });
  expect(copy.metadata.content).toEqual(place.metadata.content);
  expect(copy.targets.content).toEqual(place.targets.content);
  expect([...copy.private.content.keys()].filter((file) => !file.startsWith('roots/'))).toEqual([]);
}

/** The same document with another signed part, signed by these. */
export async function rewritten(
  document: Document<Root | Targets>,
  edit: (signed: JsonObject) => JsonObject,
  signers: readonly Signer[],
): Promise<Document<Root | Targets>> {
  const { signed } = parseJson(document.octets) as { signed: JsonObject };
  const part = edit(signed);
  const signatures = await Promise.all(
    signers.map(async ({ key, sign }) => ({ keyId: key.id, sig: toHex(await sign(signedOctets(part))) })),
  );
  const octets = encodeDocument(part, signatures);
  return part['_type'] === 'root' ? parseRoot(octets, ROOT) : parseTargets(octets, TARGETS);
}

/** The change with this role's file rewritten and signed by these alone. */
export async function withRole(
  change: Change,
  role: RoleName,
  edit: (signed: JsonObject) => JsonObject,
  signers: readonly Signer[],
): Promise<Change> {
  const document = change.metadata.get(role);
  if (document === undefined) throw new TypeError(`the change has no ${role}`);
  return {
    ...change,
    metadata: new Map([...change.metadata, [role, await rewritten(document, edit, signers)]]),
  };
}

/** A change that brings the next version of a published role, with its signed part edited. */
export async function nextOf(
  { published }: Honest,
  role: RoleName,
  edit: (signed: JsonObject) => JsonObject,
  signers: readonly Signer[],
): Promise<Change> {
  const present = role === ROOT ? published.trusted.root : await published.role(role);
  if (present === undefined) throw new TypeError(`there is no ${role}`);
  const version = present.signed.version + 1;
  return {
    title: `next ${role}`,
    words: [],
    created: NOW,
    library: published.library,
    upon: new Map([[role, version - 1]]),
    metadata: new Map([[role, await rewritten(present, (signed) => edit({ ...signed, version }), signers)]]),
    targets: new Map(),
  };
}

export function together(...changes: readonly Change[]): Change {
  const [first] = changes;
  if (first === undefined) throw new TypeError('there is no change');
  return {
    ...first,
    upon: new Map(changes.flatMap(({ upon }) => [...upon])),
    metadata: new Map(changes.flatMap(({ metadata }) => [...metadata])),
    targets: new Map(changes.flatMap(({ targets }) => [...targets])),
  };
}

export function object(value: unknown): JsonObject {
  return value as JsonObject;
}

export function target(path: string): ReturnType<typeof parseTargetPath> {
  return parseTargetPath(path);
}
