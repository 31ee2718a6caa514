// What is published, as whoever writes upon it sees it: read through the client's verification.
//
// The operator reads without looking at expiry dates, since an expired role is what it must be able to
// renew. Everybody else reads as a supplier does.

import { sha256 } from '@cfl/client/encoding';
import { type Files, folder, folderRepository, memoryCache } from '@cfl/client/library';
import {
  Client,
  type Document,
  parseTargetPath,
  RefusedError,
  type RoleName,
  type Targets,
  type Trusted,
} from '@cfl/client/tuf';
import { familyOf } from '../change/bins.ts';
import { ChangeError } from '../change/errors.ts';
import type { Present } from '../change/sign.ts';
import { bounded } from './bounded.ts';
import { rememberedRoot } from './remembered.ts';

/** The three folders of a library at its operator's. */
export interface Place {
  readonly metadata: Files;
  readonly targets: Files;
  /** Keys, inbox, journal, lock: never deployed. */
  readonly private: Files;
}

export function placeAt(base: string): Place {
  return {
    metadata: folder(`${base}/metadata`),
    targets: folder(`${base}/targets`),
    private: bounded(folder(`${base}/private`, 'secret'), `${base}/private`),
  };
}

/** A published library, as much of it as is asked for. */
export interface Published {
  /** SHA-256 of the first root: the library's name among changes. */
  readonly library: string;
  readonly trusted: Trusted;
  /** Undefined where nothing delegates to the role. */
  role(name: RoleName): Promise<Document<Targets> | undefined>;
  /** A published file, verified; undefined where no role lists it. */
  read(path: string): Promise<Uint8Array | undefined>;
}

export async function openPublished(client: Client, firstRoot: Uint8Array): Promise<Published> {
  const trusted = await client.refresh();
  return {
    library: await sha256(firstRoot),
    trusted,
    role: (name) => roleOf(client, name).catch(undefinedIfNotFound),
    async read(path) {
      const found = await client.find(parseTargetPath(path));
      return found && client.read(found);
    },
  };
}

/** A bin is looked for at its own role alone: nobody else has one. */
export function roleOf(client: Client, name: RoleName): Promise<Document<Targets> | undefined> {
  const family = familyOf(name);
  return family === name ? client.role(name) : client.roleUnder(family, name);
}

function undefinedIfNotFound(error: unknown): undefined {
  if (error instanceof RefusedError && error.code === 'NOT_FOUND') return undefined;
  throw error;
}

const BEFORE_EVERY_EXPIRY = new Date(0);

/** The operator's own library. Throws NO_LIBRARY where the folder holds none, OLDER_COPY where it held more. */
export async function loadState(place: Place): Promise<Published> {
  const first = await place.metadata.read('1.root.json');
  const timestamp = await place.metadata.read('timestamp.json');
  if (first === undefined || timestamp === undefined) {
    throw new ChangeError(
      'NO_LIBRARY',
      'Cannot find a library here: metadata/ holds no timestamp.json',
      'Begin one: cfl-repo init, or go to the folder that holds metadata/, targets/ and private/',
    );
  }
  return openPublished(
    new Client({
      root: (await rememberedRoot(place)) ?? first,
      repository: folderRepository(place.metadata, place.targets),
      cache: memoryCache(),
      now: BEFORE_EVERY_EXPIRY,
    }),
    first,
  );
}

/** What signatures are judged by: nothing yet, or what is published. */
export function presentOf(published: Published | undefined): Present {
  return { root: published?.trusted.root, targets: published?.trusted.targets };
}
