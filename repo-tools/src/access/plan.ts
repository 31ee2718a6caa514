// Who may read from now on, and who no more? Each answer is a change of the registrar's, with every file that follows
// from it: recipients, grants, credentials, and the rings that hold something else than before.
//
// Rules
// - Only a supplier in User Role IS or GS is granted anything, on evidence in the register that is dated now.
// - A grant makes one ring. Whoever loses a grant keeps its ring as it is; a new epoch begins for what comes
//   after, and every other ring gets it.
// - A stolen credential is like a lost grant: its epochs end. A lost one is only replaced.
// - A credential serves one holder, once: a former one never comes back.
// - Read keys exist in the clear in memory alone. They come from the escrow ring, which a custodian opens.

import {
  CREDENTIALS_PATH,
  type Credential,
  type Credentials,
  credentialsFile,
  ESCROW,
  fingerprintOf,
  GATEWAY,
  GRANTS_PATH,
  type Grant,
  type Granted,
  type Grants,
  grantsFile,
  type Holder,
  keyringPath,
  makeReadKey,
  type PublishedCredential,
  READ_KEY_USES,
  RECIPIENTS_PATH,
  type ReadKey,
  type ReadKeyUse,
  type Recipient,
  type Recipients,
  recipientsFile,
  sealRing,
} from '@cfl/client/access';
import { encodeDate, equalOctets, parseSha256 } from '@cfl/client/encoding';
import { type Document, parseRoleName, parseTargetPath, type RoleName, type Targets } from '@cfl/client/tuf';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { revise } from '../change/plan.ts';
import type { Published } from '../deploy/state.ts';
import { ringOf } from './gateway.ts';
import { type Access, epochsOf, readAccessBegun } from './state.ts';

/** Read access as it is, with what a custodian's credential opened. */
export interface OpenAccess {
  readonly published: Published;
  readonly access: Access;
  /** Every epoch of both uses. */
  readonly keys: readonly ReadKey[];
}

/** Throws AccessError where the credential is not one of a custodian. */
export async function openAccess(published: Published, custodian: Credential): Promise<OpenAccess> {
  const access = await readAccessBegun(published);
  return { published, access, keys: (await ringOf(published, ESCROW, custodian)).keys };
}

/** What is to be so. */
export interface Next {
  readonly title: string;
  readonly words: readonly string[];
  readonly grants: Grants;
  readonly credentials: Credentials;
  /** Uses of which a new epoch begins. */
  readonly begin: ReadonlySet<ReadKeyUse>;
}

export async function planAccess(next: Next, open: OpenAccess, now: Date): Promise<Change> {
  const { access, published } = open;
  const begun = await beginEpochs(access.recipients, next.begin, now);
  const keys = [...open.keys, ...begun.keys];
  const after = { recipients: begun.recipients, grants: next.grants, credentials: next.credentials };
  const files = new Map<string, Uint8Array>();
  for (const [path, octets] of documentsOf(after)) {
    const before = await published.read(path);
    if (before === undefined || !equalOctets(before, octets)) files.set(path, octets);
  }
  for (const holder of after.grants.holders) {
    const former = access.grants.holders.find((one) => one.holder === holder.holder);
    const before = former && ringShape(former, access.recipients);
    if (before === ringShape(holder, after.recipients)) continue;
    files.set(keyringPath(holder.holder), await ringFor(holder, after, { keys, published }));
  }
  const custodians = after.credentials.escrow;
  if (next.begin.size > 0 || custodiansText(custodians) !== custodiansText(access.credentials.escrow))
    files.set(keyringPath(ESCROW), await sealEscrow(custodians, { keys, published }));
  return registrarChange(next, files, published, now);
}

/** Two rings of the same text need not be sealed anew. */
function ringShape(holder: Granted, recipients: Recipients): string {
  const epochs = epochsOf(holder, recipients).map(({ use, epoch }) => `${use} ${epoch}`);
  return [holder.fingerprint, ...epochs].join();
}

function custodiansText(custodians: readonly PublishedCredential[]): string {
  return custodians.map(({ holder, recipient }) => `${holder} ${recipient}`).join();
}

interface RingKeys {
  readonly keys: readonly ReadKey[];
  readonly published: Pick<Published, 'library'>;
}

async function ringFor(
  holder: Granted,
  { recipients, credentials }: Access,
  { keys, published }: RingKeys,
): Promise<Uint8Array> {
  const epochs = epochsOf(holder, recipients);
  const held = keys.filter((key) => epochs.some(({ use, epoch }) => use === key.use && epoch === key.epoch));
  if (held.length !== epochs.length)
    throw new TypeError(`The escrow ring has every epoch of ${holder.holder}`);
  const credential = credentials.credentials.find((one) => one.holder === holder.holder);
  if (credential === undefined) throw new TypeError(`${holder.holder} has a credential`);
  return sealed(holder.holder, held, published, [credential.recipient]);
}

function sealEscrow(
  custodians: readonly PublishedCredential[],
  { keys, published }: RingKeys,
): Promise<Uint8Array> {
  return sealed(
    ESCROW,
    keys,
    published,
    custodians.map(({ recipient }) => recipient),
  );
}

function sealed(
  holder: Holder,
  keys: readonly ReadKey[],
  { library }: Pick<Published, 'library'>,
  recipients: readonly Recipient[],
): Promise<Uint8Array> {
  const order = ({ use, epoch }: ReadKey) => READ_KEY_USES.indexOf(use) * 1_000_000 + epoch;
  const sorted = keys.toSorted((a, b) => order(a) - order(b));
  const ring = { format: 'cfl/keyring/1', library: parseSha256(library), holder, keys: sorted } as const;
  return sealRing(ring, recipients);
}

interface Begun {
  readonly recipients: Recipients;
  /** Of the new epochs. */
  readonly keys: readonly ReadKey[];
}

/** The open epochs of these uses end, and the next ones begin. */
async function beginEpochs(before: Recipients, uses: ReadonlySet<ReadKeyUse>, now: Date): Promise<Begun> {
  const date = encodeDate(now);
  const keys: ReadKey[] = [];
  const listed: Recipients['keys'][number][] = [];
  for (const use of READ_KEY_USES) {
    const of = before.keys.filter((key) => key.use === use);
    if (!uses.has(use)) {
      listed.push(...of);
      continue;
    }
    const epoch = of.length + 1;
    const { secret, recipient } = await makeReadKey();
    keys.push({ use, epoch, secret });
    listed.push(...of.map((key) => (key.until === undefined ? { ...key, until: date } : key)));
    listed.push({ use, epoch, recipient, from: date });
  }
  return { recipients: { ...before, keys: listed }, keys };
}

function documentsOf({ recipients, grants, credentials }: Access): ReadonlyMap<string, Uint8Array> {
  return new Map([
    [RECIPIENTS_PATH, recipientsFile.encode(recipients)],
    [GRANTS_PATH, grantsFile.encode(grants)],
    [CREDENTIALS_PATH, credentialsFile.encode(credentials)],
  ]);
}

const REGISTRAR = parseRoleName('registrar');

async function registrarChange(
  { title, words }: Pick<Next, 'title' | 'words'>,
  files: ReadonlyMap<string, Uint8Array>,
  published: Published,
  now: Date,
): Promise<Change> {
  const registrar = await revise(REGISTRAR, await published.role(REGISTRAR), { add: files }, now);
  return {
    title,
    words,
    created: now,
    library: published.library,
    upon: new Map<RoleName, number>([[REGISTRAR, registrar.signed.version - 1]]),
    metadata: new Map<RoleName, Document<Targets>>([[REGISTRAR, registrar]]),
    targets: new Map([...files].map(([path, octets]) => [parseTargetPath(path), octets])),
  };
}

export interface FirstKeys {
  readonly escrow: readonly PublishedCredential[];
  readonly gateway: Recipient;
}

/** Epoch 1 of both uses, for the custodians and the gateway. Throws ChangeError EXISTS where there are read keys. */
export async function planFirstKeys(
  { escrow, gateway }: FirstKeys,
  published: Published,
  now: Date,
): Promise<Change> {
  if ((await published.read(RECIPIENTS_PATH)) !== undefined)
    throw new ChangeError(
      'EXISTS',
      'Cannot begin read access: the library has read keys already',
      'To change custodians or the gateway, give a custodian too: cfl-repo party keys --identity FILE',
    );
  refuseCustodians(escrow, [gateway]);
  const grants: Grants = {
    format: 'cfl/grants/1',
    holders: [
      {
        holder: GATEWAY,
        fingerprint: await fingerprintOf(gateway),
        grants: [{ use: 'images', from: encodeDate(now) }],
      },
    ],
  };
  const credentials: Credentials = {
    format: 'cfl/credentials/1',
    credentials: [{ holder: GATEWAY, recipient: gateway }],
    escrow,
  };
  const nothing: Access = {
    recipients: { format: 'cfl/recipients/1', keys: [] },
    grants: { ...grants, holders: [] },
    credentials: { ...credentials, credentials: [], escrow: [] },
  };
  const words = [
    'access     images and notes are sealed from now on, each to a read key of its own, epoch 1',
    `escrow     every read key can be opened by ${escrow.map(({ holder }) => holder).join(', ')}`,
    'gateway    reads images',
  ];
  const next = { title: 'party keys', words, grants, credentials, begin: new Set(READ_KEY_USES) };
  return planAccess(next, { published, access: nothing, keys: [] }, now);
}

/** Two at least, so that one lost credential does not lose every read key. */
export function refuseCustodians(escrow: readonly PublishedCredential[], others: readonly Recipient[]): void {
  const recipients = [...escrow.map(({ recipient }) => recipient), ...others];
  const found =
    escrow.length < 2
      ? `found ${escrow.length} custodian${escrow.length === 1 ? '' : 's'}, expected 2 or more`
      : new Set(recipients).size < recipients.length
        ? 'one credential stands in two places'
        : undefined;
  if (found === undefined) return;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot keep the read keys: ${found}`,
    'Each root holder and each holder of the registrar makes a credential: cfl keygen',
  );
}

/** The grants of these uses end now. */
export function closed(
  holder: Granted,
  uses: ReadonlySet<ReadKeyUse>,
  { reason, recipients, now }: { reason: NonNullable<Grant['reason']>; recipients: Recipients; now: Date },
): Granted {
  const lastEpoch = (use: ReadKeyUse) => recipients.keys.filter((key) => key.use === use).length;
  return {
    ...holder,
    grants: holder.grants.map((grant) =>
      grant.until === undefined && uses.has(grant.use)
        ? { ...grant, until: encodeDate(now), reason, lastEpoch: lastEpoch(grant.use) }
        : grant,
    ),
  };
}
