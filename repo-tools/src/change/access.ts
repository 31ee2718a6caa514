// Does a change of read access fit together? Asked when it is applied, whoever planned and signed it.
//
// Rules
// - A grant that is new belongs to a supplier in User Role IS or GS on that day; the gateway's is of images alone.
// - Everyone who was granted something has one credential, the one of its fingerprint, and a ring. A ring is
//   brought where its epochs or its credential are others than before; nobody else's is written.
// - A ring has exactly one stanza, the escrow ring one for each custodian, all post-quantum.
// What a ring holds can be seen by its holder alone. The client compares it when it opens it.

import {
  AccessError,
  CREDENTIALS_PATH,
  checkSealed,
  ESCROW,
  fingerprintOf,
  GATEWAY,
  GRANTS_PATH,
  type Granted,
  keyringPath,
  mayRead,
  parseKeyringPath,
  RECIPIENTS_PATH,
  readHeader,
} from '@cfl/client/access';
import { FormatError, findParty } from '@cfl/client/firmware';
import { parseRoleName, parseTargetPath, type Targets } from '@cfl/client/tuf';
import { type Access, epochsOf, readAccess, readRegister } from '../access/state.ts';
import type { Published } from '../deploy/state.ts';
import type { Change } from './change.ts';
import { ChangeError } from './errors.ts';

const REGISTRAR = parseRoleName('registrar');
const DOCUMENTS: readonly string[] = [RECIPIENTS_PATH, GRANTS_PATH, CREDENTIALS_PATH];

/** What does not fit, as a sentence; undefined where the change is not about read access, or fits. */
export async function accessFault(
  change: Change,
  published: Published | undefined,
): Promise<string | undefined> {
  const brought = [...change.targets.keys()].filter((path) => path.startsWith('access/'));
  const role = change.metadata.get(REGISTRAR)?.signed as Targets | undefined;
  if (role === undefined || published === undefined || brought.length === 0) return undefined;
  const foreign = brought.find((path) => !DOCUMENTS.includes(path) && parseKeyringPath(path) === undefined);
  if (foreign !== undefined) return `registrar lists ${foreign}, which is no file of read access`;
  const planned = plannedOver(change, published);
  try {
    const [before, after] = [await readAccess(published), await readAccess(planned)];
    if (after === undefined) return `${brought[0]} comes without ${RECIPIENTS_PATH}`;
    return await faultOf({ before, after, role, change, planned });
  } catch (error) {
    if (error instanceof FormatError) return `in its files of read access, ${error.message}`;
    if (error instanceof ChangeError || error instanceof AccessError) return error.message;
    throw error;
  }
}

type Reading = Pick<Published, 'read'>;

function plannedOver({ targets }: Change, published: Published): Reading {
  return { read: async (path) => targets.get(parseTargetPath(path)) ?? published.read(path) };
}

interface Question {
  readonly before: Access | undefined;
  readonly after: Access;
  readonly role: Targets;
  readonly change: Change;
  readonly planned: Reading;
}

async function faultOf(question: Question): Promise<string | undefined> {
  const { before, after, change } = question;
  const names = new Set<string>([ESCROW, ...after.grants.holders.map(({ holder }) => holder)]);
  for (const path of change.targets.keys()) {
    const name = parseKeyringPath(path);
    if (name !== undefined && !names.has(name))
      return `${path} is the ring of nobody who was granted anything`;
  }
  for (const holder of after.grants.holders) {
    const former = before?.grants.holders.find((one) => one.holder === holder.holder);
    const fault =
      (await credentialFault(holder, after)) ??
      (await grantFault(holder, former, question)) ??
      ringFault(holder, former, question);
    if (fault !== undefined) return fault;
  }
  return escrowFault(question);
}

async function credentialFault({ holder, fingerprint }: Granted, { credentials }: Access) {
  const recipient = credentials.credentials.find((one) => one.holder === holder)?.recipient;
  if (recipient !== undefined && (await fingerprintOf(recipient)) === fingerprint) return undefined;
  return `${holder} has not the credential of its fingerprint ${fingerprint.slice(0, 12)}`;
}

async function grantFault(
  { holder, grants }: Granted,
  former: Granted | undefined,
  { planned }: Question,
): Promise<string | undefined> {
  const register = await readRegister(planned);
  for (const { use, from } of grants) {
    if (former?.grants.some((one) => one.use === use && one.from === from)) continue;
    if (holder === GATEWAY) {
      if (use === 'images') continue;
      return `the gateway is granted ${use}, which it never reads`;
    }
    const party = findParty(register, holder);
    if (party === undefined || !mayRead(party, from))
      return `${holder} is granted ${use}, and is no supplier in User Role IS or GS on ${from.slice(0, 10)}`;
  }
  return undefined;
}

function ringFault(
  holder: Granted,
  former: Granted | undefined,
  { before, after, role, change }: Question,
): string | undefined {
  const path = parseTargetPath(keyringPath(holder.holder));
  if (!role.targets.has(path)) return `${holder.holder} has no ring`;
  const shape = (one: Granted, { recipients }: Access) =>
    [one.fingerprint, ...epochsOf(one, recipients).map(({ use, epoch }) => `${use} ${epoch}`)].join();
  const isSame =
    before !== undefined && former !== undefined && shape(former, before) === shape(holder, after);
  const octets = change.targets.get(path);
  if (isSame !== (octets === undefined))
    return isSame ? `${path} is written anew for no reason` : `${path} still holds what it held`;
  if (octets !== undefined) checkSealed(octets, { what: path });
  return undefined;
}

function escrowFault({ before, after, role, change }: Question): string | undefined {
  const path = parseTargetPath(keyringPath(ESCROW));
  if (!role.targets.has(path)) return 'there is no escrow ring';
  const keys = ({ recipients, credentials }: Access) =>
    [...recipients.keys, ...credentials.escrow].map(({ recipient }) => recipient).join();
  const octets = change.targets.get(path);
  if (octets === undefined)
    return before !== undefined && keys(before) === keys(after)
      ? undefined
      : `${path} still holds what it held`;
  checkSealed(octets, { what: path, stanzas: 'several' });
  const [found, custodians] = [readHeader(octets, path).stanzas.length, after.credentials.escrow.length];
  return found === custodians
    ? undefined
    : `${path} is sealed to ${found}, and there are ${custodians} custodians`;
}
