// A new party: what the register and the delegations say when it has joined.
//
// A manufacturer gets one role for each of its codes, under its own keys alone. The role's first version
// is empty and signed by the manufacturer, so that the role exists before anybody is sent there.

import { encodeDate } from '@cfl/client/encoding';
import {
  findParty,
  type ManufacturerCode,
  PARTIES_PATH,
  type Party,
  type PartyId,
  type PartyKind,
  partyRegister,
  type Register,
  type RegisteredCertificate,
} from '@cfl/client/firmware';
import {
  type Document,
  type KeyId,
  parseRoleName,
  parseTargetPath,
  type RoleName,
  type Root,
  TARGETS,
  type Targets,
} from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { revise } from '../change/plan.ts';
import type { Published } from '../deploy/state.ts';
import { delegate, manufacturerRole, type RoleHolders, refuseSharedKeys, withDelegation } from './roles.ts';

export interface NewParty {
  readonly id: PartyId;
  readonly name: string;
  readonly kinds: readonly PartyKind[];
  readonly codes: readonly ManufacturerCode[];
  /** Who signs the roles of its codes; undefined for a party without codes. */
  readonly role: RoleHolders | undefined;
  readonly userRoles: Party['userRoles'];
  /** Under whose keys it signs, and what for; good from the day on which it is registered. */
  readonly certificates: readonly Pick<RegisteredCertificate, 'sha256' | 'purposes'>[];
  readonly eui64: Party['eui64'] | undefined;
  readonly mailbox: string | undefined;
}

const REGISTRAR = parseRoleName('registrar');

export async function planParty(party: NewParty, published: Published, now: Date): Promise<Change> {
  const register = await readRegister(published);
  if (findParty(register, party.id) !== undefined) {
    throw new ChangeError(
      'EXISTS',
      `Cannot add the party "${party.id}": it is in the register already`,
      'Choose another id, or change its entry: cfl-repo party update FILE',
    );
  }
  await refuseKnownKeys(party, published);
  return planRegistration(
    {
      title: `party add ${party.id}`,
      words: [`register  ${party.name} becomes ${rolesInWords(party)}`],
      register: { ...register, parties: [...register.parties, entryOf(party, now)] },
      party,
      newCodes: party.codes,
    },
    published,
    now,
  );
}

export interface Registration {
  readonly title: string;
  readonly words: readonly string[];
  /** As it will be. */
  readonly register: Register;
  readonly party: NewParty;
  /** Those that get a role now, under the party's role keys. */
  readonly newCodes: readonly ManufacturerCode[];
}

export async function planRegistration(
  { title, words: said, register, party, newCodes }: Registration,
  published: Published,
  now: Date,
): Promise<Change> {
  const parties = partyRegister.encode(register);
  const registrar = await revise(
    REGISTRAR,
    await published.role(REGISTRAR),
    { add: new Map([[PARTIES_PATH, parties]]) },
    now,
  );
  const metadata = new Map<RoleName, Document<Root | Targets>>([[REGISTRAR, registrar]]);
  const upon = new Map<RoleName, number>([[REGISTRAR, registrar.signed.version - 1]]);
  const words = [...said];
  if (party.role !== undefined && newCodes.length > 0) {
    const targets = await delegateCodes(newCodes, party.role, published, now);
    metadata.set(TARGETS, targets);
    upon.set(TARGETS, targets.signed.version - 1);
    for (const code of newCodes) {
      const role = manufacturerRole(code);
      metadata.set(role, await revise(role, undefined, {}, now));
      upon.set(role, 0);
      words.push(
        `targets   firmware/${code}/ is signed by ${party.name}, ${party.role.threshold} of ${party.role.keys.length} keys; nothing shows before the library lists it`,
      );
    }
  }
  return {
    title,
    words,
    created: now,
    library: published.library,
    upon,
    metadata,
    targets: new Map([[parseTargetPath(PARTIES_PATH), parties]]),
  };
}

export async function readRegister(published: Published): Promise<Register> {
  const octets = await published.read(PARTIES_PATH);
  return octets === undefined ? { format: 'cfl/register/1', parties: [] } : partyRegister.parse(octets);
}

async function delegateCodes(
  codes: NewParty['codes'],
  role: RoleHolders,
  published: Published,
  now: Date,
): Promise<Document<Targets>> {
  let { delegations } = published.trusted.targets.signed;
  for (const code of codes) {
    const delegation = delegate(manufacturerRole(code), [`firmware/${code}/*/*`], role);
    delegations = withDelegation(delegations, delegation, role.keys);
  }
  return revise(TARGETS, published.trusted.targets, delegations === undefined ? {} : { delegations }, now);
}

/** No key of the party serves anybody else. That no certificate does is a rule of the register's format. */
export async function refuseKnownKeys(
  party: NewParty,
  published: Published,
  own: ReadonlySet<KeyId> = new Set(),
): Promise<void> {
  const { root, targets } = published.trusted;
  const all = [...root.signed.keys, ...(targets.signed.delegations?.keys ?? [])];
  const known = new Map(all.filter(([id]) => !own.has(id)));
  await refuseSharedKeys(
    new Map([
      ['the library', [...known.values()]],
      [`the role of ${party.name}`, party.role?.keys ?? []],
    ]),
  );
}

function entryOf({ role, certificates, eui64, mailbox, ...party }: NewParty, now: Date): Party {
  return {
    ...party,
    certificates: certificates.map((certificate) => ({ ...certificate, from: encodeDate(now) })),
    ...(eui64 === undefined ? {} : { eui64 }),
    ...(mailbox === undefined ? {} : { mailbox }),
  };
}

function rolesInWords({ kinds, codes }: NewParty): string {
  const of = codes.length === 0 ? '' : ` of ${codes.join(', ')}`;
  return `${kinds.join(' and ')}${of}`;
}
