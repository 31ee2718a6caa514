// What does a party hand to the registrar? `party.json`: who it is, its codes, and its public keys.
//
// The keys under `roleKeys` sign the roles of its codes. Under `certificates` stand the digests of those
// under whose keys it signs its statements, each with the purposes that it is for.

import type { JsonObject } from '@cfl/client/encoding';
import { FormatError, type Party, partyRegister } from '@cfl/client/firmware';
import { type PublicKey, publicKey } from '@cfl/client/tuf';
import { ChangeError } from '../change/errors.ts';
import { countOf, listOf, type Members, membersOf, parseMembers, textOf } from '../intake/members.ts';
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

async function read(octets: Uint8Array): Promise<NewParty> {
  const required = ['id', 'name', 'kinds', 'codes', 'certificates'];
  const members = parseMembers(octets, FORMAT, required, ['roleKeys', 'userRoles', 'eui64', 'mailbox']);
  const { certificates, ...entry } = readEntry(members);
  const role = members.has('roleKeys') ? await readRole(members) : undefined;
  if (entry.codes.length > 0 && role === undefined) {
    const expected = 'the keys that sign the roles of its codes';
    throw new FormatError('roleKeys', { found: 'nothing', expected });
  }
  const undated = certificates.map(({ sha256, purposes }) => ({ sha256, purposes }));
  return { ...entry, role, certificates: undated, eui64: entry.eui64, mailbox: entry.mailbox };
}

/** Everything but the role's keys is read as the register will hold it. */
function readEntry(members: Members): Party {
  const { format, roleKeys, ...rest } = Object.fromEntries(members);
  const certificates = listOf(members, 'certificates').map((value, i) => {
    const named = membersOf(value as JsonObject, `certificates[${i}]`, ['sha256', 'purposes']);
    return { ...Object.fromEntries(named), from: ANY_DATE };
  });
  const entry = { userRoles: [], ...rest, certificates };
  const octets = partyRegister.encode({ format: 'cfl/register/1', parties: [entry as unknown as Party] });
  const [party] = partyRegister.parse(octets).parties;
  if (party === undefined) throw new TypeError('A register of one party has one party');
  return party;
}

async function readRole(members: Members): Promise<RoleHolders> {
  const role = membersOf(members.get('roleKeys'), 'roleKeys', ['threshold', 'keys']);
  const keys = await Promise.all(
    listOf(role, 'keys').map((value, i) => readRoleKey(value, `roleKeys.keys[${i}]`)),
  );
  const threshold = countOf(role, 'threshold');
  if (threshold >= 1 && threshold <= keys.length && new Set(keys.map(({ id }) => id)).size === keys.length)
    return { threshold, keys };
  throw new FormatError('roleKeys', {
    found: `${threshold} of ${keys.length} keys`,
    expected: 'a threshold of 1 or more, and at least as many different keys',
  });
}

function readRoleKey(value: unknown, at: string): Promise<PublicKey> {
  const members = membersOf(value as JsonObject, at, ['keytype', 'scheme', 'keyval']);
  const keyval = membersOf(members.get('keyval'), `${at}.keyval`, ['public']);
  return publicKey(textOf(members, 'keytype'), textOf(members, 'scheme'), textOf(keyval, 'public'));
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
