// Who is who: `register/parties.json`, which the registrar signs.
//
// Rules
// - A manufacturer code and a certificate belong to one party; a party id stands once.
// - A certificate belongs to a party because the register says so, by the SHA-256 of its DER. No name in a
//   certificate is ever compared.
// - What is registered counts from one date, and until another where one is given: from ≤ at < until. Nothing
//   is taken out again; it is closed by its date (register-growth.ts).
// - No person is named; a mailbox is a function's.
// - `gateway` and `escrow` are nobody's ids: rings of these names are the library's own (access/forms.ts).

import type { Sha256 } from '../encoding/index.ts';
import {
  date,
  digest,
  type Format,
  format,
  line,
  listOfDifferent,
  literal,
  mailbox,
  object,
  oneOf,
  type Read,
  refuse,
} from './fields.ts';
import { eui64, type ManufacturerCode, manufacturerCode, type PartyId, partyId } from './identifiers.ts';

export const PARTY_KINDS = ['manufacturer', 'supplier', 'panel', 'dcc', 'operator'] as const;
export type PartyKind = (typeof PARTY_KINDS)[number];

/** Of the Smart Energy Code: import, gas and export supplier, distributor, transporter, supplier agent, other. */
export const USER_ROLES = ['IS', 'GS', 'ES', 'ED', 'GT', 'RSA', 'OU'] as const;
export type UserRole = (typeof USER_ROLES)[number];

/** What a party may sign under a certificate. */
export const PURPOSES = ['release', 'endorsement', 'association', 'withdrawal'] as const;
export type Purpose = (typeof PURPOSES)[number];

const userRole = object(
  {
    role: oneOf(...USER_ROLES),
    from: date,
    /** Where it can be looked up: `SEC Party list of 2026-10-30, entry 114`. */
    evidence: line,
  },
  { until: date },
);
export type RegisteredRole = ReturnType<typeof userRole>;

const certificate = object(
  { sha256: digest, purposes: listOfDifferent(oneOf(...PURPOSES), String, 1), from: date },
  { until: date },
);
export type RegisteredCertificate = ReturnType<typeof certificate>;

const RESERVED: readonly string[] = ['gateway', 'escrow'];

const ownId: Read<PartyId> = (value, at) => {
  const read = partyId.exact(value, at);
  return RESERVED.includes(read) ? refuse(read, at, 'an id that the library does not use itself') : read;
};

const party = object(
  {
    id: ownId,
    name: line,
    kinds: listOfDifferent(oneOf(...PARTY_KINDS), String, 1),
    codes: listOfDifferent(manufacturerCode.exact, String),
    userRoles: listOfDifferent(userRole, ({ role, from }) => `${role} from ${from}`),
    certificates: listOfDifferent(certificate, ({ sha256 }) => sha256),
  },
  { eui64: eui64.exact, mailbox },
);
export type Party = ReturnType<typeof party>;

const register = object({
  format: literal('cfl/register/1'),
  parties: listOfDifferent(party, ({ id }) => id),
});
export type Register = ReturnType<typeof register>;

const unambiguous: Read<Register> = (value, at) => {
  const read = register(value, at);
  for (const words of [
    read.parties.flatMap(({ codes }): string[] => [...codes]),
    read.parties.flatMap(({ certificates }): string[] => certificates.map(({ sha256 }) => sha256)),
  ]) {
    const seen = new Set<string>();
    for (const word of words) {
      if (seen.has(word)) refuse(word, 'parties', 'each code and each certificate of one party only');
      seen.add(word);
    }
  }
  return read;
};

export const partyRegister: Format<Register> = format(unambiguous);

export const PARTIES_PATH = 'register/parties.json';

export function findParty(parties: Register, id: PartyId): Party | undefined {
  return parties.parties.find((one) => one.id === id);
}

/** The party that owns a manufacturer code. */
export function ownerOf(parties: Register, code: ManufacturerCode): Party | undefined {
  return parties.parties.find(({ codes }) => codes.includes(code));
}

/** The party that a certificate is registered for, at whatever time. */
export function partyOfCertificate(parties: Register, sha256: Sha256): Party | undefined {
  return parties.parties.find(({ certificates }) => certificates.some((one) => one.sha256 === sha256));
}

/** The certificate's entry if the party may use it for this purpose at that date, `2026-11-20T09:00:00Z`. */
export function certificateAt(
  of: Party,
  { sha256, purpose, at }: { readonly sha256: string; readonly purpose: Purpose; readonly at: string },
): RegisteredCertificate | undefined {
  return of.certificates.find(
    (one) => one.sha256 === sha256 && one.purposes.includes(purpose) && isOpenAt(one, at),
  );
}

/** The User Roles that a party has at that date. */
export function userRolesAt(of: Party, at: string): readonly UserRole[] {
  return of.userRoles.filter((one) => isOpenAt(one, at)).map(({ role }) => role);
}

/** from ≤ at < until; the exact form of a date orders as text. */
export function isOpenAt(
  { from, until }: { readonly from: string; readonly until?: string | undefined },
  at: string,
): boolean {
  return from <= at && (until === undefined || at < until);
}
