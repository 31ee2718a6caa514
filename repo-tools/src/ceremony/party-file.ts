// What does a party hand to the registrar? `party.json`: who it is, its codes, and its public keys.
//
// The keys under `roleKeys` sign the roles of its codes; those under `statementKeys` sign its statements.
// Each key is written with its id, and an id that is not the hash of its key is refused.

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
  const required = ['id', 'name', 'kinds', 'codes', 'statementKeys'];
  const members = parseMembers(octets, FORMAT, required, ['roleKeys', 'mailbox']);
  const statementKeys = await Promise.all(listOf(members, 'statementKeys').map(readStatementKey));
  const entry = readEntry(members, statementKeys);
  const role = members.has('roleKeys') ? await readRole(members) : undefined;
  if (entry.codes.length > 0 && role === undefined) {
    const expected = 'the keys that sign the roles of its codes';
    throw new FormatError('roleKeys', { found: 'nothing', expected });
  }
  return { ...entry, role, statementKeys, mailbox: entry.mailbox };
}

/** Name, kinds, codes and mailbox are read as the register will hold them. */
function readEntry(members: Members, statementKeys: readonly PublicKey[]): Party {
  const { format, roleKeys, ...rest } = Object.fromEntries(members);
  const entry = { ...rest, statementKeys: statementKeys.map(registered) };
  const octets = partyRegister.encode({ format: 'cfl/register/1', parties: [entry as unknown as Party] });
  const [party] = partyRegister.parse(octets).parties;
  if (party === undefined) throw new TypeError('A register of one party has one party');
  return party;
}

function registered({ id, public: pem }: PublicKey): Party['statementKeys'][number] {
  return { id, public: pem, from: ANY_DATE };
}

async function readStatementKey(value: unknown, i: number): Promise<PublicKey> {
  const at = `statementKeys[${i}]`;
  const members = membersOf(value as JsonObject, at, ['id', 'public']);
  const key = await publicKey('ecdsa', 'ecdsa-sha2-nistp256', textOf(members, 'public'));
  if (key.id === members.get('id')) return key;
  throw new FormatError(`${at}.id`, {
    found: JSON.stringify(members.get('id')),
    expected: `"${key.id}", the id of this key as an ECDSA P-256 key`,
  });
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
  const { id, name, kinds, codes, role, statementKeys, mailbox } = party;
  const file = {
    format: FORMAT,
    id,
    name,
    kinds,
    codes,
    ...(role && { roleKeys: { threshold: role.threshold, keys: role.keys.map(({ json }) => json) } }),
    statementKeys: statementKeys.map((key) => ({ id: key.id, public: key.public })),
    ...(mailbox === undefined ? {} : { mailbox }),
  };
  return new TextEncoder().encode(`${JSON.stringify(file, undefined, 2)}\n`);
}
