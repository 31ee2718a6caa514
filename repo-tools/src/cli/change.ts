// Changes on their way: `sign` and `apply`.

import { command, EXIT, type Io } from '@cfl/client/cli';
import { nameOfKey, openSigner, type Signer } from '@cfl/client/keys';
import { metadataFile, ROOT, type RoleName, type Targets } from '@cfl/client/tuf';
import { recordChange } from '../audit/change.ts';
import { openGatewaySigners } from '../ceremony/keys.ts';
import { planPublication } from '../change/apply.ts';
import type { Change } from '../change/change.ts';
import { describeChange, NOTHING_AT_HAND } from '../change/describe.ts';
import { differenceOf } from '../change/difference.ts';
import { ChangeError } from '../change/errors.ts';
import {
  joinCopies,
  type Meeting,
  type Past,
  refuseStale,
  refuseTampered,
  type Witnessing,
} from '../change/on-its-way.ts';
import { type Present, presentAfter, signChange, signedBy } from '../change/sign.ts';
import { loadState, presentOf, publish, writing } from '../deploy/index.ts';
import type { Published } from '../deploy/state.ts';
import { AT_OPTION, type Desk, deskAt, keyNames, openChange, stillNeeded } from './desk.ts';
import { firstRootDigest, signHere } from './found.ts';

export const sign = command({
  name: 'sign',
  does: 'Shows a change in words and signs what of it a key may sign',
  operands: ['CHANGE'],
  options: {
    ...AT_OPTION,
    key: {
      type: 'string',
      multiple: true,
      value: 'URI',
      does: 'a private key: a file, pkcs11: or cmd:; without it, every key of private/keys that may sign',
    },
    join: {
      type: 'string',
      multiple: true,
      value: 'CHANGE',
      does: 'another copy of the change: takes the signatures that others put there; signs only with --key',
    },
  },
  examples: [
    { line: 'cfl-repo sign 1.change --key root-1.pem', does: "adds one holder's signature" },
    {
      line: 'cfl-repo sign private/changes/2',
      does: 'in a trial library: adds the signatures of every key on this machine',
    },
    {
      line: 'cfl-repo sign 1.change --join from-another-holder/1.change',
      does: 'two holders signed a copy each at the same time: puts both signatures into one',
    },
  ],
  async run([path], values, io) {
    const desk = deskAt(values.at, io);
    const opened = await openChange(path);
    const published = await stateIfThere(desk);
    const present = presentOf(published);
    const meeting = { verb: 'sign', past: pastOf(desk), nameOf: await keyNames(desk) } as const;
    await refuseUnfit(opened.change, published, meeting);
    for (const line of await inWords(opened.change, published)) io.err(line);
    let change = opened.change;
    for (const copy of values.join ?? []) {
      const other = (await openChange(copy)).change;
      await refuseTampered(other, present, { ...meeting, verb: 'join' });
      change = await joinCopies(change, other);
    }
    if (values.key !== undefined) change = await signWith(values.key, change, present, io);
    else if (values.join === undefined) change = await signHere(change, desk, present);
    await opened.write(change);
    const lacking = await stillNeeded(change, present);
    io.out(
      lacking === ''
        ? `Signed in full. Publish it: cfl-repo apply ${path}`
        : `Signed. It still needs: ${lacking}`,
    );
    return lacking === '' ? EXIT.done : EXIT.act;
  },
});

async function refuseUnfit(
  change: Change,
  published: Published | undefined,
  meeting: Meeting & Witnessing,
): Promise<void> {
  // With the change alone at hand, it cannot be compared
  if (published !== undefined) await refuseStale(change, published, meeting);
  await refuseTampered(change, presentOf(published), meeting);
}

/** Throws ALREADY_SIGNED where none of the keys signs anything that it has not signed before. */
async function signWith(
  uris: readonly string[],
  change: Change,
  present: Present,
  io: Pick<Io, 'err' | 'passphrase'>,
): Promise<Change> {
  let signed = change;
  let again: ChangeError | undefined;
  for (const uri of uris) {
    const signer = await open(uri, io.passphrase);
    const { may, has } = await signedBy(signer.key.id, signed, present);
    if (may.length === 0 || has.length < may.length) {
      signed = (await signChange(signed, signer, present)).change;
      continue;
    }
    again = alreadySigned(change, uri, has);
    io.err(again.message);
  }
  if (again !== undefined && signed === change) throw again;
  return signed;
}

function alreadySigned({ title }: Change, uri: string, roles: readonly RoleName[]): ChangeError {
  return new ChangeError(
    'ALREADY_SIGNED',
    `Nothing to sign in "${title}" with ${nameOfKey(uri)}: its signature is on ${roles.join(', ')} already, and counts once`,
    'Hand the change on to the next holder',
  );
}

/** Versions that are published, also those that are past. */
function pastOf({ place }: Desk): Past {
  return (role, version) => place.metadata.read(metadataFile(role, version));
}

export const apply = command({
  name: 'apply',
  does: 'Publishes a change that is signed in full',
  operands: ['CHANGE'],
  options: AT_OPTION,
  examples: [
    {
      line: 'cfl-repo apply private/changes/2',
      does: 'checks it, has two clients read the planned library, and publishes',
    },
  ],
  async run([path], values, io) {
    const desk = deskAt(values.at, io);
    const { change } = await openChange(path);
    const past = pastOf(desk);
    const nameOf = await keyNames(desk);
    const version = await writing(desk.place, io.now, async (published) => {
      await refuseStale(change, published, { verb: 'apply', past });
      await refuseTampered(change, presentOf(published), { verb: 'apply', nameOf });
      const publication = await planPublication(change, published);
      await refuseReleases(change, published);
      await recordChange('applied', change, { place: desk.place, published, now: io.now });
      return publish(publication, {
        place: desk.place,
        published,
        online: await openGatewaySigners(desk.keys, presentAfter(change, presentOf(published))),
        now: io.now,
      });
    });
    const first = change.metadata.has(ROOT) && version === 1;
    io.out(
      `Published version ${version}${first ? `. First root, to be printed and read out: SHA-256 ${await firstRootDigest(change)}` : ''}`,
    );
    return EXIT.done;
  },
});

/** Fully signed, a submission would pass for any change; but nobody has decided about it. */
async function refuseReleases(change: Change, published: Published | undefined): Promise<void> {
  for (const [role, document] of change.metadata) {
    if (!role.startsWith('m-')) continue;
    const before = await published?.role(role);
    const [path] = differenceOf(before?.signed, document.signed as Targets).added;
    if (path === undefined) continue;
    throw new ChangeError(
      'NOT_A_CHANGE',
      `Cannot apply "${change.title}": it brings ${path}, and releases are published by the intake alone`,
      'With its folder in private/inbox, run: cfl-repo intake',
    );
  }
}

async function inWords(change: Change, published: Published | undefined): Promise<readonly string[]> {
  const before = published === undefined ? NOTHING_AT_HAND : { ...published, root: published.trusted.root };
  return [
    `Change "${change.title}", as its planner says:`,
    ...change.words.map((line) => `  ${line}`),
    published === undefined
      ? 'What you sign (the library is not at hand to compare with):'
      : 'What you sign:',
    ...(await describeChange(change, before)).map((line) => `  ${line}`),
  ];
}

function open(uri: string, passphrase: (prompt: string) => Promise<string>): Promise<Signer> {
  return openSigner(uri, { passphrase: () => passphrase(`Passphrase of ${nameOfKey(uri)}: `) });
}

/** A holder signs anywhere: with the library beside it, or with the change alone. */
async function stateIfThere(desk: Desk): Promise<Published | undefined> {
  return (await desk.place.metadata.read('timestamp.json')) === undefined ? undefined : loadState(desk.place);
}
