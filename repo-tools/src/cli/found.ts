// Beginning a library and admitting parties: `keygen`, `init`, `party add`.

import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { GATEWAY } from '@cfl/client/access';
import { command, EXIT, type Io, UsageError } from '@cfl/client/cli';
import { sha256 } from '@cfl/client/encoding';
import { createKeyFile, nameOfKey, openSigner, publicPath, writePublicKey } from '@cfl/client/keys';
import { ROOT } from '@cfl/client/tuf';
import { makeCredential } from '../access/files.ts';
import { type FirstKeys, planFirstKeys } from '../access/index.ts';
import { type CeremonyFile, readCeremony } from '../ceremony/ceremony-file.ts';
import { type Founding, planFirstRoot } from '../ceremony/found.ts';
import { keysAtHand, makeKey, openGatewaySigners, openSignersAmong } from '../ceremony/keys.ts';
import { planParty } from '../ceremony/party.ts';
import { parsePartyFile } from '../ceremony/party-file.ts';
import { planPartyUpdate } from '../ceremony/party-update.ts';
import { CEREMONY_ROLES, HELD_ROLES, ONLINE_ROLES, type RoleHolders } from '../ceremony/roles.ts';
import { planPublication } from '../change/apply.ts';
import type { Change } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { keysToSign, type Present, presentAfter, signChange } from '../change/sign.ts';
import { loadState, type Published, presentOf, publish, writing } from '../deploy/index.ts';
import { AT_OPTION, credentialsAt, type Desk, deskAt, keepChange, makeDesk, stillNeeded } from './desk.ts';

export const keygen = command({
  name: 'keygen',
  does: "Makes a holder's key: an encrypted private part, and a public part to hand on",
  operands: ['FILE'],
  options: {
    from: {
      type: 'string',
      value: 'URI',
      does: 'makes none: writes the public part of a key that is in a token or elsewhere',
    },
  },
  examples: [
    {
      line: 'cfl-repo keygen root-1.pem',
      does: 'writes root-1.pem, which stays with its holder, and root-1.pub',
    },
    {
      line: "cfl-repo keygen --from 'pkcs11:token=root-1;object=firmware' root-1.pub",
      does: 'writes root-1.pub alone: the key is in the token, and stays there',
    },
  ],
  async run([file], { from }, io) {
    if (from !== undefined) return publicPart(from, file, io);
    const key = await createKeyFile(
      file,
      await io.passphrase(`New passphrase of ${basename(file)}: `, 'Again: '),
    );
    io.out(`Wrote ${file}, readable by you alone: keep it offline`);
    io.out(`Wrote ${publicPath(file)}, key ${key.id.slice(0, 12)}: hand this on`);
    return EXIT.done;
  },
});

async function publicPart(uri: string, file: string, io: Io): Promise<number> {
  if (extname(file) !== '.pub')
    throw new UsageError(
      `Cannot write the public part to "${file}": its name ends otherwise, expected ".pub"`,
      'Run: cfl-repo keygen --help',
    );
  const { key } = await openSigner(uri, {
    passphrase: () => io.passphrase(`Passphrase of ${nameOfKey(uri)}: `),
  });
  await writePublicKey(file, key);
  io.out(`Wrote ${file}, key ${key.id.slice(0, 12)}: hand this on`);
  return EXIT.done;
}

const TRIAL_KEYS = { root: 'root', targets: 'holder', registrar: 'registrar', cpl: 'panel' } as const;
const TRIAL_CUSTODIANS = ['root', 'registrar'].flatMap((role) => [1, 2, 3].map((n) => `${role}-${n}`));

export const init = command({
  name: 'init',
  does: 'Begins a library: plans its first root, for its holders to sign',
  operands: ['[CEREMONY]'],
  options: {
    ...AT_OPTION,
    'keys-here': {
      type: 'boolean',
      does: 'a trial: every key is made on this machine, and the library says so',
    },
    name: { type: 'string', value: 'NAME', does: 'name of the trial library' },
  },
  examples: [
    {
      line: 'cfl-repo init ceremony.json',
      does: 'plans the first root with the public keys that ceremony.json names',
    },
    {
      line: 'cfl-repo init --keys-here --name "Example Firmware Library"',
      does: 'makes a trial library at once, with every key in private/keys',
    },
  ],
  async run([ceremony], values, io) {
    if ((ceremony === undefined) === (values['keys-here'] !== true)) {
      throw new UsageError(
        'Cannot begin a library: expected either a ceremony file or --keys-here',
        'Run: cfl-repo init --help',
      );
    }
    const desk = deskAt(values.at, io);
    return writing(desk.place, io.now, async (published) => {
      if (published !== undefined)
        throw new ChangeError(
          'EXISTS',
          `Cannot begin a library in "${desk.base}": there is one already`,
          'Choose another folder',
        );
      await makeDesk(desk);
      const asked =
        ceremony === undefined
          ? await trialCeremony(desk, values.name ?? 'Trial library')
          : await readCeremony(ceremony);
      const founding = await withOnlineKeys(asked, desk);
      const change = await signHere(await planFirstRoot(founding, io.now), desk, {});
      const here = ceremony === undefined ? CEREMONY_ROLES : ONLINE_ROLES;
      for (const line of holdersInWords(founding, here)) io.out(line);
      const credential = (name: string) =>
        makeCredential(credentialsAt(desk), name, {
          ask: desk.keys.passphrase,
          trial: ceremony === undefined,
        });
      const gateway = await credential(GATEWAY);
      if (ceremony !== undefined) return plannedForHolders(change, desk, io.out);
      await publishHere(change, undefined, desk, io.now);
      io.out(
        `Published version 1. First root, to be printed and read out: SHA-256 ${await firstRootDigest(change)}`,
      );
      const escrow = await inTurn(TRIAL_CUSTODIANS, credential);
      await beginReading({ escrow, gateway: gateway.recipient }, desk, io.now);
      io.out(`Published version 2. Read keys, opened by ${TRIAL_CUSTODIANS.join(', ')}: private/credentials`);
      io.err('This is a trial: every key lies on this machine, so whoever has it has the library');
      return EXIT.done;
    });
  },
});

async function trialCeremony(desk: Desk, name: string): Promise<CeremonyFile> {
  const held: Record<string, RoleHolders> = {};
  for (const role of HELD_ROLES) {
    const names = role === 'cpl' ? ['panel'] : [1, 2, 3].map((n) => `${TRIAL_KEYS[role]}-${n}`);
    held[role] = {
      keys: await inTurn(names, (key) => makeKey(desk.keys, key)),
      threshold: role === 'cpl' ? 1 : 2,
    };
  }
  return { name, trial: true, holders: held as CeremonyFile['holders'] };
}

async function withOnlineKeys({ name, trial, holders }: CeremonyFile, desk: Desk): Promise<Founding> {
  const online: Record<string, RoleHolders> = {};
  for (const role of ONLINE_ROLES) online[role] = { keys: [await makeKey(desk.keys, role)], threshold: 1 };
  return { name, trial, holders: { ...online, ...holders } as Founding['holders'] };
}

async function inTurn<T, R>(values: readonly T[], make: (value: T) => Promise<R>): Promise<readonly R[]> {
  const made: R[] = [];
  for (const value of values) made.push(await make(value));
  return made;
}

function holdersInWords({ holders }: Founding, here: readonly string[]): readonly string[] {
  return CEREMONY_ROLES.map((role) => {
    const { threshold, keys } = holders[role];
    const where = here.includes(role) ? 'here, private/keys' : 'with its holders';
    return `${role.padEnd(10)} ${threshold} of ${keys.length}   ${where.padEnd(18)} ${keys.map(({ id }) => id.slice(0, 12)).join(' ')}`;
  });
}

/** With keys of private/keys, as many as it needs: opening one takes its time on purpose. */
export async function signHere(change: Change, desk: Desk, present: Partial<Present>): Promise<Change> {
  const judged = { root: undefined, targets: undefined, ...present };
  const wanted = await keysToSign(change, judged, await keysAtHand(desk.keys));
  let signed = change;
  for (const signer of await openSignersAmong(desk.keys, wanted))
    signed = (await signChange(signed, signer, judged)).change;
  return signed;
}

async function publishHere(
  change: Change,
  published: Published | undefined,
  desk: Desk,
  now: Date,
): Promise<void> {
  const online = await openGatewaySigners(desk.keys, presentAfter(change, presentOf(published)));
  await publish(await planPublication(change, published), { place: desk.place, published, online, now });
}

async function beginReading(keys: FirstKeys, desk: Desk, now: Date): Promise<void> {
  const published = await loadState(desk.place);
  const change = await planFirstKeys(keys, published, now);
  await publishHere(await signHere(change, desk, presentOf(published)), published, desk, now);
}

async function plannedForHolders(change: Change, desk: Desk, out: (line: string) => void): Promise<number> {
  const place = await keepChange(desk, change);
  out(
    `Wrote change "${change.title}" to ${place}; it needs: ${await stillNeeded(change, presentOf(undefined))}`,
  );
  out(`Each holder runs: cfl-repo sign ${place} --key FILE   then, here: cfl-repo apply ${place}`);
  return EXIT.act;
}

export function firstRootDigest(change: Change): Promise<string> {
  return sha256(change.metadata.get(ROOT)?.octets ?? new Uint8Array());
}

export const partyAdd = command({
  name: 'party add',
  does: 'Plans a new party: its entry in the register, and for a manufacturer the role of its codes',
  operands: ['FILE'],
  options: AT_OPTION,
  examples: [
    {
      line: 'cfl-repo party add example-meters.json',
      does: 'plans the change; registrar, targets holders and the party sign it',
    },
  ],
  run: ([file], values, io) => planFrom(planParty, file, deskAt(values.at, io), io),
});

export const partyUpdate = command({
  name: 'party update',
  does: 'Plans what becomes different about a party: certificates, User Roles, mailbox, further codes',
  operands: ['FILE'],
  options: AT_OPTION,
  examples: [
    {
      line: 'cfl-repo party update example-meters.json',
      does: 'the file says the party whole; a certificate or User Role that it leaves out ends today',
    },
  ],
  run: ([file], values, io) => planFrom(planPartyUpdate, file, deskAt(values.at, io), io),
});

async function planFrom(plan: typeof planParty, file: string, desk: Desk, io: Io): Promise<number> {
  const published = await loadState(desk.place);
  const change = await plan(await parsePartyFile(await readFile(file), basename(file)), published, io.now);
  const place = await keepChange(desk, change);
  io.out(`Wrote change "${change.title}" to ${place}`);
  for (const line of change.words) io.out(`  ${line}`);
  io.out(`It needs: ${await stillNeeded(change, presentOf(published))}`);
  const party = [...change.metadata.keys()].some((role) => role.startsWith('m-'));
  io.err(
    `Each holder runs: cfl-repo sign ${place} --key FILE${party ? `   the party: cfl-publish sign ${place}` : ''}   then, here: cfl-repo apply ${place}`,
  );
  return EXIT.act;
}
