// Who is who: `register/parties.json` and `register/library.json`, which the registrar signs.
//
// Rules
// - A manufacturer code belongs to one party, a party id and a key id stand once.
// - A statement key is valid from one date, and until another where one is given: from ≤ at < until.
// - No person is named; a mailbox is a function's.

import {
  boolean,
  date,
  digest,
  type Format,
  format,
  integer,
  line,
  listOfDifferent,
  literal,
  mailbox,
  object,
  oneOf,
  type Read,
  refuse,
  text,
} from './fields.ts';
import { manufacturerCode, type PartyId, partyId } from './identifiers.ts';

export const PARTY_KINDS = ['manufacturer', 'supplier', 'panel', 'dcc', 'operator'] as const;
export type PartyKind = (typeof PARTY_KINDS)[number];

const pem = text(
  /^-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]{1,2000}-----END PUBLIC KEY-----\s?$/,
  'a public key in PEM (SubjectPublicKeyInfo)',
);

const statementKey = object({ id: digest, public: pem, from: date }, { until: date });
/** `id` is the TUF key id; whoever uses the key checks that it is. */
export type StatementKey = ReturnType<typeof statementKey>;

const party = object(
  {
    id: partyId.exact,
    name: line,
    kinds: listOfDifferent(oneOf(...PARTY_KINDS), String, 1),
    codes: listOfDifferent(manufacturerCode.exact, String),
    statementKeys: listOfDifferent(statementKey, ({ id }) => id),
  },
  { mailbox },
);
export type Party = ReturnType<typeof party>;

const register = object({
  format: literal('cfl/register/1'),
  parties: listOfDifferent(party, ({ id }) => id),
});
export type Register = ReturnType<typeof register>;

const unambiguous: Read<Register> = (value, at) => {
  const read = register(value, at);
  const parties = read.parties.map((one) => ({
    codes: [...one.codes],
    keys: one.statementKeys.map(({ id }) => id),
  }));
  for (const words of [
    parties.flatMap(({ codes }): string[] => codes),
    parties.flatMap(({ keys }): string[] => keys),
  ]) {
    const seen = new Set<string>();
    const twice = words.find((word) => seen.size === seen.add(word).size);
    if (twice !== undefined) refuse(twice, 'parties', 'each code and each key of one party only');
  }
  return read;
};

export const partyRegister: Format<Register> = format(unambiguous);

export const PARTIES_PATH = 'register/parties.json';
export const LIBRARY_PATH = 'register/library.json';

export function findParty(parties: Register, id: PartyId): Party | undefined {
  return parties.parties.find((one) => one.id === id);
}

/** The key of this id if it is the party's and valid at that date, `2026-11-20T09:00:00Z`. */
export function statementKeyAt(of: Party, id: string, at: string): StatementKey | undefined {
  // The exact form of a date orders as text
  return of.statementKeys.find(
    (key) => key.id === id && key.from <= at && (key.until === undefined || at < key.until),
  );
}

const settings = object({
  format: literal('cfl/library/1'),
  name: line,
  /** A trial library holds images or notes in the clear, or keys on one machine. */
  trial: boolean,
  /** Octets of an OTA upgrade image as distributed, the supplier's trailer included. */
  sizeLimit: integer(1, 10_240_000),
});
export type LibrarySettings = ReturnType<typeof settings>;

export const librarySettings: Format<LibrarySettings> = format(settings);

export const DEFAULT_SIZE_LIMIT = 750_000;
