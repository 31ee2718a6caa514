// Attacks on read access that are signed in full by the registrar: what must hold is asked again when they are applied.

import {
  CREDENTIALS_PATH,
  credentialsFile,
  ESCROW,
  GATEWAY,
  GRANTS_PATH,
  type Grants,
  grantsFile,
  keyringPath,
  RECIPIENTS_PATH,
  type Recipients,
  recipientsFile,
  seal,
} from '@cfl/client/access';
import { encodeDate } from '@cfl/client/encoding';
import { beforeAll, describe, expect, it } from 'vitest';
import { planRevoke, readAccessBegun } from '../../src/access/index.ts';
import { loadState, type Published } from '../../src/deploy/index.ts';
import { expectRefused, type Honest, honest } from '../change/honest.ts';
import { credentialOf } from '../credentials.ts';
import { listing } from '../deploy/scene.ts';
import { NOW } from '../fixture.ts';
import { begin, ED, ENERGY, GAS, GS, grant, IS, join, NETWORKS, opened, publish } from './scene.ts';

let scene: Honest;
/** Example Gas reads images; Example Energy did, and reads no more. */
beforeAll(async () => {
  scene = await honest();
  await begin(scene);
  await join(scene, ENERGY, IS);
  await join(scene, GAS, GS);
  await join(scene, NETWORKS, ED, 'operator');
  await grant(scene, ENERGY);
  await grant(scene, GAS);
  await publish(scene, await planRevoke({ party: ENERGY, uses: [] }, await opened(scene), NOW));
  scene = { ...scene, published: await loadState(scene.place) };
});

const refused = async (files: ReadonlyMap<string, Uint8Array>, message: RegExp) =>
  expectRefused(scene, await listing(scene.published, 'registrar', files, scene.held.registrar), {
    code: 'NOT_A_CHANGE',
    message,
  });

const access = (published: Published = scene.published) => readAccessBegun(published);
const keysWith = async (edit: (keys: Recipients['keys']) => Recipients['keys']) => {
  const { recipients } = await access();
  return new Map([[RECIPIENTS_PATH, recipientsFile.encode({ ...recipients, keys: edit(recipients.keys) })]]);
};
const holdersWith = async (edit: (holders: Grants['holders']) => Grants['holders']) => {
  const { grants } = await access();
  return new Map([[GRANTS_PATH, grantsFile.encode({ ...grants, holders: edit(grants.holders) })]]);
};
const only =
  (id: string, change: (one: Grants['holders'][number]) => Grants['holders'][number]) =>
  (holders: Grants['holders']) =>
    holders.map((one) => (one.holder === id ? change(one) : one));

describe('what was published of read keys', () => {
  it('is not exchanged: another recipient for an epoch that has ended', async () => {
    const { recipient } = await credentialOf('thief');
    const files = await keysWith((keys) => keys.map((key) => (key.until ? { ...key, recipient } : key)));
    await refused(files, /in access\/recipients\.json, images epoch 1 was changed$/);
  });

  it('is not opened again: an epoch that has ended, with the one after it taken out', async () => {
    const files = await keysWith((keys) =>
      keys.flatMap(({ until, ...key }) => (key.use === 'images' ? (key.epoch === 1 ? [key] : []) : [key])),
    );
    await refused(files, /in access\/recipients\.json, the end of images epoch 1 was changed$/);
  });

  it('is sealed to one at a time: two open epochs of a use', async () => {
    const octets = (await scene.published.read(RECIPIENTS_PATH)) ?? new Uint8Array();
    const text = new TextDecoder().decode(octets).replace(/,"until":"[^"]*"/, '');
    await refused(new Map([[RECIPIENTS_PATH, new TextEncoder().encode(text)]]), /the end of images epoch 1/);
  });

  it('reaches everybody who may read: a new epoch without its rings', async () => {
    const { recipient } = await credentialOf('an epoch that nobody gets');
    const from = encodeDate(NOW);
    const files = await keysWith((keys) =>
      keys.flatMap((key) =>
        key.use === 'images' && key.until === undefined
          ? [
              { ...key, until: from },
              { use: 'images', epoch: 3, recipient, from },
            ]
          : [key],
      ),
    );
    await refused(files, /access\/gateway\.keyring\.age still holds what it held$/);
  });
});

describe('what was granted', () => {
  it.each<[string, RegExp, (holders: Grants['holders']) => Grants['holders']]>([
    [
      'stays written: a holder that is gone',
      /the holder example-energy is gone$/,
      (all) => all.filter(({ holder }) => holder !== ENERGY),
    ],
    [
      'is not opened again',
      /the grant of images to example-energy from \S+ was opened again$/,
      only(ENERGY, (one) => ({ ...one, grants: one.grants.map(({ use, from }) => ({ use, from })) })),
    ],
    [
      'does not end later than it ended',
      /the end of the grant of images to example-energy from \S+ was changed$/,
      only(ENERGY, (one) => ({
        ...one,
        grants: one.grants.map((given) => ({ ...given, until: '2027-01-01T00:00:00Z' })),
      })),
    ],
    [
      'to the gateway is of images alone',
      /the gateway is granted notes, which it never reads$/,
      only(GATEWAY, (one) => ({
        ...one,
        grants: [...one.grants, { use: 'notes', from: encodeDate(NOW) }],
      })),
    ],
    [
      'comes with a ring that holds it',
      /access\/example-gas\.keyring\.age still holds what it held$/,
      only(GAS, (one) => ({ ...one, grants: [...one.grants, { use: 'notes', from: encodeDate(NOW) }] })),
    ],
  ])('%s', async (_, message, edit) => refused(await holdersWith(edit), message));

  it('is for suppliers alone: a network operator with a ring', async () => {
    const { recipient } = await credentialOf(NETWORKS);
    const { credentials } = await access();
    const fingerprint = Buffer.from(
      await crypto.subtle.digest('SHA-256', new TextEncoder().encode(recipient)),
    ).toString('hex') as never;
    const grants = [{ use: 'images', from: encodeDate(NOW) } as const];
    const files = await holdersWith((all) => [...all, { holder: NETWORKS, fingerprint, grants }]);
    const all = [...credentials.credentials, { holder: NETWORKS, recipient }];
    files.set(CREDENTIALS_PATH, credentialsFile.encode({ ...credentials, credentials: all }) as never);
    files.set(keyringPath(NETWORKS), (await seal(new Uint8Array(9), [recipient])) as never);
    await refused(files, /example-networks is granted images, and is no supplier in User Role IS or GS on/);
  });
});

describe('a ring', () => {
  it('of somebody without a grant is refused', async () => {
    const { recipient } = await credentialOf('thief');
    const ring = await seal(new Uint8Array(9), [recipient]);
    await refused(new Map([['access/thief.keyring.age', ring]]), /is the ring of nobody who was granted/);
  });

  it('of who lost access is not written again', async () => {
    const ring = await seal(new Uint8Array(9), [(await credentialOf(ENERGY)).recipient]);
    const path = keyringPath(ENERGY);
    await refused(
      new Map([[path, ring]]),
      /example-energy\.keyring\.age is written anew, and its holder reads nothing any more$/,
    );
  });

  it('has one reader: a second stanza', async () => {
    const [gas, thief] = await Promise.all([GAS, 'thief'].map(credentialOf));
    const ring = await seal(new Uint8Array(9), [gas?.recipient as never, thief?.recipient as never]);
    const edit = only(GAS, (one) => ({
      ...one,
      grants: [...one.grants, { use: 'notes', from: encodeDate(NOW) }],
    }));
    const files = await holdersWith(edit);
    files.set(keyringPath(GAS), ring as never);
    await refused(files, /it is sealed to 2 recipients, expected exactly one$/);
  });

  it('of the escrow has its custodians and no others', async () => {
    const { credentials } = await access();
    const { recipient } = await credentialOf('thief');
    const ring = await seal(new Uint8Array(9), [
      ...credentials.escrow.map((one) => one.recipient),
      recipient,
    ]);
    await refused(new Map([[keyringPath(ESCROW), ring]]), /is sealed to 4, and there are 3 custodians$/);
  });

  it('is no place for other files', async () => {
    await refused(new Map([['access/notes.txt', new Uint8Array(9)]]), /which is no file of read access$/);
  });
});

it('each attack is one upon a library that takes an honest change', async () => {
  expect((await grant(scene, ENERGY, ['images'], new Date('2026-12-01T09:00:00Z'))).gone).toEqual([]);
});
