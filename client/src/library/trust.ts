// Which files say whom to trust about evidence? Three of the register, and the revocation lists that matter.
//
// Of each authority its newest list. An authority may leave out a certificate that has expired, so for such
// a one also the last list from before its end and the first from after it: between them they name every
// certificate that was revoked. So it is for the certificates of the authorities, too. Both are found by
// halving: lists are kept for ever, and are numbered in order.

import type { Sha256 } from '../encoding/index.ts';
import {
  type Certificate,
  type EvidenceTrust,
  isSameAuthority,
  readCrl,
  readTrust,
  withCrls,
} from '../evidence/index.ts';
import {
  ANCHORS_PATH,
  CATALOGUE_INDEX_PATH,
  type CrlName,
  crlPath,
  parseCrlPath,
  REVOCATIONS_PATH,
  TRUSTED_ROOT_PATH,
} from '../firmware/index.ts';
import { LibraryError } from './errors.ts';
import type { Library } from './library.ts';

/** A library as it is read, or as it is about to be published. */
export interface TrustSource {
  /** Undefined where the library does not list it. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** The paths that the role `catalogue` lists; others than CRLs are passed over. */
  catalogued(): Promise<Iterable<string>>;
  /** Where files do not change, what was made of them before, by the ends of the certificates asked about. */
  readonly known?: Map<string, Promise<EvidenceTrust>>;
}

const sources = new WeakMap<Library, TrustSource>();

/** Reads each file once a session. */
export function trustSource(library: Library): TrustSource {
  const known = sources.get(library);
  if (known !== undefined) return known;
  const files = new Map<string, Promise<Uint8Array | undefined>>();
  const read = async (path: string) => {
    const found = await library.find(path);
    return found === undefined ? undefined : library.read(found);
  };
  const source: TrustSource = {
    read: (path) => {
      const started = files.get(path) ?? read(path);
      files.set(path, started);
      return started;
    },
    catalogued: async () => {
      const index = await library.find(CATALOGUE_INDEX_PATH);
      return index?.document.signed.targets.keys() ?? [];
    },
    known: new Map(),
  };
  sources.set(library, source);
  return source;
}

/** Whom to trust about evidence under this certificate. Throws EvidenceError WRONG_TRUST or BAD_CRL. */
export function loadTrust(source: TrustSource, certificate?: Certificate): Promise<EvidenceTrust> {
  const end = String(certificate?.until.getTime());
  const known = source.known?.get(end);
  if (known !== undefined) return known;
  const started = loadAnew(source, certificate);
  source.known?.set(end, started);
  return started;
}

async function loadAnew(source: TrustSource, certificate?: Certificate): Promise<EvidenceTrust> {
  const [trustedRoot, anchors, revocations] = await Promise.all(
    [TRUSTED_ROOT_PATH, ANCHORS_PATH, REVOCATIONS_PATH].map((path) => needed(source, path)),
  );
  if (trustedRoot === undefined || anchors === undefined || revocations === undefined)
    throw new TypeError('Three files were asked for');
  const trust = await readTrust({ trustedRoot, anchors, revocations, crls: [] });
  const crls: Uint8Array[] = [];
  for (const [issuer, names] of byIssuer(await source.catalogued())) {
    const ends = [...(certificate === undefined ? [] : [certificate.until]), ...endsUnder(issuer, trust)];
    crls.push(...(await listsFor(names, source, ends)));
  }
  return withCrls(trust, crls);
}

/** When the certificates end that this authority issued to others of the chains. */
function endsUnder(issuer: Sha256, { authorities }: EvidenceTrust): readonly Date[] {
  const chains = authorities.map(({ chain }) => chain);
  const authority = chains.flat().find(({ sha256 }) => sha256 === issuer);
  if (authority === undefined) return [];
  return chains.flatMap((chain) =>
    chain.filter((one, i) => isSameAuthority(chain[i + 1] ?? one, authority)).map(({ until }) => until),
  );
}

function byIssuer(paths: Iterable<string>): ReadonlyMap<Sha256, readonly CrlName[]> {
  const names = [...paths]
    .flatMap((path) => parseCrlPath(path) ?? [])
    .sort((a, b) => (a.number < b.number ? -1 : 1));
  return Map.groupBy(names, ({ issuer }) => issuer);
}

async function listsFor(
  names: readonly CrlName[],
  source: TrustSource,
  ends: readonly Date[],
): Promise<readonly Uint8Array[]> {
  const read = new Map<number, Uint8Array>();
  const list = async (i: number) => {
    const name = names[i];
    if (name === undefined) throw new TypeError('There is no such list');
    const octets = read.get(i) ?? (await needed(source, crlPath(name)));
    read.set(i, octets);
    return readCrl(octets);
  };
  const newest = await list(names.length - 1);
  for (const end of ends.filter((one) => one < newest.from)) {
    // low: from before the certificate's end, or none; high: from after it
    let [low, high] = [-1, names.length - 1];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((await list(middle)).from <= end) low = middle;
      else high = middle;
    }
  }
  return [...read.values()];
}

async function needed(source: TrustSource, path: string): Promise<Uint8Array> {
  const octets = await source.read(path);
  if (octets !== undefined) return octets;
  throw new LibraryError('INCOMPLETE', `Cannot read ${path}: the library does not list it`, {
    hint: 'The library is not whole; tell the operator',
  });
}
