// The desk of a release engineer: the folder of `publish.json`, the library that it names, and the keys.

import { basename, dirname, resolve } from 'node:path';
import type { Io } from '@cfl/client/cli';
import { nameOfKey } from '@cfl/client/keys';
import { type Files, folder } from '@cfl/client/library';
import { familyOf } from '../change/bins.ts';
import type { Published } from '../deploy/state.ts';
import type { KeyRing } from '../submission/keys.ts';
import { openLibrary, type PublishSettings, readSettings } from '../submission/settings.ts';
import type { SignedRole } from '../submission/submit.ts';

export const SETTINGS_OPTION = {
  settings: { type: 'string', value: 'DIR', does: 'the folder of publish.json; else this one' },
} as const;

export interface PublishDesk {
  readonly settings: PublishSettings;
  readonly published: Published;
  readonly ring: KeyRing;
}

/** Opens the library, and closes it afterwards. */
export async function atDesk<T>(
  given: string | undefined,
  io: Io,
  act: (desk: PublishDesk) => Promise<T>,
): Promise<T> {
  const base = resolve(given ?? '.');
  const settings = await readSettings(base);
  io.progress('Reading the library');
  const opened = await openLibrary(settings, { base, now: io.now, wait: io.wait });
  io.progress(undefined);
  try {
    return await act({ settings, published: opened.published, ring: ringOf(settings, base, io) });
  } finally {
    opened.close();
  }
}

/** Each key's passphrase is asked for once. */
function ringOf({ keys }: PublishSettings, base: string, io: Io): KeyRing {
  const asked = new Map<string, Promise<string>>();
  const ask = (uri: string) => {
    const known = asked.get(uri) ?? io.passphrase(`Passphrase of ${nameOfKey(uri)}: `);
    asked.set(uri, known);
    return known;
  };
  return { base, keys, ask };
}

/** A submission anywhere on this machine, given by its folder's path. */
export function folderAt(path: string): { readonly files: Files; readonly base: string } {
  const place = resolve(path);
  return { files: folder(dirname(place)), base: basename(place) };
}

/** `Signed     role m-fff1 version 7, upon version 6`; a role that is split says how many files it is now. */
export function signedLines(roles: readonly SignedRole[]): string[] {
  return [...Map.groupBy(roles, ({ role }) => familyOf(role))].flatMap(([family, files]) => {
    const [first] = files;
    if (first === undefined || files.length <= MOST_SHOWN) return files.map(signedLine);
    return [`Signed     role ${family}, ${files.length} files of it${lackingIn(first)}`];
  });
}

const MOST_SHOWN = 3;

function signedLine(one: SignedRole): string {
  return `Signed     role ${one.role} version ${one.version}, upon version ${one.base}${lackingIn(one)}`;
}

function lackingIn({ have, threshold }: SignedRole): string {
  return have < threshold ? `; ${threshold - have} more of its keys must sign: cfl-publish sign` : '';
}
