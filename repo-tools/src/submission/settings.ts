// For which library does this party publish, and where are its keys? `publish.json`, and the library that it names.
//
// The library is pinned by the SHA-256 of its first root and by nothing else. The root itself and what was
// trusted before are kept in `.cfl/`, as `cfl` keeps them; without that folder the root is fetched again.

import { resolve } from 'node:path';
import { type Sha256, sha256 } from '@cfl/client/encoding';
import { FormatError, fields, type PartyId, partyId } from '@cfl/client/firmware';
import {
  type Files,
  fileCache,
  folder,
  openRepository,
  type PinnedBy,
  pinLibrary,
  type Wait,
} from '@cfl/client/library';
import { Client, parseRoleName, type RoleName } from '@cfl/client/tuf';
import { ChangeError } from '../change/errors.ts';
import { openPublished, type Published } from '../deploy/state.ts';

export const SETTINGS_FILE = 'publish.json';
const STATE = '.cfl';

export interface PublishSettings {
  /** A URL, or a folder with metadata/ and targets/, relative to that of `publish.json`. */
  readonly library: string;
  /** Of the library's first root. */
  readonly root: Sha256;
  readonly party: PartyId;
  readonly keys: {
    /** Where the keys of each role are: `file:keys/role-1.pem`, or a plain path. */
    readonly roles: ReadonlyMap<RoleName, readonly string[]>;
    readonly statement: string;
    /** The certificate of that key: a file, DER or PEM. */
    readonly certificate?: string | undefined;
    /** Address of the time authority that stamps what is signed (RFC 3161). */
    readonly timeAuthority?: string | undefined;
  };
}

const FORMAT = 'cfl/publish/1';

export function encodeSettings({ library, root, party, keys }: PublishSettings): Uint8Array {
  const file = {
    format: FORMAT,
    library,
    root,
    party,
    keys: {
      ...Object.fromEntries(keys.roles),
      statement: keys.statement,
      ...(keys.certificate === undefined ? {} : { certificate: keys.certificate }),
      ...(keys.timeAuthority === undefined ? {} : { timeAuthority: keys.timeAuthority }),
    },
  };
  return new TextEncoder().encode(`${JSON.stringify(file, undefined, 2)}\n`);
}

/** Throws ChangeError. */
export async function readSettings(base: string): Promise<PublishSettings> {
  const octets = await folder(base).read(SETTINGS_FILE);
  if (octets === undefined) {
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot find "${SETTINGS_FILE}" in this folder`,
      'Begin with: cfl-publish init',
    );
  }
  try {
    return parseSettings(octets);
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof FormatError)) throw cause;
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot read "${SETTINGS_FILE}": ${cause.message}`,
      'Correct it, or write it anew: cfl-publish init',
      cause,
    );
  }
}

/** What signs statements; every other member of `keys` is a role. */
const EVIDENCE: readonly string[] = ['statement', 'certificate', 'timeAuthority'];

const settingsFile = fields.object({
  format: fields.literal(FORMAT),
  library: fields.words,
  root: fields.digest,
  party: partyId.exact,
  keys: fields.record(fields.anything),
});
const evidenceKeys = fields.object(
  { statement: fields.words },
  { certificate: fields.words, timeAuthority: fields.words },
);
const paths = fields.list(fields.words);

function parseSettings(octets: Uint8Array): PublishSettings {
  const { library, root, party, keys } = settingsFile(fields.strictJson(octets), '');
  const roles = [...keys].filter(([name]) => !EVIDENCE.includes(name));
  const evidence = Object.fromEntries([...keys].filter(([name]) => EVIDENCE.includes(name)));
  return {
    library,
    root,
    party,
    keys: {
      roles: new Map(roles.map(([name, value]) => [parseRoleName(name), paths(value, `keys.${name}`)])),
      ...evidenceKeys(evidence, 'keys'),
    },
  };
}

export interface OpenOptions {
  /** The folder of `publish.json`. */
  readonly base: string;
  readonly now: Date;
  readonly wait: Wait;
}

/** Pins the library in this folder, and returns the SHA-256 of its first root. */
export async function pinHere(
  library: string,
  by: PinnedBy,
  { base, now, wait }: OpenOptions,
): Promise<Sha256> {
  const pinned = await pinLibrary({
    home: resolve(base, STATE),
    url: addressOf(library, base),
    by,
    now,
    wait,
  });
  if (pinned.version === 1) return pinned.sha256;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot pin root version ${pinned.version}: submissions name the library by its first root, version 1`,
    'Give the first root, or its SHA-256: --root-sha256 HEX',
  );
}

export interface OpenedLibrary {
  readonly published: Published;
  close(): void;
}

/** Reads the library as any supplier does: verified from the pinned root, with its expiry dates. */
export async function openLibrary(
  { library, root }: Pick<PublishSettings, 'library' | 'root'>,
  options: OpenOptions,
): Promise<OpenedLibrary> {
  const { base, now, wait } = options;
  const state = folder(resolve(base, STATE));
  if ((await keptRoot(state, root)) === undefined) await pinHere(library, { rootSha256: root }, options);
  const octets = await keptRoot(state, root);
  if (octets === undefined) throw new TypeError('A library that was pinned a moment ago has its root');
  const repository = openRepository(addressOf(library, base), { wait });
  const cache = fileCache(folder(resolve(base, STATE, 'cache')));
  try {
    const published = await openPublished(new Client({ root: octets, repository, cache, now }), octets);
    return { published, close: () => repository.close() };
  } catch (error) {
    repository.close();
    throw error;
  }
}

async function keptRoot(state: Files, root: Sha256): Promise<Uint8Array | undefined> {
  const octets = await state.read('root.json');
  return octets !== undefined && (await sha256(octets)) === root ? octets : undefined;
}

function addressOf(library: string, base: string): string {
  return /^https?:\/\//i.test(library) ? library : resolve(base, library);
}
