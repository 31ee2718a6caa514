// The same again, signed anew: `renew`, for a scheduler and for ceremonies; and `rotate`, for new keys.

import { extname } from 'node:path';
import { columns, command, EXIT, UsageError } from '@cfl/client/cli';
import { readPublicKey } from '@cfl/client/keys';
import { type KeyId, minute, type PublicKey, parseRoleName, type RoleName } from '@cfl/client/tuf';
import { makeKey, openOnlineSigner, publicKeysIn } from '../ceremony/keys.ts';
import { ChangeError } from '../change/errors.ts';
import { loadState, type Published, presentOf, writingUpon } from '../deploy/index.ts';
import { isRenewedHere } from '../renewal/due.ts';
import { planRenewal, renewHere } from '../renewal/renew.ts';
import { keysOfRole, planRotation, type Rotation } from '../renewal/rotate.ts';
import { AT_OPTION, type Desk, deskAt, makeDesk, planned } from './desk.ts';

export const renew = command({
  name: 'renew',
  does: 'Signs again what is due and signed on this machine; or plans that holders sign their roles again',
  operands: ['[ROLE...]'],
  options: AT_OPTION,
  examples: [
    {
      line: 'cfl-repo renew',
      does: 'for a scheduler, every six hours: the timestamp, and what else is due here; silent when nothing is',
    },
    { line: 'cfl-repo renew root targets', does: 'plans the yearly ceremony, for the holders to sign' },
  ],
  async run([roles], values, io) {
    const desk = deskAt(values.at, io);
    if (roles.length > 0) {
      const published = await loadState(desk.place);
      const change = await planRenewal(roles.map(roleNamed), published, io.now);
      return planned(change, published, desk, io.out);
    }
    const renewed = await writingUpon(desk.place, io.now, (published) =>
      renewHere({
        place: desk.place,
        published,
        signer: (role) => openOnlineSigner(desk.keys, role, presentOf(published)),
        now: io.now,
      }),
    );
    const rows = renewed.map(({ role, version, expires }) => [
      role,
      String(version),
      `until ${minute(expires)}`,
    ]);
    for (const line of columns(rows, [undefined, 'right'])) io.out(line);
    return EXIT.done;
  },
});

export const rotate = command({
  name: 'rotate',
  does: 'Plans new keys for a role, for its holders to sign',
  operands: ['ROLE', '[ROLE...]'],
  options: {
    ...AT_OPTION,
    add: { type: 'string', multiple: true, value: 'FILE', does: 'the public part of a key that comes' },
    remove: {
      type: 'string',
      multiple: true,
      value: 'KEY',
      does: 'a key that goes: its public part, or the beginning of its id',
    },
    threshold: { type: 'string', value: 'N', does: 'how many must sign from now on' },
    here: {
      type: 'boolean',
      does: 'roles that sign on this machine: a new key in private/keys for each, or where <role>-<n>.uri there says',
    },
  },
  examples: [
    {
      line: 'cfl-repo rotate root --remove root-1.pub --add root-4.pub',
      does: "one holder's key was lost or stolen",
    },
    {
      line: 'cfl-repo rotate snapshot timestamp gate catalogue --here',
      does: "the operator's machine was broken into, or another operator goes on",
    },
    {
      line: 'cfl-repo rotate m-fff1 --remove 0f3a77d2 --remove 91bc5e10 --add custody-1.pub --add custody-2.pub',
      does: 'a manufacturer is gone, and others keep its role alive',
    },
  ],
  async run([first, more], values, io) {
    const desk = deskAt(values.at, io);
    const published = await loadState(desk.place);
    const roles = [first, ...more].map(roleNamed);
    const rotations =
      values.here === true
        ? await keysHere(roles, published, desk)
        : [await asGiven(roles, values, published)];
    return planned(await planRotation(rotations, published, io.now), published, desk, io.out);
  },
});

function roleNamed(name: string): RoleName {
  return parseRoleName(name);
}

interface Given {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly threshold?: string;
}

async function asGiven(
  [role, ...others]: readonly RoleName[],
  { add = [], remove = [], threshold }: Given,
  published: Published,
): Promise<Rotation> {
  if (role === undefined || others.length > 0 || add.length + remove.length === 0)
    throw new UsageError(
      'Cannot plan new keys: expected one role with --add or --remove, or several with --here',
      'Run: cfl-repo rotate --help',
    );
  if (threshold !== undefined && !/^[1-9]\d?$/.test(threshold))
    throw new UsageError(
      `Cannot plan new keys: --threshold is "${threshold}", expected a number from 1`,
      'Run: cfl-repo rotate --help',
    );
  return {
    role,
    add: await Promise.all(add.map(readPublicKey)),
    remove: await Promise.all(remove.map((given) => keyMeant(given, role, published))),
    ...(threshold === undefined ? {} : { threshold: Number(threshold) }),
  };
}

/** A public key file, or at least 8 digits of an id. */
async function keyMeant(given: string, role: RoleName, published: Published): Promise<KeyId> {
  if (extname(given) === '.pub') return (await readPublicKey(given)).id;
  const ids = keysOfRole(role, published).keyIds.filter((id) => id.startsWith(given.toLowerCase()));
  const [id] = ids;
  if (/^[0-9a-fA-F]{8,64}$/.test(given) && id !== undefined && ids.length === 1) return id;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot remove the key "${given}" from ${role}: found ${ids.length} keys whose id begins so, expected one, by 8 digits or more`,
    `Its keys are ${keysOfRole(role, published)
      .keyIds.map((one) => one.slice(0, 12))
      .join(', ')}`,
  );
}

async function keysHere(
  roles: readonly RoleName[],
  published: Published,
  desk: Desk,
): Promise<readonly Rotation[]> {
  const stranger = roles.find((role) => !isRenewedHere(role));
  if (stranger !== undefined)
    throw new UsageError(
      `Cannot make a key for ${stranger} here: people sign it`,
      `Have its holder run cfl-repo keygen, then: cfl-repo rotate ${stranger} --add FILE`,
    );
  // A successor begins without a private folder
  await makeDesk(desk);
  const rotations: Rotation[] = [];
  for (const role of roles) {
    const remove = keysOfRole(role, published).keyIds;
    rotations.push({ role, add: [await newKey(role, desk)], remove });
  }
  return rotations;
}

/** `snapshot-2.pem` beside `snapshot.pem`. */
async function newKey(role: RoleName, desk: Desk): Promise<PublicKey> {
  const names = [...(await publicKeysIn(desk.keys)).keys()];
  const numbers = names.map((name) =>
    name === role ? 1 : Number(new RegExp(`^${role}-(\\d+)$`).exec(name)?.[1] ?? 0),
  );
  return makeKey(desk.keys, `${role}-${Math.max(1, ...numbers) + 1}`);
}
