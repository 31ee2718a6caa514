// The operator's desk: the library in a folder, its keys, and the changes that lie there.

import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Credential } from '@cfl/client/access';
import { EXIT, type Io } from '@cfl/client/cli';
import { folder, readCredentialFile } from '@cfl/client/library';
import { GATEWAY_CREDENTIAL } from '../access/files.ts';
import { type KeyFolder, keyFolder, publicKeysIn } from '../ceremony/keys.ts';
import { type Change, readChange, writeChange } from '../change/change.ts';
import { type Needs, needsOf, type Present } from '../change/sign.ts';
import { type Place, type Published, placeAt, presentOf } from '../deploy/index.ts';

export const AT_OPTION = {
  at: { type: 'string', value: 'DIR', does: 'the library is in DIR, not here' },
} as const;

export interface Desk {
  readonly base: string;
  readonly place: Place;
  readonly keys: KeyFolder;
}

export function deskAt(at: string | undefined, io: Io): Desk {
  const base = resolve(at ?? '.');
  return {
    base,
    place: placeAt(base),
    keys: keyFolder(base, () => io.passphrase('Passphrase of private/keys: ')),
  };
}

/** The folder of the library's own credentials. */
export function credentialsAt({ base }: Desk): string {
  return join(base, 'private', 'credentials');
}

/** With which the gateway opens images. */
export function gatewayCredential(desk: Desk): Promise<Credential> {
  return readCredentialFile(join(credentialsAt(desk), GATEWAY_CREDENTIAL), desk.keys.passphrase);
}

/** For a new library: `private/` is its owner's alone. */
export async function makeDesk(desk: Desk): Promise<void> {
  await mkdir(desk.keys.path, { recursive: true, mode: 0o700 });
}

/** Puts the change beside the others and returns its folder, as a person types it. */
export async function keepChange(desk: Desk, change: Change): Promise<string> {
  let number = 1;
  // A person may keep other folders there
  for (const path of await desk.place.private.list('changes'))
    number = Math.max(number, Number(/^([0-9]+)\//.exec(path)?.[1] ?? 0) + 1);
  await writeChange(desk.place.private, `changes/${number}`, change);
  return `private/changes/${number}`;
}

/** Keeps it, and says where it lies and what it needs. */
export async function keepAndSay(change: Change, published: Published, desk: Desk): Promise<string> {
  const place = await keepChange(desk, change);
  return `Wrote change "${change.title}" to ${place}; it needs: ${await stillNeeded(change, presentOf(published))}`;
}

/** What every plan ends with: the change in words, and a person's turn. */
export async function planned(
  change: Change,
  published: Published,
  desk: Desk,
  out: (line: string) => void,
): Promise<number> {
  const kept = await keepAndSay(change, published, desk);
  for (const line of change.words) out(line);
  out(kept);
  return EXIT.act;
}

/** A change anywhere on this machine, given by its folder's path. */
export interface OpenedChange {
  readonly change: Change;
  write(change: Change): Promise<void>;
}

export async function openChange(path: string): Promise<OpenedChange> {
  const place = resolve(path);
  const files = folder(dirname(place), 'secret');
  const name = basename(place);
  return { change: await readChange(files, name), write: (change) => writeChange(files, name, change) };
}

/** What people call a key: the name of its file in private/keys, or the beginning of its id. */
export async function keyNames(desk: Desk): Promise<(id: string) => string> {
  const names = new Map([...(await publicKeysIn(desk.keys))].map(([name, { id }]) => [id as string, name]));
  return (id) => names.get(id) ?? id.slice(0, 12);
}

/** `registrar 2 of 3, targets 2 of 3, m-fff1 1 of 2`: what is still missing; empty where nothing is. */
export async function stillNeeded(change: Change, present: Present): Promise<string> {
  const lacking = (await needsOf(change, present)).filter(({ have, threshold }) => have < threshold);
  return lacking.map(inWords).join(', ');
}

function inWords({ role, have, threshold, of }: Needs): string {
  const got = have === 0 ? '' : ` (has ${have})`;
  return of === 1 ? role : `${role} ${threshold} of ${of}${got}`;
}
