// Whom the library of a test lets read: custodians, the gateway, and parties with credentials in memory.

import { type Credential, makeReadKey } from '@cfl/client/access';
import { parsePartyId } from '@cfl/client/firmware';
import { planFirstKeys } from '../src/access/index.ts';
import type { Change } from '../src/change/change.ts';
import type { Published } from '../src/deploy/index.ts';
import { NOW } from './fixture.ts';

const made = new Map<string, Promise<Credential>>();

/** One of each name for all test files that run in one process. */
export function credentialOf(name: string): Promise<Credential> {
  const known = made.get(name) ?? makeReadKey();
  made.set(name, known);
  return known;
}

export const gateway = () => credentialOf('gateway');
export const custodian = () => credentialOf('root-1');

/** The registrar's change by which read access begins. */
export async function reading(published: Published): Promise<Change> {
  const escrow = await Promise.all(
    ['root-1', 'root-2', 'registrar-1'].map(async (name) => ({
      holder: parsePartyId(name),
      recipient: (await credentialOf(name)).recipient,
    })),
  );
  return planFirstKeys({ escrow, gateway: (await gateway()).recipient }, published, NOW);
}
