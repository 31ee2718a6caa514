// May a party read images or notes, and if not, why? From grants.json and the User Roles of the register.
//
// Rules
// - A grant needs a party of the kind supplier with a User Role IS or GS whose evidence is dated now.
// - A grant whose role has ended lapses at the next renewal; until then its ring still opens what it opened.
// - A closed grant keeps every epoch up to its last one, and nothing after.

import type { Sha256 } from '../encoding/index.ts';
import { type Party, type Register, userRolesAt } from '../firmware/register.ts';
import { AccessError } from './errors.ts';
import { GATEWAY, type Grant, type Granted, type Grants, type Holder, type ReadKeyUse } from './forms.ts';
import { spokenFingerprint } from './recipient.ts';

export type GrantState =
  | { readonly state: 'granted' }
  /** The role has ended, the grant has not yet. */
  | { readonly state: 'lapsing' }
  | { readonly state: 'revoked' | 'lapsed'; readonly since: string; readonly lastEpoch: number }
  | { readonly state: 'none' };

export interface GrantQuestion {
  readonly grants: Grants;
  readonly holder: Holder;
  readonly register: Register;
  readonly use: ReadKeyUse;
  /** `2026-11-20T09:00:00Z` */
  readonly at: string;
}

export function grantState({ grants, holder, register, use, at }: GrantQuestion): GrantState {
  const of =
    grants.holders.find((one) => one.holder === holder)?.grants.filter((one) => one.use === use) ?? [];
  const last: Grant | undefined = of.find(({ until }) => until === undefined) ?? of.at(-1);
  if (last === undefined) return { state: 'none' };
  const { until, reason, lastEpoch } = last;
  if (until !== undefined && reason !== undefined && lastEpoch !== undefined)
    return { state: reason, since: until, lastEpoch };
  if (holder === GATEWAY) return { state: 'granted' };
  const party = register.parties.find(({ id }) => id === holder);
  return { state: party !== undefined && mayRead(party, at) ? 'granted' : 'lapsing' };
}

/** A supplier in User Role IS or GS at that date. */
export function mayRead(party: Party, at: string): boolean {
  const roles = userRolesAt(party, at);
  return party.kinds.includes('supplier') && (roles.includes('IS') || roles.includes('GS'));
}

/** Whose credential is this? Throws AccessError WRONG_CREDENTIAL for a replaced one, NO_GRANT for one that nobody has. */
export function holderOf({ holders }: Grants, fingerprint: Sha256): Granted {
  const own = holders.find((one) => one.fingerprint === fingerprint);
  if (own !== undefined) return own;
  const spoken = spokenFingerprint(fingerprint);
  for (const { holder, replaced = [] } of holders) {
    const former = replaced.find((one) => one.fingerprint === fingerprint);
    if (former === undefined) continue;
    throw new AccessError(
      'WRONG_CREDENTIAL',
      `Cannot use the credential ${spoken}: ${holder} replaced it on ${former.until.slice(0, 10)}`,
      { found: fingerprint, hint: 'Use the one that replaced it: --credential FILE, or CFL_CREDENTIAL' },
    );
  }
  throw new AccessError(
    'NO_GRANT',
    `Cannot use the credential ${spoken}: the registrar has granted nothing to it`,
    {
      found: fingerprint,
      hint: 'Hand its public part to the registrar and read these digits out. Only suppliers in User Role IS or GS may read',
    },
  );
}

/** The refusal for a file that no key of the ring opens: `Cannot decrypt the image of 7d1a64c20e5b`. */
export function refusalOf(
  action: string,
  { use, holder }: Pick<GrantQuestion, 'use' | 'holder'>,
  state: GrantState,
): AccessError {
  switch (state.state) {
    case 'none':
      return new AccessError('NO_GRANT', `${action}: ${holder} has no grant of ${use}`, {
        hint: `Ask the registrar for a grant of ${use}; only suppliers in User Role IS or GS may have it`,
      });
    case 'revoked':
      return new AccessError(
        'GRANT_REVOKED',
        `${action}: the grant of ${use} to ${holder} was revoked on ${day(state.since)}, it reads up to epoch ${state.lastEpoch}`,
        {
          found: state.lastEpoch,
          hint: 'What was published after that is not for this party. If that is a mistake, ask the registrar',
        },
      );
    case 'lapsed':
      return new AccessError(
        'ROLE_LAPSED',
        `${action}: the grant of ${use} to ${holder} ended on ${day(state.since)} with its User Role, it reads up to epoch ${state.lastEpoch}`,
        {
          found: state.lastEpoch,
          hint: 'Send the registrar dated evidence of User Role IS or GS, and ask for a new grant',
        },
      );
    case 'granted':
    case 'lapsing':
      return new AccessError(
        'WRONG_EPOCH',
        `${action}: it is sealed to an epoch of ${use} that the ring of ${holder} does not hold`,
        {
          hint: 'Run: cfl refresh, and try again; if it stays so, ask the registrar to renew the ring',
        },
      );
  }
}

function day(date: string): string {
  return date.slice(0, 10);
}
