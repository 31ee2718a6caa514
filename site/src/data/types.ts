// What do the pages show? Everything here has passed the client's verification, or the build has failed.

import type {
  Anchor,
  CplEntry,
  ManufacturerCode,
  PartyKind,
  ReleaseId,
  ReleaseState,
  Statement,
  StateWithReason,
} from '@cfl/client/firmware';
import type { Acceptance, WithdrawalFile } from '@cfl/client/library/reading';
import type { PageFloors } from '../check/memory.ts';

/** A published file that anybody may read. */
export interface SignedFile {
  /** Target path, `intake/…/decision-1.json`. */
  readonly path: string;
  readonly sha256: string;
  readonly role: string;
}

export interface Endorser {
  readonly name: string;
  /** `2026-11-18T10:02:11Z`; null where its certificate was revoked, so that it counts no longer. */
  readonly stamped: string | null;
}

export interface Release {
  readonly release: ReleaseId;
  readonly code: ManufacturerCode;
  readonly imageHash: string;
  readonly manufacturer: string;
  readonly statement: Statement;
  readonly state: StateWithReason;
  readonly withdrawal: WithdrawalFile | undefined;
  readonly acceptance: Acceptance;
  /** When each of its statements was accepted, the first first. */
  readonly accepted: readonly string[];
  readonly signed: {
    /** Of the certificate's DER. */
    readonly certificate: string;
    readonly serial: string;
    readonly issuer: string;
    readonly keyType: string;
    readonly stamped: string;
    readonly authority: string;
  };
  readonly endorsers: readonly Endorser[];
  /** The claimed entries as the newest Central Products List has them. */
  readonly rows: ReadonlyMap<string, CplEntry>;
  readonly files: readonly SignedFile[];
}

/** A row of the Central Products List that no release here claims. */
export interface RowWithoutImage {
  readonly entry: CplEntry;
  /** Why there is no image, as far as the list tells. */
  readonly why: string;
}

export interface DeviceModel {
  readonly code: ManufacturerCode;
  readonly model: string;
  /** Undefined where no party of the register owns the code. */
  readonly manufacturer: string | undefined;
  readonly deviceTypes: readonly string[];
  /** The newest first. */
  readonly releases: readonly Release[];
  readonly without: readonly RowWithoutImage[];
  /** Mailboxes of the manufacturer. */
  readonly contacts: readonly string[];
}

export type Change =
  | { readonly kind: 'published' | 'restated'; readonly date: string; readonly release: Release }
  | { readonly kind: 'withdrawn'; readonly date: string; readonly release: Release }
  | { readonly kind: 'list'; readonly date: string; readonly snapshot: number; readonly entries: number };

export interface RoleFacts {
  readonly name: string;
  readonly version: number;
  /** `2027-11-20T09:00:00Z` */
  readonly expires: string;
  readonly threshold: number;
  /** How many keys the role has. */
  readonly of: number;
  /** What it signs, for people. */
  readonly signs: string;
}

export interface TrustFacts {
  readonly roles: readonly RoleFacts[];
  readonly parties: readonly {
    readonly name: string;
    readonly kinds: readonly PartyKind[];
    readonly codes: readonly string[];
    readonly certificates: number;
  }[];
  readonly authorities: readonly (Pick<Anchor, 'kind' | 'sha256'> & {
    readonly from: string;
    readonly until: string | undefined;
  })[];
}

export interface Catalogue {
  readonly name: string;
  readonly trial: boolean;
  /** Of the snapshot: it grows with each publication. */
  readonly version: number;
  /** `2026-11-23T09:00:00Z` */
  readonly goodUntil: string;
  /** Of the pinned root. */
  readonly root: { readonly version: number; readonly sha256: string };
  readonly floors: PageFloors;
  readonly cpl: { readonly snapshot: number; readonly date: string; readonly entries: number } | undefined;
  /** In the order of the list. */
  readonly releases: readonly Release[];
  readonly models: readonly DeviceModel[];
  /** The newest first. */
  readonly changes: readonly Change[];
  readonly trust: TrustFacts;
  readonly counts: Readonly<Record<ReleaseState, number>>;
  /** Active rows of the list that no release here claims. */
  readonly elsewhere: number;
}
