// Attacks on read access that are signed in full by the registrar: what must hold is asked again when they are applied.

import {
  CREDENTIALS_PATH,
  credentialsFile,
  ESCROW,
  fingerprintOf,
  GATEWAY,
  GRANTS_PATH,
  type Grants,
  grantsFile,
  keyringPath,
  type PublishedCredential,
  RECIPIENTS_PATH,
  type Recipients,
  recipientsFile,
  seal,
} from '@cfl/client/access';
import { canonicalText, encodeDate, type JsonObject, parseJson } from '@cfl/client/encoding';
import { FormatError, parsePartyId } from '@cfl/client/firmware';
import { beforeAll, describe, expect, it } from 'vitest';
import { planRevoke, readAccessBegun } from '../../src/access/index.ts';
import { loadState, type Published } from '../../src/deploy/index.ts';
import { expectRefused, type Honest, honest, nextOf, object, REGISTRAR } from '../change/honest.ts';
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

describe('the end of a grant', () => {
  const ended = { until: encodeDate(NOW), reason: 'revoked', lastEpoch: 99 } as const;

  it('lets nobody read on: a last epoch that has not begun', async () => {
    const edit = only(GAS, (one) => ({
      ...one,
      grants: one.grants.map((given) => ({ ...given, ...ended })),
    }));
    await refused(
      await holdersWith(edit),
      /the grant of images to example-gas ends with epoch 99, and epoch 2 is current$/,
    );
  });

  it('begins an epoch: a revocation after which everything stays sealed to the same key', async () => {
    const closed = { ...ended, lastEpoch: 2 };
    const edit = only(GAS, (one) => ({
      ...one,
      grants: one.grants.map((given) => ({ ...given, ...closed })),
    }));
    await refused(await holdersWith(edit), /ends with epoch 2, and epoch 2 is current$/);
  });

  it('is not that of a grant that was never open: one that is new and closed', async () => {
    const grants = [{ use: 'notes', from: encodeDate(NOW), ...ended }] as const;
    const edit = only(GAS, (one) => ({ ...one, grants: [...one.grants, ...grants] }));
    await refused(await holdersWith(edit), /ends with epoch 99, and epoch 1 is current$/);
  });

  it('comes with a stolen credential, whose epochs go on', async () => {
    const { recipient } = await credentialOf('the next of gas');
    const { credentials } = await access();
    const fingerprint = await fingerprintOf(recipient);
    const until = encodeDate(NOW);
    const files = new Map<string, Uint8Array>(
      await holdersWith(
        only(GAS, (one) => ({
          ...one,
          fingerprint,
          replaced: [{ fingerprint: one.fingerprint, until, stolen: 'yes' }],
        })),
      ),
    );
    const all = credentials.credentials.map((one) => (one.holder === GAS ? { ...one, recipient } : one));
    files.set(CREDENTIALS_PATH, credentialsFile.encode({ ...credentials, credentials: all }));
    files.set(keyringPath(GAS), await seal(new Uint8Array(9), [recipient]));
    await refused(files, /the credential of example-gas was stolen, and no new epoch of images begins$/);
  });
});

it('a credential that is exchanged under its fingerprint gets no later ring', async () => {
  const { credentials } = await access();
  const { recipient } = await credentialOf('thief');
  const all = credentials.credentials.map((one) => (one.holder === GAS ? { ...one, recipient } : one));
  const octets = credentialsFile.encode({ ...credentials, credentials: all });
  await refused(
    new Map([[CREDENTIALS_PATH, octets]]),
    /example-gas has not the credential of its fingerprint [0-9a-f]{12}$/,
  );
});

it('a credential that was put away stays written, so that nobody gets it again', async () => {
  const { credentials } = await access();
  const { recipient } = await credentialOf('the next of gas');
  const fingerprint = await fingerprintOf(recipient);
  const all = credentials.credentials.map((one) => (one.holder === GAS ? { ...one, recipient } : one));
  const files = new Map<string, Uint8Array>(await holdersWith(only(GAS, (one) => ({ ...one, fingerprint }))));
  files.set(CREDENTIALS_PATH, credentialsFile.encode({ ...credentials, credentials: all }));
  files.set(keyringPath(GAS), await seal(new Uint8Array(9), [recipient]));
  await refused(files, /the credential [0-9a-f]{12} of example-gas is gone$/);
});

describe('a grant of another day', () => {
  it('is refused: one from a day on which the User Role had not ended yet', async () => {
    const edit = only(ENERGY, (one) => ({
      ...one,
      grants: [...one.grants, { use: 'images', from: '2025-06-01T00:00:00Z' }],
    }));
    await refused(
      await holdersWith(edit),
      /example-energy is granted images from 2025-06-01T00:00:00Z, in a change of/,
    );
  });
});

describe('what the store still holds', () => {
  it.each([keyringPath(GATEWAY), keyringPath(ESCROW), CREDENTIALS_PATH])(
    'is not listed again, signed by the registrar and without a file: %s',
    async (path) => {
      const { content } = scene.place.metadata;
      const lists = [...content.keys()].filter((name) => name.endsWith('.registrar.json'));
      const entries = lists.map((name) => {
        const { signed } = parseJson(content.get(name) ?? new Uint8Array()) as { signed: JsonObject };
        return object(signed['targets'])[path];
      });
      const now = canonicalText(
        object(parseJson((await scene.published.role(REGISTRAR))?.octets ?? new Uint8Array()))['signed'] ??
          null,
      );
      const older = entries.find((entry) => entry !== undefined && !now.includes(canonicalText(entry)));
      expect(older).toBeDefined();
      const change = await nextOf(
        scene,
        REGISTRAR,
        (signed) => ({ ...signed, targets: { ...object(signed['targets']), [path]: older ?? null } }),
        scene.held.registrar,
      );
      await expectRefused(scene, change, {
        code: 'NOT_A_CHANGE',
        message: new RegExp(
          `registrar replaces ${path.replaceAll('.', '\\.')}, and the file is not in the change$`,
        ),
      });
    },
  );
});

describe('the custodians', () => {
  const custodians = async (escrow: readonly PublishedCredential[]) => {
    const { credentials } = await access();
    const sealed = await seal(
      new Uint8Array(9),
      escrow.map(({ recipient }) => recipient),
    );
    return new Map([
      [CREDENTIALS_PATH, credentialsFile.encode({ ...credentials, escrow })],
      [keyringPath(ESCROW), sealed],
    ]);
  };

  it('are two at least', async () => {
    const { credentials } = await access();
    await refused(await custodians(credentials.escrow.slice(0, 1)), /found 1 custodian, expected 2 or more$/);
  });

  it('get a ring as soon as they are others', async () => {
    const { credentials } = await access();
    const next = { holder: parsePartyId('root-3'), recipient: (await credentialOf('root-3')).recipient };
    const files = await custodians([...credentials.escrow, next]);
    await refused(
      new Map([...files].filter(([path]) => path === CREDENTIALS_PATH)),
      /access\/escrow\.keyring\.age still holds what it held$/,
    );
  });

  it('are no party: a supplier who opens the escrow ring', async () => {
    const { credentials } = await access();
    const { recipient } = await credentialOf(GAS);
    const [first, second] = credentials.escrow;
    const escrow = [first, second && { ...second, recipient }].flatMap((one) => one ?? []);
    await refused(await custodians(escrow), /one credential stands in two places$/);
  });
});

it.each(['gateway', 'escrow'])("no party is called %s: its ring would be the library's", async (id) => {
  await expect(join(scene, parsePartyId(id), IS)).rejects.toThrow(FormatError);
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
