// Every published admission decided again: `replay`.

import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { fingerprintOf, holderOf } from '@cfl/client/access';
import { RULES_VERSION, sealedCodes, sealedNotesCodes } from '@cfl/client/admission';
import { command, EXIT, type Io, UsageError } from '@cfl/client/cli';
import { parseSha256, sha256 } from '@cfl/client/encoding';
import {
  type ChainHead,
  chainHeadFile,
  folder,
  openRepository,
  readCredentialFile,
} from '@cfl/client/library';
import type { Repository } from '@cfl/client/tuf';
import { imageOpener, type Opener, readAccessBegun, ringOf } from '../access/index.ts';
import { ChangeError } from '../change/errors.ts';
import { type Replayed, type ReplayReport, replay as replayAll } from '../replay/replay.ts';
import { openSource, type ReplaySource } from '../replay/source.ts';

export const replay = command({
  name: 'replay',
  does: 'Decides every published admission again from public files alone, and reports any difference',
  operands: ['LIBRARY'],
  options: {
    root: { type: 'string', value: 'FILE', does: 'the first root, as the operator handed it out' },
    'root-sha256': { type: 'string', value: 'HEX', does: 'its SHA-256, as the operator read it out' },
    release: { type: 'string', value: 'HEX', does: 'report this release only: 8 digits or more' },
    identity: {
      type: 'string',
      value: 'FILE',
      does: 'a credential that was granted images: asks the rules that look at them, too',
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
      line: 'cfl-repo replay . --identity private/credentials/auditor.age',
      does: "the operator's own library in this folder, images included",
    },
  ],
  async run([library], values, io) {
    const isWeb = /^https?:\/\//i.test(library);
    const repository = openRepository(isWeb ? library : resolve(library), { wait: io.wait });
    try {
      const root = await rootFor(library, isWeb, values, repository);
      const source = await openSource(repository, { root, now: io.now });
      const known = values.remember === undefined ? undefined : await readKnown(values.remember);
      const report = await replayAll(source, {
        opener: values.identity === undefined ? undefined : await openerFor(source, values.identity, io),
        known,
        onDecision: (count, of) => io.progress(`Deciding ${count} of ${of} again`),
      });
      io.progress(undefined);
      if (values.remember !== undefined && report.head !== undefined)
        await keepKnown(values.remember, report.head);
      return say(report, values, io);
    } finally {
      io.progress(undefined);
      repository.close();
    }
  },
});

interface RootValues {
  readonly root?: string;
  readonly 'root-sha256'?: string;
}

async function rootFor(
  library: string,
  isWeb: boolean,
  { root, 'root-sha256': digest }: RootValues,
  repository: Repository,
): Promise<Uint8Array> {
  if (root !== undefined) return readFile(root);
  if (digest === undefined && isWeb)
    throw new UsageError(
      `Cannot replay ${library}: it is not said by which root it is trusted`,
      'Give the first root: --root FILE, or --root-sha256 HEX',
    );
  const octets = await repository.metadata('1.root.json', 1_000_000);
  if (octets === undefined)
    throw new ChangeError(
      'NO_LIBRARY',
      `Cannot find a library at "${library}": there is no metadata/1.root.json`,
      'Give the folder or the address above metadata/ and targets/',
    );
  const found = await sha256(octets);
  if (digest === undefined || found === parseSha256(digest.toLowerCase())) return octets;
  throw new ChangeError(
    'OTHER_LIBRARY',
    `Cannot trust the first root of ${library}: its SHA-256 is ${found}, expected ${digest}`,
    'Check the digest with the operator, by another way than this address',
  );
}

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
async function openerFor({ published }: ReplaySource, identity: string, io: Io): Promise<Opener> {
  const credential = await readCredentialFile(identity, () => io.passphrase(`Passphrase of ${identity}: `));
  const { grants } = await readAccessBegun(published);
  const { holder } = holderOf(grants, await fingerprintOf(credential.recipient));
  return imageOpener(await ringOf(published, holder, credential));
}

function say(
  report: ReplayReport,
  { release, identity }: { release?: string; identity?: string },
  io: Io,
): number {
  const wanted = report.replayed.filter(
    ({ acceptance }) => release === undefined || isNamed(acceptance.release, release),
  );
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
  const others = wanted.filter(({ outcome }) => outcome === 'other rules');
  if (others.length > 0) io.err(otherRules(others));
  if (same.length < compared.length) return EXIT.refused;
  return others.length > 0 ? EXIT.act : EXIT.done;
}

function isNamed(id: string, name: string): boolean {
  return name.length >= 8 && id.startsWith(name.toLowerCase());
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
