// What does intake know when it decides? Plain values, gathered before: the decision itself reads nothing.
//
// Whoever gathers them answers for this much: the statement is the payload of the bundle that the evidence
// speaks of, the octets of image and notes are those that the role file lists, the CPL and the register
// are the newest that were verified, and nothing was taken from a file name.

import { decodeUtf8, JsonError, type Sha256, sha256 } from '../encoding/index.ts';
import {
  type CatalogueRelease,
  type CplEntry,
  decodeImage,
  type EntryId,
  type ImageHash,
  type LibrarySettings,
  type ManufacturerCode,
  manufacturerImageHash,
  OtaError,
  type OtaHeader,
  type OtaImage,
  type Party,
  type ReleaseId,
  releaseIdOf,
  type Statement,
} from '../firmware/index.ts';

export interface Facts {
  /** `2026-11-20T09:00:00Z` */
  readonly now: string;
  /** As the target paths name it. */
  readonly submitted: { readonly code: ManufacturerCode; readonly release: ReleaseId };
  readonly statement: Statement;
  readonly evidence: EvidenceFact;
  readonly image: ImageFacts | UnreadImage;
  /** Undefined: no notes came with it. */
  readonly notes: NotesFacts | undefined;
  /** The register's entry for the originator that the statement names. */
  readonly party: Party | undefined;
  readonly library: Pick<LibrarySettings, 'sizeLimit'>;
  /** At least the entries that the statement claims; one that is not there is not on the CPL. */
  readonly cpl: { readonly snapshot: number; readonly entries: ReadonlyMap<EntryId, CplEntry> };
  /** Every published release of the same manufacturer code, withdrawn ones too. */
  readonly published: readonly CatalogueRelease[];
  readonly role: RoleDifference;
}

/** What the verification of the manufacturer's bundle proved. */
export type EvidenceFact =
  | { readonly verified: true; readonly keyId: string }
  | { readonly verified: false; readonly reason: string };

/** Computed from the octets of the image. */
export interface ImageFacts {
  readonly header: OtaHeader;
  /** Octets of the file. */
  readonly length: number;
  readonly release: ReleaseId;
  /** Of everything behind the header. */
  readonly hash: ImageHash;
  /** Of the same without its last 66 octets, where these have the form of a supplier's trailer. */
  readonly hashWithoutTrailer: ImageHash | undefined;
  readonly awaitsTrailer: boolean;
}

/** The image is no OTA image, or its plaintext is sealed to whoever decides. */
export interface UnreadImage {
  /** `offset 0 holds 23 20 45 53, expected 1E F1 EE 0B` */
  readonly unread: string;
}

export interface NotesFacts {
  /** Absent where the notes are sealed to whoever decides. */
  readonly text?: { readonly sha256: Sha256; readonly faults: readonly string[] };
}

/** A role file against the version that it was signed upon (not the newest), which the library still has. */
export interface RoleDifference {
  /** `m-fff1` */
  readonly role: string;
  /** Its own version. */
  readonly version: number;
  /** The version that it was signed upon. */
  readonly base: number;
  /** The newest version that the library has. */
  readonly current: number;
  /** Target paths. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** The target paths that the releases of this submission bring, all of them. */
  readonly expected: readonly string[];
  /** Its delegations, or anything else that is not its targets, version and expiry. */
  readonly delegationsChanged: boolean;
  /** By as many of the role's own keys as its delegation demands. */
  readonly signed: boolean;
}

export async function imageFacts(octets: Uint8Array): Promise<ImageFacts | UnreadImage> {
  const image = decodedOrReason(octets);
  if (typeof image === 'string') return { unread: image };
  const trailer = image.possibleTrailer !== undefined;
  return {
    header: image.header,
    length: octets.length,
    release: await releaseIdOf(octets),
    hash: await manufacturerImageHash(image, 'whole'),
    hashWithoutTrailer: trailer ? await manufacturerImageHash(image, 'without-trailer') : undefined,
    awaitsTrailer: image.awaitsTrailer,
  };
}

function decodedOrReason(octets: Uint8Array): OtaImage | string {
  try {
    return decodeImage(octets);
  } catch (error) {
    if (error instanceof OtaError) return error.message;
    throw error;
  }
}

/** The notes are Markdown; what a person must still write is marked with `…`. */
export async function notesFacts(octets: Uint8Array): Promise<NotesFacts> {
  return { text: { sha256: await sha256(octets), faults: notesFaults(octets) } };
}

function notesFaults(octets: Uint8Array): string[] {
  try {
    const text = decodeUtf8(octets);
    return text.trim() === '' ? ['it is empty'] : unfinishedParts(text);
  } catch (error) {
    if (error instanceof JsonError) return [error.message];
    throw error;
  }
}

function unfinishedParts(text: string): string[] {
  let heading = 'the beginning';
  const parts = new Set<string>();
  for (const line of text.split('\n')) {
    // Not by one pattern over the whole line: a line of spaces would take it quadratic time
    const text = line.replace(/^#+(?=\s)/, '').trim();
    if (/^#+\s/.test(line) && text !== '') heading = text;
    if (line.includes('…')) parts.add(`"${heading}" still holds "…"`);
  }
  return [...parts];
}
