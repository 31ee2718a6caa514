// Does a change of read access fit together? Asked when it is applied, whoever planned and signed it.
//
// Rules
// - A grant that is new begins on the day of the change, and belongs to a supplier in User Role IS or GS on that
//   day; the gateway's is of images alone. Where one ends, or a credential was stolen, a new epoch begins.
// - What the registrar's role lists anew comes with the change. An older ring lies in the library's store, too.
// - Everyone who was granted something has one credential, the one of its fingerprint, and a ring. A ring is
//   brought where its epochs or its credential are others than before; that of who lost access is left as it was.
// - A ring has exactly one stanza, the escrow ring one for each custodian, all post-quantum. Custodians are two at
//   least, and each of them and of the parties has a credential of its own.
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
  type ReadKeyUse,
  readHeader,
} from '@cfl/client/access';
import { encodeDate } from '@cfl/client/encoding';
import { FormatError, findParty } from '@cfl/client/firmware';
import { parseRoleName, parseTargetPath, type Targets } from '@cfl/client/tuf';
import { refuseCustodians } from '../access/plan.ts';
import { type Access, currentEpoch, epochsOf, openUses, readAccess, readRegister } from '../access/state.ts';
import type { Published } from '../deploy/state.ts';
import type { Change } from './change.ts';
import { differenceOf } from './difference.ts';
import { ChangeError } from './errors.ts';

const REGISTRAR = parseRoleName('registrar');
const DOCUMENTS: readonly string[] = [RECIPIENTS_PATH, GRANTS_PATH, CREDENTIALS_PATH];

/** What does not fit, as a sentence; undefined where the change is not about read access, or fits. */
export async function accessFault(
  change: Change,
  published: Published | undefined,
): Promise<string | undefined> {
  const role = change.metadata.get(REGISTRAR)?.signed as Targets | undefined;
  if (role === undefined) return undefined;
  const { added, changed } = differenceOf((await published?.role(REGISTRAR))?.signed, role);
  const brought = [...added, ...changed].filter((path) => path.startsWith('access/'));
  if (brought.length === 0) return undefined;
  // A ring names its library by the first root, which is not signed yet
  if (published === undefined) return 'read access begins before the library does';
  const foreign = brought.find((path) => !DOCUMENTS.includes(path) && parseKeyringPath(path) === undefined);
  if (foreign !== undefined) return `registrar lists ${foreign}, which is no file of read access`;
  const absent = brought.find((path) => !change.targets.has(parseTargetPath(path)));
  if (absent !== undefined) return `registrar replaces ${absent}, and the file is not in the change`;
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
  const { escrow, credentials } = after.credentials;
  refuseCustodians(
    escrow,
    credentials.map(({ recipient }) => recipient),
  );
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
      endFault(holder, former, question) ??
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
  { planned, change }: Question,
): Promise<string | undefined> {
  const made = encodeDate(change.created);
  const register = await readRegister(planned);
  for (const { use, from } of grants) {
    if (former?.grants.some((one) => one.use === use && one.from === from)) continue;
    if (holder === GATEWAY) {
      if (use === 'images') continue;
      return `the gateway is granted ${use}, which it never reads`;
    }
    if (from !== made) return `${holder} is granted ${use} from ${from}, in a change of ${made}`;
    const party = findParty(register, holder);
    if (party === undefined || !mayRead(party, from))
      return `${holder} is granted ${use}, and is no supplier in User Role IS or GS on ${from.slice(0, 10)}`;
  }
  return undefined;
}

/** Who loses access is told up to which epoch, and a new one begins; so does it where a credential was stolen. */
function endFault(
  { holder, grants, replaced = [] }: Granted,
  former: Granted | undefined,
  { before, after }: Question,
): string | undefined {
  for (const { use, from, until, lastEpoch } of grants) {
    const was = former?.grants.find((one) => one.use === use && one.from === from);
    if (until === undefined || was?.until !== undefined) continue;
    const { epoch } = currentEpoch(after.recipients, use);
    if (lastEpoch === epoch - 1) continue;
    return `the grant of ${use} to ${holder} ends with epoch ${lastEpoch}, and epoch ${epoch} is current`;
  }
  const known = new Set(former?.replaced?.map(({ fingerprint }) => fingerprint));
  if (!replaced.some(({ fingerprint, stolen }) => stolen !== undefined && !known.has(fingerprint)))
    return undefined;
  const begun = (use: ReadKeyUse, { recipients }: Access) => currentEpoch(recipients, use).epoch;
  const kept = openUses(former).find((use) => before && begun(use, after) === begun(use, before));
  return kept && `the credential of ${holder} was stolen, and no new epoch of ${kept} begins`;
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
  if (!isSame && octets === undefined) return `${path} still holds what it held`;
  if (isSame && octets !== undefined && openUses(holder).length === 0)
    return `${path} is written anew, and its holder reads nothing any more`;
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
