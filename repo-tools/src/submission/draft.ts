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
import { type CurrentKeys, currentKeys, epochsNow, type Opener, sealTo } from '../access/sealing.ts';
import { manufacturerRole } from '../ceremony/roles.ts';
import { authorityOf, familyOf } from '../change/bins.ts';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { type Addition, isListed, reviseFamily } from '../change/split.ts';
import type { Published } from '../deploy/state.ts';
import { decideSubmission, type SubmissionDecision } from '../intake/decide.ts';
import { delegationOf } from '../intake/role-difference.ts';
import { submissionOf } from '../intake/submission.ts';
import { imageInLibraryForm, NOTES_FILE, octetsOf, parseForm, RELEASE_FILE, statementOf } from './form.ts';
import { type KeyRing, keysAtHand } from './keys.ts';

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

/** Of each folder; of this one where none is named. Throws ChangeError where two bring the same release. */
export async function readDrafts(
  folders: readonly string[],
  party: PartyId,
  now: Date,
): Promise<readonly Draft[]> {
  const drafts = new Map<ReleaseId, Draft>();
  for (const one of folders.length === 0 ? ['.'] : folders) {
    const draft = await readDraft({ folder: resolve(one), party, now });
    if (drafts.has(draft.release))
      throw new ChangeError(
        'BAD_INPUT',
        `Cannot take "${one}": another folder brings the same release, ${draft.release.slice(0, 12)}`,
        'Name each release once; say more about one in its next statement, later',
      );
    drafts.set(draft.release, draft);
  }
  return [...drafts.values()];
}

async function readImage(base: string, path: string): Promise<Uint8Array> {
  const place = resolve(base, path);
  const slash = place.lastIndexOf('/');
  const octets = await folder(place.slice(0, slash + 1)).read(place.slice(slash + 1));
  if (octets !== undefined) return octets;
  throw new ChangeError('BAD_INPUT', `Cannot find the image "${path}"`, `Correct "image" in ${RELEASE_FILE}`);
}

/** What of a draft lies in the library sealed. */
export interface SealedDraft {
  readonly draft: Draft;
  readonly image: Uint8Array;
  readonly notes: Uint8Array | undefined;
}

/** All of them, and the keys that they are sealed to: those that the published library names, and no others. */
export interface SealedDrafts {
  readonly keys: CurrentKeys;
  readonly drafts: readonly SealedDraft[];
}

/** Throws ChangeError NO_READ_KEYS where the library has none yet. */
export async function sealDrafts(drafts: readonly Draft[], published: Published): Promise<SealedDrafts> {
  const keys = await currentKeys(published);
  const sealed: SealedDraft[] = [];
  for (const draft of drafts) {
    const notes = draft.notes && (await sealTo(keys.notes, draft.notes));
    sealed.push({ draft, image: await sealTo(keys.images, octetsOf(draft.image)), notes });
  }
  return { keys, drafts: sealed };
}

/** Whoever sealed them a moment ago need not open them. */
function openerOf({ keys, drafts }: SealedDrafts): Opener {
  const epochs = epochsNow(keys);
  const images = new Map(drafts.map(({ draft, image }) => [image, octetsOf(draft.image)]));
  const texts = new Map(drafts.map(({ draft, notes }) => [notes, draft.notes]));
  const openIn =
    (known: ReadonlyMap<unknown, Uint8Array | undefined>, epoch: number) => async (sealed: unknown) => {
      const plaintext = known.get(sealed);
      return plaintext === undefined
        ? { closed: 'it was sealed elsewhere', cause: 'wrong-key' as const }
        : { plaintext, epoch };
    };
  return { image: openIn(images, epochs.images), notes: openIn(texts, epochs.notes) };
}

export interface DraftFiles {
  readonly sealed: SealedDraft;
  /** The statement as it will lie in the library: its bundle, or in a dry run its payload. */
  readonly statementFile: Uint8Array;
}

/** One change with all of them, upon the newest role versions; its role files are not signed. */
export async function draftChange(
  drafts: readonly DraftFiles[],
  keys: CurrentKeys,
  published: Published,
  now: Date,
): Promise<Change> {
  const targets = new Map<TargetPath, Uint8Array>();
  const families = new Map<RoleName, Map<TargetPath, Uint8Array>>();
  const words: string[] = [];
  for (const one of drafts) {
    const { draft } = one.sealed;
    const role = manufacturerRole(draft.code);
    const add = families.get(role) ?? new Map<TargetPath, Uint8Array>();
    families.set(role, add);
    for (const [path, octets] of await filesOfDraft(one, role, published)) {
      add.set(path, octets);
      targets.set(path, octets);
    }
    words.push(...draftInWords(draft));
  }
  const metadata = new Map<RoleName, Document<Root | Targets>>();
  const upon = new Map<RoleName, number>();
  for (const [family, add] of families) {
    const revised = await revisedRole({ family, add }, published, now);
    for (const [role, document] of revised.metadata) metadata.set(role, document);
    for (const [role, version] of revised.upon) upon.set(role, version);
    words.push(`role      ${namesInWords([...revised.metadata.keys()])}: ${add.size} files more`);
  }
  const [first] = drafts;
  const title =
    drafts.length === 1 && first !== undefined
      ? titleOf(first.sealed.draft)
      : `${drafts.length} releases of ${[...new Set(drafts.map(({ sealed }) => sealed.draft.code))].join(', ')}`;
  const sealedTo = epochsNow(keys);
  words.push(`sealed    to epoch ${sealedTo.images} of images, epoch ${sealedTo.notes} of notes`);
  return { title, words, created: now, library: published.library, upon, sealedTo, metadata, targets };
}

function titleOf({ code, image, release }: Draft): string {
  return `${code} firmware ${firmwareVersionOf(image.header.fileVersion)}, release ${release.slice(0, 12)}`;
}

function draftInWords({ release, statement }: Draft): readonly string[] {
  return [
    `release   ${release}`,
    `entries   ${statement.predicate.claims.map(({ entry }) => entry).join(', ')}`,
  ];
}

/** `m-fff1`, or `m-fff1 and 16 bins of it`. */
function namesInWords(names: readonly RoleName[]): string {
  return names.length <= 3 ? names.join(', ') : `${names[0]} and ${names.length - 1} more of its files`;
}

async function filesOfDraft(
  { sealed: { draft, image, notes }, statementFile }: DraftFiles,
  role: RoleName,
  published: Published,
): Promise<ReadonlyMap<TargetPath, Uint8Array>> {
  const { code, release, statement } = draft;
  const { number } = statement.predicate;
  const files = new Map<TargetPath, Uint8Array>();
  const at = imagePath(code, release);
  // A later statement says more about an image that is there already
  if (!(await isListed(published, role, at))) files.set(parseTargetPath(at), image);
  files.set(parseTargetPath(statementPath(code, release, number)), statementFile);
  if (notes !== undefined) files.set(parseTargetPath(notesPath(code, release, number)), notes);
  return files;
}

export interface RevisedRole {
  readonly metadata: ReadonlyMap<RoleName, Document<Targets>>;
  /** Of these files, and of the role itself, whose number of bins they were made for. */
  readonly upon: ReadonlyMap<RoleName, number>;
}

/** The next versions of a manufacturer's role and its bins; not yet signed. Throws NOT_A_SIGNER. */
export async function revisedRole(
  { family, add }: Pick<Addition, 'family' | 'add'>,
  published: Published,
  now: Date,
): Promise<RevisedRole> {
  const head = await publishedRole(published, family);
  const authority = authorityOf(published.trusted.targets.signed.delegations, family);
  if (authority === undefined) throw new TypeError(`A published role is delegated to: ${family}`);
  const metadata = await reviseFamily(published, { family, authority, add }, now);
  const upon = new Map([[family, head.signed.version]]);
  for (const role of metadata.keys()) upon.set(role, (await published.role(role))?.signed.version ?? 0);
  return { metadata, upon };
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

export function checkDraft(
  draft: Draft,
  published: Published,
  ring: KeyRing,
  now: Date,
): Promise<SubmissionDecision> {
  return checkDrafts([draft], published, ring, now);
}

/** Throws ChangeError, or SubmissionError where the gateway would not even decide. */
export async function checkDrafts(
  drafts: readonly Draft[],
  published: Published,
  ring: KeyRing,
  now: Date,
): Promise<SubmissionDecision> {
  return checkSealedDrafts(await sealDrafts(drafts, published), published, ring, now);
}

export async function checkSealedDrafts(
  all: SealedDrafts,
  published: Published,
  ring: KeyRing,
  now: Date,
): Promise<SubmissionDecision> {
  const files = all.drafts.map((sealed) => ({
    sealed,
    statementFile: encodeStatement(sealed.draft.statement),
  }));
  const change = await draftChange(files, all.keys, published, now);
  const { delegations } = published.trusted.targets.signed;
  const enough = new Set<RoleName>();
  for (const role of new Set([...change.metadata.keys()].map(familyOf))) {
    const delegation = delegationOf(delegations, role);
    const count = await keysAtHand(delegation, ring);
    // With fewer than it needs, the others sign after: cfl-publish sign
    if (delegation !== undefined && count > 0) enough.add(role);
  }
  return decideSubmission(await submissionOf(change), published, {
    now,
    former: async () => undefined,
    opener: openerOf(all),
    dryRun: { canSign: (role) => enough.has(role) },
  });
}
