// What was dropped here? Told by its first octets and its form, never by its name.

import {
  decodeImage,
  encodeImage,
  headerDifferences,
  libraryForm,
  likelyReading,
  type ManufacturerCode,
  manufacturerCodeOf,
  manufacturerImageHash,
  type OtaImage,
  type ReleaseId,
  releaseIdOf,
  type Statement,
  statedDigests,
} from '@cfl/client/firmware';

export type Dropped =
  | { readonly kind: 'sealed' | 'credential' | 'bundle' | 'text'; readonly octets: Uint8Array }
  | { readonly kind: 'image'; readonly octets: Uint8Array; readonly image: OtaImage };

const MAGIC = [0x1e, 0xf1, 0xee, 0x0b] as const;

/** Throws OtaError for an image whose header is none. */
export function readDropped(octets: Uint8Array): Dropped {
  if (MAGIC.every((octet, i) => octets[i] === octet))
    return { kind: 'image', octets, image: decodeImage(octets) };
  const start = new TextDecoder().decode(octets.subarray(0, 64));
  if (start.startsWith('age-encryption.org/v1\n')) return { kind: 'sealed', octets };
  if (start.startsWith('-----BEGIN AGE ENCRYPTED FILE') || start.startsWith('AGE-SECRET-KEY-'))
    return { kind: 'credential', octets };
  if (!start.trimStart().startsWith('{')) return { kind: 'text', octets };
  return { kind: 'bundle', octets: bundleIn(octets) };
}

interface Evidence {
  readonly format?: unknown;
  readonly files?: readonly { readonly path: string; readonly base64: string }[];
}

/** The evidence of a fetch holds the bundle among its files. */
function bundleIn(octets: Uint8Array): Uint8Array {
  const { format, files } = JSON.parse(new TextDecoder().decode(octets)) as Evidence;
  if (format !== 'cfl/evidence/1') return octets;
  const bundle = files?.find(({ path }) => /statement-\d+\.sigstore\.json$/.test(path));
  if (bundle === undefined) throw new TypeError('the evidence holds no statement');
  return Uint8Array.from(atob(bundle.base64), (char) => char.charCodeAt(0));
}

export interface Candidate {
  readonly release: ReleaseId;
  /** In library form, should this be the release. */
  readonly octets: Uint8Array;
}

/** Under which names the library may list it: as it is, or without the trailer that a supplier appends. */
export async function candidatesOf(
  octets: Uint8Array,
  image: OtaImage,
): Promise<{ readonly code: ManufacturerCode; readonly candidates: readonly Candidate[] }> {
  const bare = encodeImage(libraryForm(image, likelyReading(image)));
  const candidates = await Promise.all(
    [octets, bare].map(async (one) => ({ release: await releaseIdOf(one), octets: one })),
  );
  return { code: manufacturerCodeOf(image.header.manufacturerCode), candidates };
}

/** What its manufacturer signed, field by field. Throws where one differs; returns what was compared, in words. */
export async function compareImage(octets: Uint8Array, statement: Statement): Promise<string> {
  const digests = statedDigests(statement);
  const release = await releaseIdOf(octets);
  expectSame('SHA-256', release, digests.otaImage);
  const image = decodeImage(octets);
  expectSame('CPL hash', await manufacturerImageHash(image, 'whole'), digests.manufacturerImage);
  const [difference] = headerDifferences(statement.predicate.header, image.header);
  if (difference !== undefined)
    expectSame(difference.field, String(difference.found), String(difference.expected));
  const fields = Object.keys(image.header).length;
  return `SHA-256, CPL hash and ${fields} header fields are those that the manufacturer signed`;
}

function expectSame(what: string, found: string, expected: string): void {
  if (found !== expected)
    throw new TypeError(`Cannot accept the image: its ${what} is ${found}, signed is ${expected}`);
}
