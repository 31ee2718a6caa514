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
  type HoldingSettings,
  type ImageHash,
  type ManufacturerCode,
  manufacturerImageHash,
  notesFaults,
  OtaError,
  type OtaHeader,
  type OtaImage,
  type Party,
  type PartyId,
  type PartyKind,
  type ReleaseId,
  releaseIdOf,
  type Slice,
  type Statement,
} from '../firmware/index.ts';

export interface Facts {
  /** `2026-11-20T09:00:00Z` */
  readonly now: string;
  /** When the gateway first received this bundle: `now`, unless the submission was held meanwhile. */
  readonly received: string;
  /** As the target paths name it. */
  readonly submitted: { readonly code: ManufacturerCode; readonly release: ReleaseId };
  readonly statement: Statement;
  readonly evidence: EvidenceFact;
  /** Verified ones only. */
  readonly endorsements: readonly EndorsementFact[];
  readonly image: ImageFacts | UnreadImage;
  /** Of each sealed file that the submission brings. */
  readonly seals: readonly SealFact[];
  /** Undefined: no notes came with it. */
  readonly notes: NotesFacts | undefined;
  /** The register's entry for the originator that the statement names. */
  readonly party: PartyFact | undefined;
  readonly library: HoldingSettings;
  readonly cpl: CplFacts;
  /** Every published release of the same manufacturer code, withdrawn ones too. */
  readonly published: readonly CatalogueRelease[];
  /** The releases of the same code in this submission, this one among them. */
  readonly together: readonly ReleaseIdentity[];
  readonly role: RoleDifference;
  /** Holds that the operator lifted. Those that nobody may lift stay what they are. */
  readonly released: readonly ReleasedHold[];
}

export type PartyFact = Pick<Party, 'id' | 'name' | 'kinds' | 'codes' | 'certificates'>;

export interface CplFacts {
  readonly snapshot: number;
  /** Of the newest decision before; 0 before the first. */
  readonly newestSeen: number;
  /** Every entry of the manufacturer code, and those of other codes that the statement claims. */
  readonly entries: ReadonlyMap<EntryId, CplEntry>;
}

/** By what a device, and the CPL, tell a release from another. */
export type ReleaseIdentity = Pick<
  CatalogueRelease,
  'release' | 'imageHash' | 'imageType' | 'firmwareVersion' | 'hardware'
>;

export interface ReleasedHold {
  /** Of the rule. */
  readonly code: string;
  /** An office, no person. */
  readonly by: string;
  readonly reason: string;
}

/** What the verification of the manufacturer's bundle proved, or why it failed. */
export type EvidenceFact =
  | {
      readonly ok: true;
      /** SHA-256 of the DER. */
      readonly certificate: string;
      readonly serial: string;
      readonly issuer: string;
      readonly subject: string;
      /** `2026-11-18T10:02:11Z` */
      readonly stampedAt: string;
      readonly authority: string;
    }
  | {
      readonly ok: false;
      /** Of the evidence. */
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly expected?: string;
      readonly found?: string;
    };

export interface EndorsementFact {
  readonly party: PartyId;
  /** As what it endorses. */
  readonly kind: PartyKind;
}

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
  /** Digests of the octets where the stated slices lie. */
  readonly slices: readonly Sha256[];
}

/** The image is no OTA image, or its plaintext is sealed to whoever decides. */
export interface UnreadImage {
  /** `offset 0 holds 23 20 45 53, expected 1E F1 EE 0B` */
  readonly unread: string;
}

/** How a file is sealed. */
export interface SealFact {
  readonly file: 'image' | 'notes';
  /** What its header shows, where that is not exactly one stanza of the post-quantum form. */
  readonly fault: string | undefined;
  /** Found by opening it; of notes as the submission states it. Undefined where neither tells. */
  readonly epoch: number | undefined;
  /** Of its read key, as the library says. */
  readonly current: number;
}

export interface NotesFacts {
  /** Octets of the notes; a sealed file tells how many it holds. */
  readonly length: number;
  readonly form: 'text' | 'other' | 'sealed';
  /** Absent where the notes are sealed to whoever decides. */
  readonly text?: { readonly sha256: Sha256; readonly faults: readonly string[] };
}

/**
 * A manufacturer's role with its bins: every file of it that was submitted, against the version that it was
 * signed upon (not the newest), which the library still has. Target paths are those of all files together.
 */
export interface RoleDifference {
  /** `m-fff1` */
  readonly role: string;
  /** The role itself, some of its bins, or both. */
  readonly files: readonly RoleFileFact[];
  /** How many bins it has after this, and how many its entries need; 1 where it lists them itself. */
  readonly bins: { readonly found: number; readonly expected: number };
  /** Added, though the submission does not bring them. */
  readonly foreign: readonly string[];
  /** Brought, and not added exactly as they are. */
  readonly lacking: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** Listed in a file that is not theirs. */
  readonly misplaced: readonly string[];
  /** Its delegations are not those of its bins, or something differs that is not targets, version or expiry. */
  readonly delegationsChanged: boolean;
}

export interface RoleFileFact {
  /** `m-fff1`, or a bin: `m-fff1-3` */
  readonly name: string;
  /** Its own version. */
  readonly version: number;
  /** The version that it was signed upon, and the newest that the library has; 0 where there is none. */
  readonly base: number;
  readonly current: number;
  /** Its length, signatures included. */
  readonly octets: number;
  /** By as many of the role's own keys as its delegation demands. */
  readonly signed: boolean;
}

/** `slices`: as the statement lists them. */
export async function imageFacts(
  octets: Uint8Array,
  slices: readonly Pick<Slice, 'length'>[] = [],
): Promise<ImageFacts | UnreadImage> {
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
    slices: await sliceDigests(octets, slices),
  };
}

async function sliceDigests(
  octets: Uint8Array,
  slices: readonly Pick<Slice, 'length'>[],
): Promise<readonly Sha256[]> {
  const digests: Sha256[] = [];
  let start = 0;
  for (const { length } of slices) {
    digests.push(await sha256(octets.subarray(start, start + length)));
    start += length;
  }
  return digests;
}

function decodedOrReason(octets: Uint8Array): OtaImage | string {
  try {
    return decodeImage(octets);
  } catch (error) {
    if (error instanceof OtaError) return error.message;
    throw error;
  }
}

/** From notes in the clear. */
export async function notesFacts(octets: Uint8Array): Promise<NotesFacts> {
  const text = decodedText(octets);
  return {
    length: octets.length,
    form: text === undefined ? 'other' : 'text',
    text: {
      sha256: await sha256(octets),
      faults: text === undefined || text === '' ? [] : notesFaults(text),
    },
  };
}

/** Undefined where it is not UTF-8. */
function decodedText(octets: Uint8Array): string | undefined {
  try {
    return decodeUtf8(octets);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}
