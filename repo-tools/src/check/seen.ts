// What did the reading of a repository find? All that the checks judge; what was read is forgotten again.
//
// Files are judged as they pass, since a large library does not fit into memory: what is wrong with one is
// noted under the code of its check. Of each code the first hundred are kept, and the others counted, so a
// repository that is wrong everywhere costs no more than one that is right.

import type {
  Delegations,
  Document,
  KeyId,
  RoleName,
  Root,
  Snapshot,
  Targets,
  Timestamp,
} from '@cfl/client/tuf';

/** What is wrong, in words that stand alone, and with which role or file. */
export interface Fault {
  readonly at: string;
  readonly says: string;
}

/** In order; the last is the newest. */
export type Roots = readonly [Document<Root>, ...Document<Root>[]];

export interface Seen {
  readonly now: Date;
  /** Made by this project's tools: then its own rules are asked, too. */
  readonly own: boolean;
  readonly roots: Roots;
  readonly head: Head;
  /** `targets` and every role that was reached from it. */
  readonly roles: readonly SeenRole[];
  readonly keys: readonly SeenKey[];
  /** Past snapshots that were read, and the oldest of them. */
  readonly history: { readonly snapshots: number; readonly oldest: number };
  readonly files: { readonly listed: number; readonly there: number };
  /** Undefined where it is no web server that answers. */
  readonly answers: readonly Answer[] | undefined;
  readonly faults: Faults;
}

/** As far as it could be read; without `targets`, what hangs on it was not looked at. */
export interface Head {
  readonly root: Document<Root>;
  readonly timestamp: Document<Timestamp> | undefined;
  readonly snapshot: Document<Snapshot> | undefined;
  readonly targets: Document<Targets> | undefined;
}

export interface SeenRole {
  readonly name: RoleName;
  readonly version: number;
  readonly expires: Date;
  readonly delegations: Delegations | undefined;
}

/** A key as one role has it. */
export interface SeenKey {
  readonly role: string;
  /** Roles of one kind may share keys: the bins of one role. */
  readonly kind: string;
  readonly id: KeyId;
  /** The same for the same public key, whatever its id; undefined where no reader can use it. */
  readonly material: string | undefined;
}

/** What a web server lets caches do with a file. */
export interface Answer {
  readonly file: string;
  /** `versioned` never changes; `changing` keeps its name; `absent` will be there one day. */
  readonly kind: 'versioned' | 'changing' | 'absent';
  readonly cacheControl: string | undefined;
}

const MOST = 100;

export class Faults {
  readonly #byCode = new Map<string, { readonly first: Fault[]; count: number }>();

  note(code: string, at: string, says: string): void {
    const noted = this.#byCode.get(code) ?? { first: [], count: 0 };
    this.#byCode.set(code, noted);
    noted.count++;
    if (noted.first.length < MOST) noted.first.push({ at, says });
  }

  /** The first hundred. */
  of(code: string): readonly Fault[] {
    return this.#byCode.get(code)?.first ?? [];
  }

  count(code: string): number {
    return this.#byCode.get(code)?.count ?? 0;
  }
}
