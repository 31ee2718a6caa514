// What does the library say today about every device model? CPL entries and releases, by manufacturer code.
//
// Read from the catalogue, whose rows are derived: an estate is advice. `cfl fetch` and `cfl assemble` read what the
// manufacturer signed, and assemble checks each meter against it.

import {
  type CatalogueRelease,
  type CplEntry,
  type EntryId,
  type ManufacturerCode,
  ownerOf,
  type StateWithReason,
} from '../firmware/index.ts';
import type { Library } from '../library/index.ts';

/** Whom to ask about a manufacturer code. */
export interface Contact {
  readonly party: string;
  readonly mailbox: string | null;
}

export interface RatedRelease extends CatalogueRelease {
  readonly derived: StateWithReason;
}

export interface CodeFacts {
  readonly entries: ReadonlyMap<EntryId, CplEntry>;
  readonly releases: readonly RatedRelease[];
  /** Null where nobody in the register owns the code. */
  readonly contact: Contact | null;
}

export type EstateFacts = ReadonlyMap<ManufacturerCode, CodeFacts>;

export async function gatherFacts(library: Library): Promise<EstateFacts> {
  const register = await library.register();
  const facts = new Map<ManufacturerCode, CodeFacts>();
  for (const code of new Set([...(await library.cplCodes()), ...(await library.codes())])) {
    const { entries } = await library.cpl(code);
    const listed = await library.releases(code);
    const states = await library.states(code, listed);
    const releases = listed.flatMap((release) => {
      const derived = states.get(release.release);
      return derived === undefined ? [] : [{ ...release, derived }];
    });
    const owner = ownerOf(register, code);
    const contact = owner === undefined ? null : { party: owner.name, mailbox: owner.mailbox ?? null };
    facts.set(code, { entries, releases, contact });
  }
  return facts;
}
