// May the hash be associated with the entry? SEC Appendix Z 4.3, for the Panel. Facts → what each clause says.
//
// (a) The communication is signed by its creator, identified by a certificate that is registered for hash
//     associations, and a supplier endorses it.
// (b) The entry exists, is Active and is identical, and no hash is associated with it yet. One that is there
//     already opens an investigation and is never overwritten.
// (c) For SMETS1 the communication comes from the DCC.
//
// A set of entries of which one fails is refused whole; one of which one is investigated waits whole.

import { encodeDate } from '@cfl/client/encoding';
import {
  type CplEntry,
  certificateAt,
  type EntryId,
  type ImageHash,
  type Party,
  statedDigests,
} from '@cfl/client/firmware';
import type { Examined } from '../endorsement/index.ts';

export type AssociationFault = 'NOT_FOR_ASSOCIATION' | 'NOT_ENDORSED';

export interface Fault {
  /** Of a rule of admission, or one of the above. */
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface Conflict {
  readonly entry: EntryId;
  /** The hash that the CPL has. */
  readonly present: ImageHash;
  /** The hash that is asked for. */
  readonly asked: ImageHash;
}

export interface Verdict {
  readonly signature: readonly Fault[];
  readonly entries: readonly Fault[];
  readonly smets1: readonly Fault[];
  /** Entries that have another hash. */
  readonly conflicts: readonly Conflict[];
  /** Entries that have none, with the hash that they would get. */
  readonly free: readonly CplEntry[];
  /** Entries that have this hash already. */
  readonly associated: readonly EntryId[];
}

export function judge(examined: Examined, endorsers: readonly Party[]): Verdict {
  const { facts, creator, entries, smets1 } = examined;
  const asked = statedDigests(facts.statement).manufacturerImage;
  const claimed = facts.statement.predicate.claims.flatMap(({ entry }) => facts.cpl.entries.get(entry) ?? []);
  return {
    signature: [...creator, ...purposeFaults(examined), ...endorsementFaults(endorsers)],
    entries,
    smets1,
    conflicts: claimed.flatMap(({ entry, imageHash }) =>
      imageHash === undefined || imageHash === asked ? [] : [{ entry, present: imageHash, asked }],
    ),
    free: claimed
      .filter(({ imageHash }) => imageHash === undefined)
      .map((entry) => ({ ...entry, imageHash: asked })),
    associated: claimed.filter(({ imageHash }) => imageHash === asked).map(({ entry }) => entry),
  };
}

export function faultsOf({ signature, entries, smets1 }: Verdict): readonly Fault[] {
  return [...signature, ...entries, ...smets1];
}

/** The same certificate signs for the library; for the CPL the register must say so. */
function purposeFaults({ facts, originator }: Examined): readonly Fault[] {
  const { evidence, received } = facts;
  if (!evidence.ok || originator === undefined) return [];
  const { certificate: sha256, stampedAt, serial } = evidence;
  const at = encodeDate(new Date(stampedAt));
  const good = [at, received].every(
    (time) => certificateAt(originator, { sha256, purpose: 'association', at: time }) !== undefined,
  );
  // Of another party, or closed: CERTIFICATE_NOT_YOURS says so
  if (good || !originator.certificates.some((one) => one.sha256 === sha256)) return [];
  return [
    {
      code: 'NOT_FOR_ASSOCIATION',
      message: `certificate ${serial} is not registered for hash associations of ${originator.name}`,
      hint: 'Ask the registrar to enter the purpose "association" for it',
    },
  ];
}

function endorsementFaults(endorsers: readonly Party[]): readonly Fault[] {
  if (endorsers.length > 0) return [];
  return [
    {
      code: 'NOT_ENDORSED',
      message: 'no supplier endorses it',
      hint: 'Wait for a supplier: cfl-publish endorse. If its endorsement lies elsewhere: --endorsement DIR',
    },
  ];
}
