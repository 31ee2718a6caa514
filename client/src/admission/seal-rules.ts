// Are image and notes sealed to those who may read them, and to nobody else?
//
// How many may open a file stands in its header, in the clear: that is an open rule. To which epoch of a read
// key it is sealed is known to whoever can open it; of the notes, which the gateway never reads, the submission
// says it.

import type { SealFact } from './facts.ts';
import type { Rule } from './rule.ts';

const SOURCE = 'BR05: only suppliers download; this library: who lost access gains nothing new';

const WHAT = { image: 'the image', notes: 'the release notes' } as const;
const USE = { image: 'images', notes: 'notes' } as const;

const sealForm: Rule = {
  code: 'SEAL_FORM',
  severity: 'refuse',
  sealed: false,
  demand: 'Image and notes are each sealed to exactly one recipient, in the post-quantum form',
  source: SOURCE,
  remedy: 'Let cfl-publish submit seal image and notes; send them in no other form',
  says: ({ seals }) =>
    seals.flatMap(({ file, fault }) => {
      if (fault === undefined) return [];
      const expected = 'one mlkem768x25519 stanza';
      return [{ at: file, expected, found: fault, message: fault }];
    }),
};

const sealEpoch: Rule = {
  code: 'SEAL_EPOCH',
  severity: 'refuse',
  sealed: true,
  demand: 'Image and notes are sealed to the current epochs of their read keys',
  source: SOURCE,
  remedy: 'Seal it again from the image and the notes, in the folder of release.json: cfl-publish seal',
  says: ({ seals }) =>
    seals.flatMap((seal) => {
      if (seal.fault !== undefined || seal.epoch === seal.current) return [];
      const { file, epoch, current } = seal;
      const found = epoch === undefined ? 'another' : String(epoch);
      return [{ at: file, expected: String(current), found, message: epochMessage(seal) }];
    }),
};

function epochMessage({ file, epoch, current }: SealFact): string {
  if (epoch === undefined) return `${WHAT[file]} cannot be opened with epoch ${current} of ${USE[file]}`;
  return `${WHAT[file]}: sealed to epoch ${epoch} of ${USE[file]}, epoch ${current} is current`;
}

export const sealRules: readonly Rule[] = [sealForm, sealEpoch];
