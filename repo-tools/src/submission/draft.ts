// What would be submitted from this folder, and what would the gateway say? The dry run of `cfl-publish check`.
//
// It is the gateway's own decision, upon the same facts. The statement stands where its bundle will, and
// the role file is as it will be signed.

import { resolve } from 'node:path';
import { sha256 } from '@cfl/client/encoding';
import {
  encodeStatement,
  firmwareVersionOf,
  imagePath,
  type ManufacturerCode,
  manufacturerCodeOf,
  notesPath,
  type OtaImage,
  type PartyId,
  type ReleaseId,
  releaseIdOf,
  type Statement,
  statementPath,
} from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import {
  type Document,
  parseTargetPath,
  type RoleName,
  type Root,
  type TargetPath,
  type Targets,
} from '@cfl/client/tuf';
import { manufacturerRole } from '../ceremony/roles.ts';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { revise } from '../change/plan.ts';
import type { Published } from '../deploy/state.ts';
import { decideSubmission, type SubmissionDecision } from '../intake/decide.ts';
import { delegationOf } from '../intake/role-difference.ts';
import { submissionOf } from '../intake/submission.ts';
import { imageInLibraryForm, NOTES_FILE, octetsOf, parseForm, RELEASE_FILE, statementOf } from './form.ts';
import { type KeyRing, keysAtHand, publicPart } from './keys.ts';

export interface Draft {
  readonly code: ManufacturerCode;
  readonly release: ReleaseId;
  readonly statement: Statement;
  readonly image: OtaImage;
  readonly notes: Uint8Array | undefined;
}

export interface DraftOptions {
  /** The folder with `release.json` and `notes.md`. */
  readonly folder: string;
  readonly party: PartyId;
  readonly now: Date;
}

/** Throws ChangeError where the form is not filled in. */
export async function readDraft({ folder: base, party, now }: DraftOptions): Promise<Draft> {
  const files = folder(base);
  const octets = await files.read(RELEASE_FILE);
  if (octets === undefined)
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot find "${RELEASE_FILE}" in "${base}"`,
      'Begin with: cfl-publish new IMAGE',
    );
  const form = parseForm(octets);
  const image = imageInLibraryForm(await readImage(base, form.image), form.image, form.trailer);
  const notes = await files.read(NOTES_FILE);
  const digest = await sha256(notes ?? new Uint8Array());
  return {
    code: manufacturerCodeOf(image.header.manufacturerCode),
    release: await releaseIdOf(octetsOf(image)),
    statement: await statementOf(form, image, { originator: party, notes: digest, now }),
    image,
    notes,
  };
}

async function readImage(base: string, path: string): Promise<Uint8Array> {
  const place = resolve(base, path);
  const slash = place.lastIndexOf('/');
  const octets = await folder(place.slice(0, slash + 1)).read(place.slice(slash + 1));
  if (octets !== undefined) return octets;
  throw new ChangeError('BAD_INPUT', `Cannot find the image "${path}"`, `Correct "image" in ${RELEASE_FILE}`);
}

/** The change with this statement file, upon the newest role version; its role file is not signed. */
export async function draftChange(
  draft: Draft,
  statementFile: Uint8Array,
  published: Published,
  now: Date,
): Promise<Change> {
  const { code, release, image, notes, statement } = draft;
  const { number } = statement.predicate;
  const role = manufacturerRole(code);
  const present = await publishedRole(published, role);
  const add = new Map<TargetPath, Uint8Array>();
  // A later statement says more about an image that is there already
  if (!present.signed.targets.has(parseTargetPath(imagePath(code, release))))
    add.set(parseTargetPath(imagePath(code, release)), octetsOf(image));
  add.set(parseTargetPath(statementPath(code, release, number)), statementFile);
  if (notes !== undefined) add.set(parseTargetPath(notesPath(code, release, number)), notes);
  return {
    title: `${code} firmware ${firmwareVersionOf(image.header.fileVersion)}, release ${release.slice(0, 12)}`,
    words: [
      `release   ${release}`,
      `entries   ${statement.predicate.claims.map(({ entry }) => entry).join(', ')}`,
      `role      ${role} version ${present.signed.version + 1} lists ${add.size} files more`,
    ],
    created: now,
    library: published.library,
    upon: new Map([[role, present.signed.version]]),
    metadata: new Map<RoleName, Document<Root | Targets>>([
      [role, await revise(role, present, { add }, now)],
    ]),
    targets: add,
  };
}

export async function publishedRole(published: Published, role: RoleName): Promise<Document<Targets>> {
  const present = await published.role(role);
  if (present !== undefined) return present;
  throw new ChangeError(
    'NOT_A_SIGNER',
    `Cannot publish under ${role}: the library has no such role`,
    'Send party.json to the registrar, and wait until it is added',
  );
}

/** Throws ChangeError, or SubmissionError where the gateway would not even decide. */
export async function checkDraft(
  draft: Draft,
  published: Published,
  ring: KeyRing,
  now: Date,
): Promise<SubmissionDecision> {
  const change = await draftChange(draft, encodeStatement(draft.statement), published, now);
  const { delegations } = published.trusted.targets.signed;
  const enough = new Set<RoleName>();
  for (const role of change.metadata.keys()) {
    const delegation = delegationOf(delegations, role);
    const count = await keysAtHand(delegation, ring);
    // With fewer than it needs, the others sign after: cfl-publish sign
    if (delegation !== undefined && count > 0) enough.add(role);
  }
  return decideSubmission(await submissionOf(change), published, {
    now,
    former: async () => undefined,
    dryRun: { keyId: (await publicPart(ring.keys.statement, ring)).id, canSign: (role) => enough.has(role) },
  });
}
