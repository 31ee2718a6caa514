// A real library in a temporary folder, its keys in memory: what the tests of this package write upon.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memorySigner, type Signer } from '@cfl/client/keys';
import { onTestFinished } from 'vitest';
import { type Founding, planFirstRoot } from '../src/ceremony/found.ts';
import { CEREMONY_ROLES, type CeremonyRole, type RoleHolders } from '../src/ceremony/roles.ts';
import { planPublication } from '../src/change/apply.ts';
import type { Change } from '../src/change/change.ts';
import { signChange } from '../src/change/sign.ts';
import {
  loadState,
  type OnlineSigners,
  type Place,
  type Published,
  placeAt,
  presentOf,
  publish,
  writing,
} from '../src/deploy/index.ts';

export const NOW = new Date('2026-11-20T09:00:00Z');

/** Release notes that are finished. */
export const NOTES = [
  '---',
  'salt: 5f0c9a7be1d24386f2b8470dc3916ea85d17e4b96203fac8719e0b6dd2453c8f',
  'fixes: EXM-2026-014',
  'severity: medium',
  'embargo: none',
  '---',
  '# Notes',
  '## During activation',
  'Restarts the meter once; the supply is not interrupted',
  '## Order and prerequisites',
  'Nothing has to come first',
  '## How to go back',
  'There is no way back',
  '## What is new',
  'Mends the clock after a long outage',
  '## Known issues',
  'None is known',
  '## Test evidence',
  'Tested as report 7 of the test house says',
  '',
].join('\n');

export interface TestLibrary {
  readonly base: string;
  readonly place: Place;
  readonly signers: ReadonlyMap<CeremonyRole, readonly Signer[]>;
  readonly online: OnlineSigners & { readonly gate: Signer; readonly catalogue: Signer };
}

/** A founded library, removed when the test ends. */
export async function foundLibrary(): Promise<TestLibrary> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-test-'));
  onTestFinished(() => rm(base, { recursive: true, force: true }));
  const signers = new Map<CeremonyRole, readonly Signer[]>();
  for (const role of CEREMONY_ROLES) signers.set(role, await signersOf(isThreshold(role) ? 3 : 1));
  const held: Record<string, RoleHolders> = {};
  for (const [role, made] of signers)
    held[role] = { keys: made.map(({ key }) => key), threshold: isThreshold(role) ? 2 : 1 };
  const holders = held as Founding['holders'];
  const one = (role: CeremonyRole) => signers.get(role)?.[0] as Signer;
  const library: TestLibrary = {
    base,
    place: placeAt(base),
    signers,
    online: {
      snapshot: one('snapshot'),
      timestamp: one('timestamp'),
      gate: one('gate'),
      catalogue: one('catalogue'),
    },
  };
  const change = await planFirstRoot({ name: 'Example Firmware Library', trial: true, holders }, NOW);
  await applyAll(library, change);
  return library;
}

function isThreshold(role: CeremonyRole): boolean {
  return role === 'root' || role === 'targets' || role === 'registrar';
}

export function signersOf(count: number): Promise<readonly Signer[]> {
  return Promise.all(Array.from({ length: count }, () => memorySigner()));
}

/** Signs with every key of the library, and with further ones, and publishes. */
export async function applyAll(
  library: TestLibrary,
  change: Change,
  further: readonly Signer[] = [],
  now = NOW,
): Promise<number> {
  return writing(library.place, now, async (published) => {
    let signed = change;
    for (const signer of [...[...library.signers.values()].flat(), ...further]) {
      signed = (await signChange(signed, signer, presentOf(published)).catch(() => ({ change: signed })))
        .change;
    }
    return publish(await planPublication(signed, published), {
      place: library.place,
      published,
      online: library.online,
      now,
    });
  });
}

export function state(library: TestLibrary): Promise<Published> {
  return loadState(library.place);
}
