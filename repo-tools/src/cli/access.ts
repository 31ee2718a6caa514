// Who may read: `party keys`, `party grant`, `party revoke`, `party renew`, `party list`.

import {
  fingerprintOf,
  GATEWAY,
  type Granted,
  type GrantState,
  grantState,
  READ_KEY_USES,
  RECIPIENTS_PATH,
  type ReadKeyUse,
  spokenFingerprint,
} from '@cfl/client/access';
import { command, EXIT, type Io, table, UsageError } from '@cfl/client/cli';
import { encodeDate } from '@cfl/client/encoding';
import { type PartyId, parsePartyId, type Register } from '@cfl/client/firmware';
import { openCustodian, readCustodian, readRecipient } from '../access/files.ts';
import {
  type Access,
  type OpenAccess,
  openAccess,
  planCustody,
  planFirstKeys,
  planGrant,
  planRenewal,
  planRevoke,
  readAccessBegun,
} from '../access/index.ts';
import { readRegister } from '../access/state.ts';
import type { Change } from '../change/change.ts';
import { loadState } from '../deploy/index.ts';
import { AT_OPTION, credentialsAt, deskAt, planned } from './desk.ts';

const IDENTITY_OPTION = {
  identity: {
    type: 'string',
    value: 'FILE',
    does: "a custodian's credential, which opens the read keys; in a trial one of private/credentials",
  },
} as const;

const USE_OPTIONS = {
  images: { type: 'boolean', does: 'images; this is so where nothing else is named' },
  notes: { type: 'boolean', does: 'release notes' },
} as const;

export const partyKeys = command({
  name: 'party keys',
  does: 'Plans the first read keys, or other custodians of them, or another credential of the gateway',
  operands: [],
  options: {
    ...AT_OPTION,
    ...IDENTITY_OPTION,
    escrow: {
      type: 'string',
      multiple: true,
      value: 'FILE',
      does: 'public credential of a custodian, called as its holder is: root-1.pub; all of them',
    },
    gateway: { type: 'string', value: 'FILE', does: 'public credential of the gateway' },
    stolen: { type: 'boolean', does: 'the one before was stolen: what it opens begins anew' },
  },
  examples: [
    {
      line: 'cfl-repo party keys --escrow root-1.pub --escrow root-2.pub --gateway gateway.pub',
      does: 'epoch 1 of images and notes; the registrar signs it',
    },
    {
      line: 'cfl-repo party keys --gateway new.pub --stolen --identity root-1.age',
      does: 'the gateway gets another credential, and images a new epoch',
    },
  ],
  async run(_operands, { at, identity, escrow: files, gateway: file, stolen }, io) {
    const desk = deskAt(at, io);
    const published = await loadState(desk.place);
    const escrow = files && (await Promise.all(files.map(readCustodian)));
    const gateway = file === undefined ? undefined : await readRecipient(file);
    if ((await published.read(RECIPIENTS_PATH)) === undefined) {
      if (escrow === undefined || gateway === undefined)
        throw new UsageError(
          'Cannot begin read access: expected --escrow for each custodian, and --gateway',
          'Run: cfl-repo party keys --help',
        );
      return planned(await planFirstKeys({ escrow, gateway }, published, io.now), published, desk, io.out);
    }
    if (escrow === undefined && gateway === undefined)
      throw new UsageError(
        'Cannot change the read keys: expected --escrow or --gateway',
        'Run: cfl-repo party keys --help',
      );
    return planAtDesk({ at, identity }, io, (open) =>
      planCustody({ escrow, gateway, stolen: stolen === true }, open, io.now),
    );
  },
});

export const partyGrant = command({
  name: 'party grant',
  does: 'Plans that a supplier may read images, or release notes, or both; or gives it another credential',
  operands: ['PARTY'],
  options: {
    ...AT_OPTION,
    ...IDENTITY_OPTION,
    ...USE_OPTIONS,
    credential: { type: 'string', value: 'FILE', does: 'its public credential; else the one that it has' },
    stolen: { type: 'boolean', does: 'the one that it had was stolen: what it could read begins anew' },
  },
  examples: [
    {
      line: 'cfl-repo party grant example-energy --images --notes --credential example-energy.pub',
      does: 'adds one file; read the fingerprint out to the supplier before the registrar signs',
    },
    {
      line: 'cfl-repo party grant example-energy --credential new.pub --stolen',
      does: 'another credential, and new epochs for what comes',
    },
  ],
  async run([id], { at, identity, images, notes, credential, stolen }, io) {
    const recipient = credential === undefined ? undefined : await readRecipient(credential);
    if (recipient !== undefined)
      io.err(`Credential ${spokenFingerprint(await fingerprintOf(recipient))}: compare it with its holder`);
    const party = parsePartyId(id);
    return planAtDesk({ at, identity }, io, (open) => {
      const uses = usesFor({ images, notes }, open, party);
      return planGrant({ party, uses, recipient, stolen: stolen === true }, open, io.now);
    });
  },
});

/** As named; else images, or for a party that reads already what it reads. */
function usesFor(
  asked: { readonly images?: boolean | undefined; readonly notes?: boolean | undefined },
  { access }: OpenAccess,
  party: PartyId,
): readonly ReadKeyUse[] {
  const named = usesNamed(asked);
  const known = access.grants.holders.some(({ holder }) => holder === party);
  return named.length > 0 || known ? named : ['images'];
}

function usesNamed(asked: {
  readonly images?: boolean | undefined;
  readonly notes?: boolean | undefined;
}): readonly ReadKeyUse[] {
  return READ_KEY_USES.filter((use) => asked[use] === true);
}

export const partyRevoke = command({
  name: 'party revoke',
  does: 'Plans the end of what a party may read: new epochs begin for everything that is sealed after',
  operands: ['PARTY'],
  options: {
    ...AT_OPTION,
    ...IDENTITY_OPTION,
    images: { type: 'boolean', does: 'images alone' },
    notes: { type: 'boolean', does: 'release notes alone' },
  },
  examples: [
    { line: 'cfl-repo party revoke example-gas', does: 'all that it may read; what it could read, it keeps' },
  ],
  run: ([id], { at, identity, images, notes }, io) =>
    planAtDesk({ at, identity }, io, (open) =>
      planRevoke({ party: parsePartyId(id), uses: usesNamed({ images, notes }) }, open, io.now),
    ),
});

export const partyRenew = command({
  name: 'party renew',
  does: 'Plans the yearly renewal: grants end whose User Role has ended, and epochs begin that are due',
  operands: [],
  options: {
    ...AT_OPTION,
    ...IDENTITY_OPTION,
    stolen: {
      type: 'string',
      multiple: true,
      value: 'USE',
      does: 'images or notes: the secret of its epoch was stolen, so the next begins at once',
    },
  },
  examples: [
    { line: 'cfl-repo party renew', does: 'cfl-repo status says when it is due' },
    {
      line: 'cfl-repo party renew --stolen images',
      does: 'what comes after, the stolen secret does not open',
    },
  ],
  run(_operands, { at, identity, stolen = [] }, io) {
    const uses = [...new Set(stolen.map(parseUse))];
    return planAtDesk({ at, identity }, io, (open) => planRenewal(open, io.now, uses));
  },
});

function parseUse(text: string): ReadKeyUse {
  const use = READ_KEY_USES.find((one) => one === text);
  if (use !== undefined) return use;
  throw new UsageError(
    `Cannot begin an epoch of "${text}": expected ${READ_KEY_USES.join(' or ')}`,
    'Run: cfl-repo party renew --help',
  );
}

async function planAtDesk(
  { at, identity }: { readonly at?: string | undefined; readonly identity?: string | undefined },
  io: Io,
  plan: (open: OpenAccess) => Promise<Change>,
): Promise<number> {
  const desk = deskAt(at, io);
  const published = await loadState(desk.place);
  await readAccessBegun(published);
  const ask = () =>
    identity === undefined ? desk.keys.passphrase() : io.passphrase(`Passphrase of ${identity}: `);
  const custodian = await openCustodian(credentialsAt(desk), identity, ask);
  return planned(await plan(await openAccess(published, custodian)), published, desk, io.out);
}

export const partyList = command({
  name: 'party list',
  does: 'Lists who may read what, since when, with which credential; and whose User Role has ended',
  operands: [],
  options: AT_OPTION,
  examples: [{ line: 'cfl-repo party list', does: 'exit code 4 where a renewal is due' }],
  async run(_operands, values, io) {
    const published = await loadState(deskAt(values.at, io).place);
    const [access, register] = [await readAccessBegun(published), await readRegister(published)];
    const asked = { access, register, at: encodeDate(io.now) };
    const rows = access.grants.holders.map((holder) => rowOf(holder, asked));
    for (const line of table(rows, [
      { title: 'PARTY' },
      { title: 'IMAGES' },
      { title: 'NOTES' },
      { title: 'CREDENTIAL' },
    ]))
      io.out(line);
    for (const { use, epoch, from, until } of access.recipients.keys)
      if (until === undefined) io.out(`${use}: epoch ${epoch}, since ${from.slice(0, 10)}`);
    io.out(`Custodians: ${access.credentials.escrow.map(({ holder }) => holder).join(', ')}`);
    return rows.some((cells) => cells.some((cell) => cell.startsWith(LAPSING))) ? EXIT.act : EXIT.done;
  },
});

const LAPSING = 'role ended';

interface Asked {
  readonly access: Access;
  readonly register: Register;
  readonly at: string;
}

function rowOf({ holder, fingerprint, grants }: Granted, { access, register, at }: Asked): readonly string[] {
  const cells = READ_KEY_USES.map((use) => {
    const state = grantState({ grants: access.grants, holder, register, use, at });
    const open = grants.find((one) => one.use === use && one.until === undefined);
    return stateInWords(state, open?.from);
  });
  return [holder === GATEWAY ? 'gateway' : holder, ...cells, spokenFingerprint(fingerprint)];
}

function stateInWords(state: GrantState, from: string | undefined): string {
  switch (state.state) {
    case 'granted':
      return `since ${from?.slice(0, 10)}`;
    case 'lapsing':
      return `${LAPSING}: cfl-repo party renew`;
    case 'none':
      return '-';
    case 'revoked':
    case 'lapsed':
      return `${state.state} ${state.since.slice(0, 10)}, up to epoch ${state.lastEpoch}`;
  }
}
