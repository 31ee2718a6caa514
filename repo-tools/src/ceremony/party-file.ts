// What does a party hand to the registrar? `party.json`: who it is, its codes, and its public keys.
//
// The keys under `roleKeys` sign the roles of its codes. Under `certificates` stand the digests of those
// under whose keys it signs its statements, each with the purposes that it is for.

import { FormatError, fields, type Party, partyRegister } from '@cfl/client/firmware';
import { publicKey } from '@cfl/client/tuf';
import { ChangeError } from '../change/errors.ts';
import type { NewParty } from './party.ts';
import type { RoleHolders } from './roles.ts';

const FORMAT = 'cfl/party/1';
/** The register asks for a date, this file has none: the registrar's is the one that counts. */
const ANY_DATE = '2026-01-01T00:00:00Z';

/** Throws ChangeError BAD_INPUT. */
export async function parsePartyFile(octets: Uint8Array, name = 'party.json'): Promise<NewParty> {
  try {
    return await read(octets);
  } catch (cause) {
    if (!(cause instanceof Error) || 'code' in cause) throw cause;
    throw new ChangeError(
      'BAD_INPUT',
      `Cannot read "${name}" as what a party hands to the registrar: ${cause.message}`,
      'Ask the party for the party.json that cfl-publish init wrote',
      cause,
    );
  }
}

const { anything, literal, list, object, words } = fields;

/** What the register will hold is read as the register reads it. */
const partyFile = object(
  {
    format: literal(FORMAT),
    id: anything,
    name: anything,
    kinds: anything,
    codes: anything,
    certificates: list(object({ sha256: anything, purposes: anything })),
  },
  {
    roleKeys: object({
      threshold: fields.integer(0),
      keys: list(object({ keytype: words, scheme: words, keyval: object({ public: words }) })),
    }),
    userRoles: anything,
    eui64: anything,
    mailbox: anything,
  },
);
type PartyFile = ReturnType<typeof partyFile>;

async function read(octets: Uint8Array): Promise<NewParty> {
  const file = partyFile(fields.strictJson(octets), '');
  const { certificates, ...entry } = readEntry(file);
  const role = file.roleKeys && (await readRole(file.roleKeys));
  if (entry.codes.length > 0 && role === undefined)
    fields.refuse(undefined, 'roleKeys', 'the keys that sign the roles of its codes');
  const undated = certificates.map(({ sha256, purposes }) => ({ sha256, purposes }));
  return { ...entry, role, certificates: undated, eui64: entry.eui64, mailbox: entry.mailbox };
}

function readEntry({ format, roleKeys, ...rest }: PartyFile): Party {
  const certificates = rest.certificates.map((one) => ({ ...one, from: ANY_DATE }));
  const entry = { userRoles: [], ...rest, certificates };
  const octets = partyRegister.encode({ format: 'cfl/register/1', parties: [entry as unknown as Party] });
  const [party] = partyRegister.parse(octets).parties;
  if (party === undefined) throw new TypeError('A register of one party has one party');
  return party;
}

async function readRole({
  threshold,
  keys: given,
}: NonNullable<PartyFile['roleKeys']>): Promise<RoleHolders> {
  const keys = await Promise.all(
    given.map(({ keytype, scheme, keyval }) => publicKey(keytype, scheme, keyval.public)),
  );
  if (threshold >= 1 && threshold <= keys.length && new Set(keys.map(({ id }) => id)).size === keys.length)
    return { threshold, keys };
  throw new FormatError('roleKeys', {
    found: `${threshold} of ${keys.length} keys`,
    expected: 'a threshold of 1 or more, and at least as many different keys',
  });
}

export function encodePartyFile(party: NewParty): Uint8Array {
  const { id, name, kinds, codes, role, userRoles, certificates, eui64, mailbox } = party;
  const file = {
    format: FORMAT,
    id,
    name,
    kinds,
    codes,
    ...(role && { roleKeys: { threshold: role.threshold, keys: role.keys.map(({ json }) => json) } }),
    ...(userRoles.length === 0 ? {} : { userRoles }),
    certificates,
    ...(eui64 === undefined ? {} : { eui64 }),
    ...(mailbox === undefined ? {} : { mailbox }),
  };
  return new TextEncoder().encode(`${JSON.stringify(file, undefined, 2)}\n`);
}
