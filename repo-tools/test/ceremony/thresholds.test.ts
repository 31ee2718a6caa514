// A library is founded only with enough holders: no one key decides, and one lost key stops nothing.

import type { PublicKey } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import { planFirstRoot } from '../../src/ceremony/found.ts';
import type { CeremonyRole, RoleHolders } from '../../src/ceremony/roles.ts';
import { holdersOf, keys } from '../deploy/scene.ts';
import { NOW, signersOf } from '../fixture.ts';

let holders: Readonly<Record<CeremonyRole, RoleHolders>>;
let spare: readonly PublicKey[];
beforeAll(async () => {
  holders = holdersOf(await keys());
  spare = (await signersOf(2)).map(({ key }) => key);
});

function plan(role: CeremonyRole, threshold: number, count: number) {
  const three = [...holders[role].keys, ...spare].slice(0, count);
  const changed = { ...holders, [role]: { keys: three, threshold } };
  return planFirstRoot({ name: 'Example Firmware Library', trial: false, holders: changed }, NOW);
}

describe.each(['root', 'targets', 'registrar'] as const)('%s', (role) => {
  it.each([
    [2, 3],
    [2, 4],
    [3, 4],
  ])('%i of %i is enough', async (threshold, count) => {
    expect((await plan(role, threshold, count)).words).toContain(
      `${role.padEnd(10)} ${threshold} of ${count}`,
    );
  });

  it.each([
    [1, 1, 'one holder decides'],
    [1, 3, 'any one holder decides'],
    [2, 2, 'one lost key stops everything'],
    [3, 3, 'one lost key stops everything'],
    [0, 3, 'nobody decides'],
    [4, 3, 'it cannot be reached'],
    [2, 0, 'it has no keys'],
  ])('%i of %i is refused: %s', async (threshold, count) => {
    await expect(plan(role, threshold, count)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: `Cannot found a library with ${role} ${threshold} of ${count}: expected at least 2 of 3`,
    });
  });
});

describe.each(['cpl', 'gate', 'catalogue', 'snapshot', 'timestamp'] as const)('%s', (role) => {
  it('1 of 1 is enough, 1 of 2 too', async () => {
    expect(await plan(role, 1, 1)).toBeDefined();
    expect(await plan(role, 1, 2)).toBeDefined();
  });

  it.each([
    [0, 1],
    [1, 0],
    [2, 1],
  ])('%i of %i is refused', async (threshold, count) => {
    await expect(plan(role, threshold, count)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: `Cannot found a library with ${role} ${threshold} of ${count}: expected at least 1 of 1`,
    });
  });
});
