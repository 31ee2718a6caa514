// What the registrar asks for: a grant, its end, the yearly renewal or a new epoch before its time, other custodians.
// What follows is plan.ts's.

import {
  type Credentials,
  fingerprintOf,
  GATEWAY,
  type Grant,
  type Granted,
  type Holder,
  mayRead,
  type PublishedCredential,
  READ_KEY_USES,
  type ReadKeyUse,
  type Recipient,
  spokenFingerprint,
} from '@cfl/client/access';
import { encodeDate } from '@cfl/client/encoding';
import { findParty, isOpenAt, type Party, type PartyId } from '@cfl/client/firmware';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { closed, type OpenAccess, planAccess, refuseCustodians } from './plan.ts';
import { currentEpoch, openUses, readRegister } from './state.ts';

export interface GrantRequest {
  readonly party: PartyId;
  /** Those of them that it has already stay as they are. */
  readonly uses: readonly ReadKeyUse[];
  /** Of its credential; undefined for the one that it has. */
  readonly recipient: Recipient | undefined;
  /** The credential that it had was stolen: what it could read begins anew. */
  readonly stolen: boolean;
}

/** Throws ChangeError NOT_GRANTABLE for whoever may not read, EXISTS where nothing would become different. */
export async function planGrant(request: GrantRequest, open: OpenAccess, now: Date): Promise<Change> {
  const at = encodeDate(now);
  const party = await grantable(request.party, open, at);
  const former = open.access.grants.holders.find(({ holder }) => holder === request.party);
  const present = recipientOf(request.party, open.access.credentials);
  const recipient = request.recipient ?? present;
  if (recipient === undefined)
    throw notGrantable(
      request.party,
      'it has no credential yet',
      'It runs cfl keygen, hands credential.pub over and reads the fingerprint out: --credential FILE',
    );
  const replaces = former !== undefined && recipient !== present;
  if (request.stolen && !replaces)
    throw notGrantable(
      request.party,
      'its credential was stolen, and this is not another',
      'Give the new one: --credential FILE',
    );
  await refuseUsed(recipient, request.party, open);
  const uses = request.uses.filter((use) => !openUses(former).includes(use));
  if (uses.length === 0 && !replaces)
    throw new ChangeError(
      'EXISTS',
      `Cannot grant ${request.uses.join(' and ') || 'what was not named'} to "${request.party}": nothing would become different`,
      'Name what it has not yet, --images or --notes, or another credential: --credential FILE',
    );
  const fingerprint = await fingerprintOf(recipient);
  const given: Grant[] = uses.map((use) => ({ use, from: at }));
  const granted: Granted = {
    holder: request.party,
    fingerprint,
    grants: [...(former?.grants ?? []), ...given],
    ...replacedBy(former, replaces, { at, stolen: request.stolen }),
  };
  const begin = new Set(request.stolen ? openUses(former) : []);
  const spoken = spokenFingerprint(fingerprint);
  const words = [
    ...uses.map((use) => `grant      ${party.name} reads ${use}, as ${roleInWords(party, at)}`),
    `credential ${spoken}${replaces ? `, in the place of ${spokenFingerprint(former.fingerprint)}${request.stolen ? ', which was stolen' : ''}` : ''}`,
    ...epochWords(begin, open),
  ];
  const next = {
    title: `party grant ${request.party}`,
    words,
    grants: withHolder(open, granted),
    credentials: withCredential(open.access.credentials, { holder: request.party, recipient }),
    begin,
  };
  return planAccess(next, open, now);
}

function replacedBy(
  former: Granted | undefined,
  replaces: boolean,
  { at, stolen }: { at: string; stolen: boolean },
): Pick<Granted, 'replaced'> {
  const known = former?.replaced ?? [];
  if (former === undefined || !replaces) return known.length === 0 ? {} : { replaced: known };
  const one = { fingerprint: former.fingerprint, until: at, ...(stolen ? ({ stolen: 'yes' } as const) : {}) };
  return { replaced: [...known, one] };
}

/** A supplier in User Role IS or GS today. */
async function grantable(id: PartyId, { published }: OpenAccess, at: string): Promise<Party> {
  const party = findParty(await readRegister(published), id);
  if (party === undefined)
    throw notGrantable(id, 'it is not in the register', 'Add it first: cfl-repo party add FILE');
  if (mayRead(party, at)) return party;
  const roles = party.userRoles.map(({ role, until }) =>
    until === undefined ? role : `${role} until ${until.slice(0, 10)}`,
  );
  const found = party.kinds.includes('supplier')
    ? `its User Role is ${roles.join(', ') || 'none'}`
    : `it is registered as ${party.kinds.join(', ')}`;
  throw notGrantable(
    id,
    `${found}, expected a supplier in User Role IS or GS, on evidence that is dated now`,
    'Only such a supplier reads images and notes. With new evidence, correct the register first',
  );
}

function roleInWords(party: Party, at: string): string {
  const [role] = party.userRoles.filter(
    (one) => (one.role === 'IS' || one.role === 'GS') && isOpenAt(one, at),
  );
  return `supplier in User Role ${role?.role}, ${role?.evidence}`;
}

/** A credential is nobody else's, and was not put away before. */
async function refuseUsed(recipient: Recipient, party: PartyId, { access }: OpenAccess): Promise<void> {
  const fingerprint = await fingerprintOf(recipient);
  const { credentials, escrow } = access.credentials;
  const other = [...credentials.filter(({ holder }) => holder !== party), ...escrow].find(
    (one) => one.recipient === recipient,
  );
  const former = access.grants.holders.find(({ replaced = [] }) =>
    replaced.some((one) => one.fingerprint === fingerprint),
  );
  if (other === undefined && former === undefined) return;
  const whose =
    other === undefined ? `was replaced by ${former?.holder} before` : `is that of ${other.holder}`;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot give the credential ${spokenFingerprint(fingerprint)} to "${party}": it ${whose}`,
    'Each holder makes its own, and a new one each time: cfl keygen',
  );
}

export interface RevokeRequest {
  readonly party: PartyId;
  /** Empty for all that it has. */
  readonly uses: readonly ReadKeyUse[];
}

export async function planRevoke(request: RevokeRequest, open: OpenAccess, now: Date): Promise<Change> {
  const { party } = request;
  const former = open.access.grants.holders.find(({ holder }) => holder === party);
  const has = openUses(former);
  const uses = new Set(request.uses.length === 0 ? has : request.uses.filter((use) => has.includes(use)));
  if (former === undefined || uses.size === 0 || party === GATEWAY)
    throw notGrantable(
      party,
      party === GATEWAY ? 'intake needs its grant' : `it reads ${has.join(' and ') || 'nothing'}`,
      'See who reads what: cfl-repo party list',
    );
  const { recipients } = open.access;
  const words = [
    ...[...uses].map(
      (use) =>
        `revoke     ${party} reads ${use} up to epoch ${currentEpoch(recipients, use).epoch}, and nothing sealed after`,
    ),
    ...epochWords(uses, open),
  ];
  const grants = withHolder(open, closed(former, uses, { reason: 'revoked', recipients, now }));
  const { credentials } = open.access;
  return planAccess({ title: `party revoke ${party}`, words, grants, credentials, begin: uses }, open, now);
}

const YEAR = 365 * 86_400_000;

/** Whose User Role has ended, though it may read still. */
export async function lapsing(
  { published, access }: Omit<OpenAccess, 'keys'>,
  now: Date,
): Promise<readonly Granted[]> {
  const register = await readRegister(published);
  return access.grants.holders.filter((holder) => {
    if (holder.holder === GATEWAY || openUses(holder).length === 0) return false;
    const party = findParty(register, holder.holder);
    return party === undefined || !mayRead(party, encodeDate(now));
  });
}

/** The uses whose epoch is a year old. */
export function dueUses({ access }: Pick<OpenAccess, 'access'>, now: Date): readonly ReadKeyUse[] {
  return READ_KEY_USES.filter(
    (use) => now.getTime() - Date.parse(currentEpoch(access.recipients, use).from) >= YEAR,
  );
}

/**
 * Ends what has lapsed, and begins the epochs that are due and those whose present secret was stolen. Throws
 * ChangeError EXISTS where there are none.
 */
export async function planRenewal(
  open: OpenAccess,
  now: Date,
  stolen: readonly ReadKeyUse[] = [],
): Promise<Change> {
  const { recipients, credentials } = open.access;
  const ending = await lapsing(open, now);
  const due = dueUses(open, now);
  const begin = new Set([...due, ...stolen, ...ending.flatMap(openUses)]);
  if (begin.size === 0)
    throw new ChangeError(
      'EXISTS',
      'Cannot renew read access: no User Role has lapsed, and no epoch is a year old',
      'Nothing to do. A single grant ends by: cfl-repo party revoke ID; after a theft: cfl-repo party renew --stolen USE',
    );
  const words = [
    ...stolen.map(
      (use) =>
        `stolen     the secret of ${use}, epoch ${currentEpoch(recipients, use).epoch}: what is sealed to it, the thief can read for good`,
    ),
    ...ending.map(
      (one) =>
        `lapsed     ${one.holder} reads ${openUses(one).join(' and ')} no more: its User Role has ended`,
    ),
    ...epochWords(begin, open),
  ];
  const holders = open.access.grants.holders.map((one) =>
    ending.includes(one) ? closed(one, new Set(openUses(one)), { reason: 'lapsed', recipients, now }) : one,
  );
  const grants = { ...open.access.grants, holders };
  return planAccess({ title: 'party renew', words, grants, credentials, begin }, open, now);
}

export interface CustodyRequest {
  /** Undefined where they stay. */
  readonly escrow: readonly PublishedCredential[] | undefined;
  readonly gateway: Recipient | undefined;
  /** A custodian's or the gateway's credential was stolen: everything that it opens begins anew. */
  readonly stolen: boolean;
}

export async function planCustody(request: CustodyRequest, open: OpenAccess, now: Date): Promise<Change> {
  const { credentials: present } = open.access;
  const at = encodeDate(now);
  const escrow = request.escrow ?? present.escrow;
  const former = open.access.grants.holders.find(({ holder }) => holder === GATEWAY);
  const before = recipientOf(GATEWAY, present);
  const gateway = request.gateway ?? before;
  if (former === undefined || gateway === undefined) throw new TypeError('The gateway has a grant');
  const others = present.credentials.filter(({ holder }) => holder !== GATEWAY);
  refuseCustodians(escrow, [gateway, ...others.map(({ recipient }) => recipient)]);
  const replaces = gateway !== before;
  if (replaces) await refuseUsed(gateway, GATEWAY, open);
  const granted = {
    ...former,
    fingerprint: await fingerprintOf(gateway),
    ...replacedBy(former, replaces, { at, stolen: request.stolen }),
  };
  const begin = new Set(
    request.stolen ? (request.escrow === undefined ? ['images' as const] : READ_KEY_USES) : [],
  );
  const words = [
    `escrow     every read key can be opened by ${escrow.map(({ holder }) => holder).join(', ')}`,
    ...(replaces
      ? [`gateway    opens images with ${spokenFingerprint(granted.fingerprint)} from now on`]
      : []),
    ...epochWords(begin, open),
  ];
  const next = {
    title: 'party keys',
    words,
    grants: withHolder(open, granted),
    credentials: { ...withCredential(present, { holder: GATEWAY, recipient: gateway }), escrow },
    begin,
  };
  return planAccess(next, open, now);
}

function epochWords(begin: ReadonlySet<ReadKeyUse>, { access }: OpenAccess): readonly string[] {
  return [...begin].map((use) => {
    const { epoch } = currentEpoch(access.recipients, use);
    return `epoch      ${epoch + 1} of ${use} begins; what waits at manufacturers is sealed again: cfl-publish seal`;
  });
}

function recipientOf(of: Holder, { credentials }: Credentials): Recipient | undefined {
  return credentials.find(({ holder }) => holder === of)?.recipient;
}

function withHolder({ access: { grants } }: OpenAccess, granted: Granted): OpenAccess['access']['grants'] {
  return { ...grants, holders: put(grants.holders, granted) };
}

function withCredential(all: Credentials, credential: PublishedCredential): Credentials {
  return { ...all, credentials: put(all.credentials, credential) };
}

/** In its place, or at the end. */
function put<T extends { readonly holder: Holder }>(all: readonly T[], one: T): readonly T[] {
  const known = all.some(({ holder }) => holder === one.holder);
  return known ? all.map((present) => (present.holder === one.holder ? one : present)) : [...all, one];
}

function notGrantable(party: Holder, found: string, hint: string): ChangeError {
  return new ChangeError('NOT_GRANTABLE', `Cannot change what "${party}" may read: ${found}`, hint);
}
