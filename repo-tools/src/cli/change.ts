// Changes on their way: `sign` and `apply`.

import { command, EXIT } from '@cfl/client/cli';
import { openSigner, type Signer } from '@cfl/client/keys';
import { type Document, ROOT, type Root, TARGETS, type Targets } from '@cfl/client/tuf';
import { recordChange } from '../audit/change.ts';
import { openGatewaySigners } from '../ceremony/keys.ts';
import { planPublication } from '../change/apply.ts';
import type { Change } from '../change/change.ts';
import { describeChange, NOTHING_AT_HAND } from '../change/describe.ts';
import { differenceOf } from '../change/difference.ts';
import { ChangeError } from '../change/errors.ts';
import { type Present, signChange } from '../change/sign.ts';
import { loadState, presentOf, publish, writing } from '../deploy/index.ts';
import type { Published } from '../deploy/state.ts';
import { AT_OPTION, type Desk, deskAt, openChange, stillNeeded } from './desk.ts';
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
      value: 'FILE',
      does: 'a private key; without it, every key of private/keys that may sign',
    },
  },
  examples: [
    { line: 'cfl-repo sign 1.change --key root-1.pem', does: "adds one holder's signature" },
    {
      line: 'cfl-repo sign private/changes/2',
      does: 'in a trial library: adds the signatures of every key on this machine',
    },
  ],
  async run([path], values, io) {
    const desk = deskAt(values.at, io);
    const opened = await openChange(path);
    const published = await stateIfThere(desk);
    for (const line of await inWords(opened.change, published)) io.err(line);
    const present = presentOf(published);
    let change = opened.change;
    if (values.key === undefined) change = await signHere(change, desk, present);
    for (const uri of values.key ?? [])
      change = (await signChange(change, await open(uri, io.passphrase), present)).change;
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
    const version = await writing(desk.place, io.now, async (published) => {
      const publication = await planPublication(change, published);
      await refuseReleases(change, published);
      await recordChange('applied', change, { place: desk.place, published, now: io.now });
      return publish(publication, {
        place: desk.place,
        published,
        online: await openGatewaySigners(desk.keys, afterwards(change, presentOf(published))),
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

/** New online keys sign from the publication on that brings them. */
function afterwards({ metadata }: Change, present: Present): Present {
  return {
    root: (metadata.get(ROOT) as Document<Root> | undefined) ?? present.root,
    targets: (metadata.get(TARGETS) as Document<Targets> | undefined) ?? present.targets,
  };
}

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
  return openSigner(uri, { passphrase: () => passphrase(`Passphrase of ${uri}: `) });
}

/** A holder signs anywhere: with the library beside it, or with the change alone. */
async function stateIfThere(desk: Desk): Promise<Published | undefined> {
  return (await desk.place.metadata.read('timestamp.json')) === undefined ? undefined : loadState(desk.place);
}
