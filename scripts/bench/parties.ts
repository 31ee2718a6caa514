// A library's read access with so many suppliers, in memory: as a custodian has opened it, before anything is
// signed. Each of them reads both uses, with three epochs of each.

import {
  type Credential,
  fingerprintOf,
  GATEWAY,
  type Granted,
  type Holder,
  makeReadKey,
  READ_KEY_USES,
  type ReadKey,
  type ReadKeyUse,
  type Recipients,
  type Ring,
} from '@cfl/client/access';
import { encodeDate, parseSha256 } from '@cfl/client/encoding';
import { PARTIES_PATH, type Party, parsePartyId, partyRegister } from '@cfl/client/firmware';
import type { OpenAccess } from '@cfl/repo-tools/access';

const LIBRARY = parseSha256('5a'.repeat(32));
const EPOCHS = 3;
const CUSTODIANS = 5;
const FROM = dayOf(0);

export interface Member {
  readonly id: Holder;
  readonly credential: Credential;
}

export interface Parties {
  readonly open: OpenAccess;
  readonly first: Member;
  /** In the register, and without a grant. */
  readonly newcomer: Member;
  readonly custodians: readonly Member[];
  readonly ringOf: (holder: Holder) => Ring;
}

export async function makeParties(count: number): Promise<Parties> {
  const members = await membersCalled('supplier', count);
  const [[first], [newcomer]] = [members, await membersCalled('newcomer', 1)];
  if (first === undefined || newcomer === undefined) throw new TypeError('There is one party at least');
  const gateway: Member = { id: GATEWAY, credential: await makeReadKey() };
  const custodians = await membersCalled('root', CUSTODIANS);
  const { keys, recipients } = await makeEpochs();
  const holders = [await granted(gateway, ['images'])];
  for (const member of members) holders.push(await granted(member, READ_KEY_USES));
  const access: OpenAccess['access'] = {
    recipients,
    grants: { format: 'cfl/grants/1', holders },
    credentials: {
      format: 'cfl/credentials/1',
      credentials: [gateway, ...members].map(published),
      escrow: custodians.map(published),
    },
  };
  const register = partyRegister.encode({
    format: 'cfl/register/1',
    parties: [...members, newcomer].map(supplier),
  });
  return {
    open: { access, keys, published: publishedWith(register) },
    first,
    newcomer,
    custodians,
    ringOf: (holder) => ({ format: 'cfl/keyring/1', library: LIBRARY, holder, keys }),
  };
}

async function membersCalled(name: string, count: number): Promise<readonly Member[]> {
  const members: Member[] = [];
  for (let i = 1; i <= count; i++)
    members.push({ id: parsePartyId(`${name}-${i}`), credential: await makeReadKey() });
  return members;
}

async function makeEpochs(): Promise<{ keys: readonly ReadKey[]; recipients: Recipients }> {
  const keys: ReadKey[] = [];
  const listed: Recipients['keys'][number][] = [];
  for (const use of READ_KEY_USES)
    for (let epoch = 1; epoch <= EPOCHS; epoch++) {
      const { secret, recipient } = await makeReadKey();
      keys.push({ use, epoch, secret });
      const end = epoch < EPOCHS ? { until: dayOf(epoch) } : {};
      listed.push({ use, epoch, recipient, from: dayOf(epoch - 1), ...end });
    }
  return { keys, recipients: { format: 'cfl/recipients/1', keys: listed } };
}

function dayOf(epoch: number): string {
  return encodeDate(new Date(Date.UTC(2026, epoch, 1)));
}

async function granted({ id, credential }: Member, uses: readonly ReadKeyUse[]): Promise<Granted> {
  const fingerprint = await fingerprintOf(credential.recipient);
  return { holder: id, fingerprint, grants: uses.map((use) => ({ use, from: FROM })) };
}

function published({ id, credential: { recipient } }: Member) {
  return { holder: id, recipient };
}

function supplier({ id }: Member): Party {
  const role = { role: 'IS', from: FROM, evidence: 'Bench party list' } as const;
  return { id, name: id, kinds: ['supplier'], codes: [], userRoles: [role], certificates: [] };
}

/** Nothing but the register is asked for; what a plan brings is compared with nothing. */
function publishedWith(register: Uint8Array): OpenAccess['published'] {
  const some: Pick<OpenAccess['published'], 'library' | 'read' | 'role'> = {
    library: LIBRARY,
    read: async (path) => (path === PARTIES_PATH ? register : undefined),
    role: async () => undefined,
  };
  return some as OpenAccess['published'];
}
