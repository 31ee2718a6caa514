// What does a fetch leave behind, so that anybody can verify it again without the library? `cfl/evidence/1`: every
// signed file that was relied on, as published, and a summary that says nothing but what follows from them.
//
// - The files are those that a verification from the pinned root reads, no more: it is run once again on
//   nothing but what was read, and what that run reads is kept. So evidence that is written suffices.
// - The summary is derived. Who verifies derives it again and compares; none of it is believed.
// - The one thing that cannot be derived is the moment of the fetch. It is judged at, and must lie where
//   every file was good.

import { encodeDate, parseDate, sha256 } from '../encoding/index.ts';
import {
  date,
  digest,
  type Format,
  FormatError,
  format,
  integer,
  line,
  listOfDifferent,
  literal,
  object,
  oneOf,
  text,
} from '../firmware/fields.ts';
import { imageHash, manufacturerCode, partyId, releaseId } from '../firmware/identifiers.ts';
import { consistentName, type Repository, UnreachableError } from '../tuf/index.ts';
import { memoryCache } from './cache.ts';
import { LibraryError } from './errors.ts';
import { Library, type ListedRelease, type PublishedFiles } from './library.ts';
import { type Check, gathering, type OpenPart, readOpenPart } from './read-release.ts';
import { short } from './read-statement.ts';

const name = text(/^(metadata|targets)\/[^\p{Cc}\p{Cs}\\]{1,4200}$/u, 'the path of a published file');
const base64 = text(/^[A-Za-z0-9+/]*={0,2}$/, 'base64');
const version = integer(1);

const evidence = object({
  format: literal('cfl/evidence/1'),
  library: line,
  /** Of the newest root. */
  rootSha256: digest,
  release: releaseId.exact,
  code: manufacturerCode.exact,
  manufacturerImageHash: imageHash.exact,
  notesSha256: digest,
  /** When the release was fetched, and as of when everything is judged. */
  verified: date,
  state: oneOf('current', 'superseded', 'withdrawn'),
  versions: object({
    root: version,
    timestamp: version,
    snapshot: version,
    targets: version,
    manufacturer: version,
    cpl: integer(0),
  }),
  goodUntil: date,
  statement: object({
    number: integer(1),
    party: partyId.exact,
    certificate: object({ serial: line, issuer: line, sha256: digest }),
    stamped: date,
    timeAuthority: line,
  }),
  acceptance: object({ decided: date, rules: line, sequence: integer(1) }),
  files: listOfDifferent(object({ path: name, sha256: digest, base64 }), ({ path }) => path, 1),
});
export type Evidence = ReturnType<typeof evidence>;

export const evidenceFile: Format<Evidence> = format(evidence);

/** Octets. A library of 20,000 releases gives some 300,000. */
export const LONGEST_EVIDENCE = 64_000_000;

/** From what the session has read already, and the settings. */
export async function makeEvidence(
  library: Library,
  release: Pick<ListedRelease, 'code' | 'release'>,
): Promise<Uint8Array> {
  await library.settings();
  const read = new Library({
    root: library.pinned,
    repository: keptRepository(await library.filesRead()),
    cache: memoryCache(),
    now: library.now,
  });
  const { say } = gathering(undefined);
  const open = await readOpenPart(read, await rowOf(read, release), 'read', say);
  return evidenceFile.encode(await summarise(read, open));
}

export interface EvidenceOptions {
  readonly root: Uint8Array;
  readonly onCheck?: ((check: Check) => void) | undefined;
}

export interface ReadEvidence {
  readonly evidence: Evidence;
  readonly library: Library;
  readonly open: OpenPart;
}

/** Verified from the root that the caller trusts, at the moment that the evidence states. */
export async function readEvidence(
  octets: Uint8Array,
  what: string,
  { root, onCheck }: EvidenceOptions,
): Promise<ReadEvidence> {
  const found = parse(octets, what);
  const library = new Library({
    root,
    repository: keptRepository(await filesOf(found, what)),
    cache: memoryCache(),
    now: parseDate(found.verified),
  });
  try {
    const open = await readOpenPart(library, await rowOf(library, found), 'read', (check) =>
      onCheck?.(check),
    );
    await expectSummary(found, await summarise(library, open), what);
    return { evidence: found, library, open };
  } catch (cause) {
    if (!(cause instanceof UnreachableError)) throw cause;
    throw wrong(what, cause.message, cause);
  }
}

async function rowOf(
  library: Library,
  { code, release }: Pick<ListedRelease, 'code' | 'release'>,
): Promise<ListedRelease> {
  const row = await library.listed(code, release);
  if (row !== undefined) return row;
  throw new LibraryError(
    'UNKNOWN_RELEASE',
    `Cannot find the release "${short(release)}": the catalogue of ${code} does not list it`,
    { found: release, hint: 'Tell the operator' },
  );
}

async function summarise(library: Library, { about, state, cpl }: OpenPart): Promise<Evidence> {
  const { root, timestamp, snapshot, targets } = await library.refresh();
  const { name: libraryName } = await library.settings();
  const { metadata, targets: read } = await library.filesRead();
  const named = (folder: string, files: ReadonlyMap<string, Uint8Array>) =>
    [...files].map(([path, octets]) => ({ path: `${folder}/${path}`, octets }));
  const files = [...named('metadata', metadata), ...named('targets', read)].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
  const { certificate, stampedAt, authority } = about.evidence;
  const { serial, issuer, sha256: fingerprint } = certificate;
  return {
    format: 'cfl/evidence/1',
    library: libraryName,
    rootSha256: await sha256(root.octets),
    release: about.release,
    code: about.code,
    manufacturerImageHash: about.imageHash,
    notesSha256: about.digests.notes,
    verified: encodeDate(library.now),
    state: state.state as Evidence['state'],
    versions: {
      root: root.signed.version,
      timestamp: timestamp.signed.version,
      snapshot: snapshot.signed.version,
      targets: targets.signed.version,
      manufacturer: about.image.document.signed.version,
      cpl: cpl.index?.snapshot ?? 0,
    },
    goodUntil: encodeDate(timestamp.signed.expires),
    statement: {
      number: about.statement.predicate.number,
      party: about.party.id,
      certificate: { serial, issuer, sha256: fingerprint },
      stamped: encodeDate(stampedAt),
      timeAuthority: authority,
    },
    acceptance: {
      decided: about.acceptance.decided,
      rules: about.acceptance.rules,
      sequence: about.acceptance.sequence,
    },
    files: await Promise.all(
      files.map(async ({ path, octets }) => ({
        path,
        sha256: await sha256(octets),
        base64: Buffer.from(octets).toString('base64'),
      })),
    ),
  };
}

function parse(octets: Uint8Array, what: string): Evidence {
  try {
    return evidenceFile.parse(octets);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw wrong(what, cause.message, cause);
  }
}

async function filesOf({ files }: Evidence, what: string): Promise<PublishedFiles> {
  const metadata = new Map<string, Uint8Array>();
  const targets = new Map<string, Uint8Array>();
  for (const { path, sha256: expected, base64: text } of files) {
    const octets = new Uint8Array(Buffer.from(text, 'base64'));
    const found = await sha256(octets);
    if (found !== expected)
      throw wrong(what, `${path} in it has the SHA-256 ${found}, expected ${expected}`, undefined);
    const slash = path.indexOf('/');
    (path.startsWith('metadata/') ? metadata : targets).set(path.slice(slash + 1), octets);
  }
  return { metadata, targets };
}

function keptRepository({ metadata, targets }: PublishedFiles): Repository {
  return {
    metadata: async (file) => metadata.get(file),
    async target(path, sha) {
      const place = sha === undefined ? path : consistentName(path, sha);
      const octets = targets.get(place);
      if (octets !== undefined) return octets;
      throw new UnreachableError('MISSING', `it lacks targets/${place}`);
    },
  };
}

/** What the evidence says of itself against what follows from its files. */
async function expectSummary(found: Evidence, expected: Evidence, what: string): Promise<void> {
  const members = flat({ ...expected, files: [] });
  const stated = flat({ ...found, files: [] });
  for (const [member, value] of members) {
    if (stated.get(member) !== value)
      throw wrong(what, `${member} is ${stated.get(member)}, its files say ${value}`, undefined);
  }
  const listed = new Set(expected.files.map(({ path }) => path));
  const loose = found.files.find(({ path }) => !listed.has(path));
  if (loose !== undefined) throw wrong(what, `nothing in it leads to ${loose.path}`, undefined);
}

function flat(value: object, at = ''): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(value).flatMap(([key, member]): [string, string][] =>
      typeof member === 'object' && member !== null
        ? [...flat(member, `${at}${key}.`)]
        : [[`${at}${key}`, String(member)]],
    ),
  );
}

function wrong(what: string, reason: string, cause: unknown): LibraryError {
  const lacks = reason.replace(/^Cannot get ([^ ]+): the library does not have it$/, 'it lacks metadata/$1');
  return new LibraryError('WRONG_EVIDENCE', `Cannot accept "${what}" as evidence: ${lacks}`, {
    hint: 'It was changed, or is not whole. Fetch the release again, and find out who had the files meanwhile',
    cause,
  });
}
