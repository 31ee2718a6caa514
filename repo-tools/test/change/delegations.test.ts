// Attack: the next version of targets takes a role away, or leaves it there in name only.

import type { JsonObject } from '@cfl/client/encoding';
import type { Signer } from '@cfl/client/keys';
import { TARGETS } from '@cfl/client/tuf';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../src/change/change.ts';
import { signersOf } from '../fixture.ts';
import {
  accept,
  expectRefused,
  type Honest,
  honest,
  M_FFF1,
  nextOf,
  object,
  together,
  withRole,
} from './honest.ts';

type Delegation = Record<string, unknown> & { name: string };

let scene: Honest;
let other: Signer;
beforeAll(async () => {
  scene = await honest();
  [other] = (await signersOf(1)) as [Signer];
});

/** Targets signed as it should be, with its delegations edited, and a key more that any of them may use. */
function delegating(edit: (roles: Delegation[]) => readonly unknown[]): Promise<Change> {
  return nextOf(
    scene,
    TARGETS,
    (signed) => {
      const { keys, roles } = object(signed['delegations']) as unknown as {
        keys: object;
        roles: Delegation[];
      };
      const edited = { keys: { ...keys, [other.key.id]: other.key.json }, roles: edit(roles) };
      return { ...signed, delegations: edited as unknown as JsonObject };
    },
    scene.held.targets,
  );
}

const named = (name: string, change: Record<string, unknown>) => (roles: Delegation[]) =>
  roles.map((role) => (role.name === name ? { ...role, ...change } : role));

it('the same delegations, signed again, are published', async () => {
  expect(await accept(scene, await delegating((roles) => roles))).toBeDefined();
});

it("a manufacturer's new key is published together with its role, signed by it", async () => {
  const rotated = await delegating(named('m-fff1', { keyids: [other.key.id] }));
  const own = await nextOf(scene, M_FFF1, (signed) => signed, [other]);
  expect((await accept(scene, together(rotated, own)))?.roles.get(M_FFF1)).toBe(3);
});

describe('refused', () => {
  it('a role removed', async () => {
    const change = await delegating((roles) => roles.filter(({ name }) => name !== 'm-fff1'));
    await expectRefused(scene, change, {
      code: 'NOT_A_CHANGE',
      message: 'Cannot apply "next targets": targets no longer delegates to m-fff1',
    });
  });

  it('all of them removed', async () => {
    const bare = ({ delegations: _, ...signed }: JsonObject): JsonObject => signed;
    await expectRefused(scene, await nextOf(scene, TARGETS, bare, scene.held.targets), {
      code: 'NOT_A_CHANGE',
      message: 'Cannot apply "next targets": targets no longer delegates to registrar',
    });
  });

  it.each([
    ['a role whose files lie elsewhere now', { paths: ['firmware/FFF2/*/*'] }],
    ['a role that may list less', { paths: [] }],
    ['a role that no longer ends the search', { terminating: false }],
  ])('%s', async (_name, edited) => {
    await expectRefused(scene, await delegating(named('m-fff1', edited)), {
      code: 'NOT_A_CHANGE',
      message: 'Cannot apply "next targets": targets changes which files m-fff1 may list',
    });
  });

  it('a new role before the others, which would take their paths', async () => {
    const thief = {
      name: 'thief',
      paths: ['register/*', 'firmware/FFF1/*/*'],
      terminating: true,
      keyids: [other.key.id],
      threshold: 1,
    };
    await expectRefused(scene, await delegating((roles) => [thief, ...roles]), {
      code: 'NOT_A_CHANGE',
      message: 'Cannot apply "next targets": targets sends a reader to thief before registrar',
    });
  });

  it('the registrar after the gate', async () => {
    await expectRefused(scene, await delegating(([first, second, ...roles]) => [second, first, ...roles]), {
      code: 'NOT_A_CHANGE',
      message: 'Cannot apply "next targets": targets sends a reader to cpl before registrar',
    });
  });

  it.each([
    ['other keys', () => ({ keyids: [other.key.id] })],
    ['a threshold that its signatures do not reach', () => ({ threshold: 3 })],
    ['keys that the file does not bring', () => ({ keyids: ['ab'.repeat(32)] })],
  ])('%s for a role that has not signed anew: nobody could read it', async (_name, edited) => {
    await expectRefused(scene, await delegating(named('m-fff1', edited())), {
      code: 'UNSIGNED',
      message: /^Cannot accept m-fff1 version 2: it has \d good signatures of the \d it needs$/,
    });
  });

  it('a new role without a first version', async () => {
    const fresh = {
      name: 'm-fff2',
      paths: ['firmware/FFF2/*/*'],
      terminating: true,
      keyids: [other.key.id],
      threshold: 1,
    };
    await expectRefused(scene, await delegating((roles) => [...roles, fresh]), {
      code: 'NOT_LISTED',
      message: /^Cannot use m-fff2: snapshot version 4 does not list it$/,
    });
  });

  it('targets that lists a file itself, before every other role', async () => {
    const lists = await nextOf(
      scene,
      TARGETS,
      (signed) => ({
        ...signed,
        targets: { 'register/note.json': { length: 2, hashes: { sha256: 'ab'.repeat(32) } } },
      }),
      scene.held.targets,
    );
    await expectRefused(scene, lists, {
      code: 'NOT_A_CHANGE',
      message: 'Cannot apply "next targets": targets lists register/note.json, expected delegations alone',
    });
  });

  it('a role other than targets that delegates', async () => {
    const sub = {
      name: 'm-fff1-0',
      paths: ['firmware/FFF1/a*/*'],
      terminating: true,
      keyids: [other.key.id],
      threshold: 1,
    };
    const delegations = { keys: { [other.key.id]: other.key.json }, roles: [sub] };
    const change = await withRole(scene.change, M_FFF1, (signed) => ({ ...signed, delegations }), scene.own);
    await expectRefused(scene, change, {
      code: 'NOT_A_CHANGE',
      message:
        'Cannot apply "files of m-fff1": m-fff1 delegates to m-fff1-0, expected files alone, or its bins under its own keys',
    });
  });
});
