// Every published admission decided again, or those of one release: `replay`.

import { basename, dirname, resolve } from 'node:path';
import { RULES_VERSION, sealedCodes, sealedNotesCodes } from '@cfl/client/admission';
import { command, EXIT, type Io, UsageError } from '@cfl/client/cli';
import {
  type ChainHead,
  chainHeadFile,
  folder,
  openRepository,
  readCredentialFile,
} from '@cfl/client/library';
import { type ImageOpener, imageOpener, ringFor } from '../access/index.ts';
import { type Replayed, type ReplayReport, replay as replayAll } from '../replay/replay.ts';
import { openSource, type ReplaySource } from '../replay/source.ts';
import { firstRootOf, ROOT_OPTIONS } from './first-root.ts';

export const replay = command({
  name: 'replay',
  does: 'Decides every published admission again from public files alone, and reports any difference',
  operands: ['LIBRARY'],
  options: {
    ...ROOT_OPTIONS,
    release: {
      type: 'string',
      value: 'HEX',
      does: 'decide this release only, upon the catalogue as the gate read it: 8 digits or more',
    },
    identity: {
      type: 'string',
      value: 'FILE',
      does: 'a credential that was granted images, or of a custodian: asks the rules about images, too',
    },
    remember: {
      type: 'string',
      value: 'FILE',
      does: 'keep where the chain of decisions ends, and refuse a chain that does not continue it',
    },
  },
  examples: [
    {
      line: 'cfl-repo replay https://library.example --root-sha256 9b41…e07c --remember chain.json',
      does: 'exit code 1 where one admission comes out otherwise',
    },
    {
      line: 'cfl-repo replay . --identity private/credentials/root-1.age',
      does: "the operator's own library in this folder, images included",
    },
  ],
  async run([library], values, io) {
    const release = values.release === undefined ? undefined : releaseNamed(values.release);
    const repository = openRepository(library, { wait: io.wait });
    try {
      const root = await firstRootOf(library, 'replay', values, repository);
      const source = await openSource(repository, { root, now: io.now });
      const known = values.remember === undefined ? undefined : await readKnown(values.remember);
      const report = await replayAll(source, {
        opener: values.identity === undefined ? undefined : await openerFor(source, values.identity, io),
        known,
        release,
        onDecision: (count, of) => io.progress(`Deciding ${count} of ${of} again`),
      });
      io.progress(undefined);
      if (values.remember !== undefined && report.head !== undefined)
        await keepKnown(values.remember, report.head);
      return say(report, { ...values, release }, io);
    } finally {
      io.progress(undefined);
      repository.close();
    }
  },
});

function placeOf(path: string) {
  return { files: folder(dirname(resolve(path))), name: basename(path) };
}

async function readKnown(path: string): Promise<ChainHead | undefined> {
  const { files, name } = placeOf(path);
  const octets = await files.read(name);
  return octets && chainHeadFile.parse(octets);
}

async function keepKnown(
  path: string,
  { sequence, path: decision, sha256: digest }: ChainHead,
): Promise<void> {
  const { files, name } = placeOf(path);
  const head = { format: 'cfl/chain-head/1', sequence, path: decision, sha256: digest } as const;
  await files.replace(name, chainHeadFile.encode(head));
}

/** With the ring of whoever holds this credential. */
async function openerFor({ published }: ReplaySource, identity: string, io: Io): Promise<ImageOpener> {
  const credential = await readCredentialFile(identity, () => io.passphrase(`Passphrase of ${identity}: `));
  return imageOpener(await ringFor(published, credential));
}

interface Saying {
  readonly release: string | undefined;
  readonly identity?: string;
}

function say({ replayed: wanted }: ReplayReport, { release, identity }: Saying, io: Io): number {
  if (release !== undefined && wanted.length === 0) {
    io.out('Not in the library; a refusal is known to the submitter and the operator only');
    return EXIT.refused;
  }
  const compared = wanted.filter(({ outcome }) => outcome !== 'other rules');
  const same = compared.filter(({ outcome }) => outcome === 'same');
  io.out(
    `${counted(compared.length)} decided again, rules ${RULES_VERSION}${snapshots(compared)}: ${same.length} of ${compared.length} the same`,
  );
  for (const { acceptance, differences } of compared)
    for (const difference of differences)
      io.out(`differs  ${acceptance.release.slice(0, 12)} statement ${acceptance.number}: ${difference}`);
  const left = identity === undefined ? sealedCodes : sealedNotesCodes;
  io.out(`Sealed   ${left.size} rules of each (${[...left].join(', ')}) left out`);
  const unopened = compared.filter(({ images }) => images === 'not opened');
  if (identity !== undefined && unopened.length > 0)
    io.out(
      `Sealed   the images of ${counted(unopened.length)}: this credential has no key of their epochs, so the rules about images were left out`,
    );
  const others = wanted.filter(({ outcome }) => outcome === 'other rules');
  if (others.length > 0) io.err(otherRules(others));
  if (same.length < compared.length) return EXIT.refused;
  return others.length > 0 ? EXIT.act : EXIT.done;
}

function releaseNamed(name: string): string {
  if (/^[0-9a-f]{8,64}$/i.test(name)) return name.toLowerCase();
  throw new UsageError(
    `Cannot run "cfl-repo replay": "${name}" is no release, expected 8 to 64 hex digits`,
    'Name it as cfl show does: --release HEX',
  );
}

function counted(count: number): string {
  return `${count} admission${count === 1 ? '' : 's'}`;
}

function snapshots(replayed: readonly Replayed[]): string {
  const numbers = replayed.map(({ acceptance }) => acceptance.cpl);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  if (numbers.length === 0) return '';
  return least === most ? `, CPL snapshot ${least}` : `, CPL snapshots ${least} to ${most}`;
}

function otherRules(others: readonly Replayed[]): string {
  const versions = [...new Set(others.map(({ acceptance }) => acceptance.rules))].join(', ');
  return `${counted(others.length)} not compared: decided by rules ${versions}. Replay with the program of that version`;
}
