// How is a submission mended that was sealed before a new epoch began? `cfl-publish seal`: image and notes are sealed
// again from the files at hand, and the role is signed again. The statements stay as they are, octet for octet:
// they speak of the plaintext.

import { sha256 } from '@cfl/client/encoding';
import { imagePath, notesPath, parseStatement, statedDigests } from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import { parseTargetPath, type TargetPath } from '@cfl/client/tuf';
import { type CurrentKeys, currentKeys, epochsNow, sealTo } from '../access/sealing.ts';
import { ChangeError } from '../change/errors.ts';
import { payloadOf, readSubmission, type SubmittedRelease } from '../intake/submission.ts';
import type { Draft } from './draft.ts';
import { octetsOf } from './form.ts';
import { type SubmitOptions, type Submitted, signAnew } from './submit.ts';

interface Place {
  readonly files: Files;
  readonly base: string;
}

/** Throws ChangeError where a release of the submission is not among the drafts, or a file is another than was signed. */
export async function sealAgain(
  from: Place,
  to: Place,
  drafts: readonly Draft[],
  options: SubmitOptions,
): Promise<Submitted> {
  const { change, releases } = await readSubmission(from.files, from.base);
  const keys = await currentKeys(options.published);
  const targets = new Map(change.targets);
  for (const release of releases) {
    const draft = drafts.find((one) => one.release === release.release);
    if (draft === undefined) throw notAtHand(release);
    for (const [path, octets] of await sealedFiles(release, draft, keys)) targets.set(path, octets);
  }
  const words = change.words.filter((line) => !line.startsWith('sealed '));
  const { images, notes } = epochsNow(keys);
  words.push(`sealed    again, to epoch ${images} of images, epoch ${notes} of notes`);
  const sealed = { ...change, words, created: options.now, sealedTo: { images, notes }, targets };
  return signAnew({ change: sealed, formerRoles: change.metadata.keys() }, to, options);
}

/** Those that the submission brings. */
async function sealedFiles(
  { code, release, number, bundle, image, notes }: SubmittedRelease,
  draft: Draft,
  keys: CurrentKeys,
): Promise<ReadonlyMap<TargetPath, Uint8Array>> {
  const files = new Map<TargetPath, Uint8Array>();
  if (image !== undefined)
    files.set(parseTargetPath(imagePath(code, release)), await sealTo(keys.images, octetsOf(draft.image)));
  if (notes === undefined) return files;
  const stated = statedDigests(parseStatement(payloadOf(bundle))).notes;
  const text = draft.notes ?? new Uint8Array();
  const found = await sha256(text);
  if (found !== stated) throw otherNotes(release, { found, stated });
  return files.set(parseTargetPath(notesPath(code, release, number)), await sealTo(keys.notes, text));
}

function notAtHand({ release }: SubmittedRelease): ChangeError {
  return new ChangeError(
    'BAD_INPUT',
    `Cannot seal again: release ${release.slice(0, 12)} of the submission is in none of the folders`,
    'Name the folder of its release.json, notes.md and image: cfl-publish seal SUBMISSION DIR',
  );
}

function otherNotes(release: string, { found, stated }: { found: string; stated: string }): ChangeError {
  return new ChangeError(
    'BAD_INPUT',
    `Cannot seal again the notes of release ${release.slice(0, 12)}: notes.md has the SHA-256 ${found.slice(0, 12)}, the signed statement names ${stated.slice(0, 12)}`,
    'Put back the notes.md that was signed, or submit the release anew: cfl-publish submit',
  );
}
