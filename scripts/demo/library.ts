// The demo's library, from its first root to its last publication: what `npm start` makes once.

import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { releaseIdOf } from '@cfl/client/firmware';
import { publishProgram, repoProgram } from '@cfl/repo-tools/cli';
import type { Authorities } from './authorities.ts';
import { demoCpl } from './cpl.ts';
import { demoImage } from './image.ts';
import { inboxOf, type Joining, joinLibrary, settings, submitRelease } from './manufacturer.ts';
import { endReading, letRead } from './readers.ts';
import { publishChange, run, type Stage } from './stage.ts';
import {
  type DemoManufacturer,
  type DemoRelease,
  ENDORSED,
  INVESTIGATED,
  MANUFACTURERS,
  OTHERS,
  REFUSED,
  RELEASES,
  TWICE,
} from './world.ts';

export interface Made {
  /** What the gateway said of each submission. */
  readonly decisions: readonly string[];
  /** What the Panel found about the hash association that it was asked for. */
  readonly association: readonly string[];
}

export async function makeLibrary(
  stage: Stage,
  authorities: Authorities,
  say: (what: string) => void,
): Promise<Made> {
  say('First root, every key on this machine');
  const name = 'Example Firmware Library';
  await run(stage, repoProgram, ['init', '--keys-here', '--name', name, '--at', stage.base]);
  await authorities.becomeTrusted();
  for (const party of [...MANUFACTURERS.map(asManufacturer), ...OTHERS]) {
    say(`${party.name} joins`);
    await joinLibrary(stage, authorities, party);
  }
  say('Suppliers get read access');
  await letRead(stage);
  await importList(stage, dayBefore(stage.now, 25), await demoCpl(1));
  await askThePanel(stage);
  const decisions: string[] = [];
  const rounds = roundsOf(RELEASES);
  for (const [i, round] of rounds.entries()) {
    const isLast = i === rounds.length - 1;
    if (isLast) {
      say('A supplier may read no more: new epochs begin');
      await endReading(stage);
      await submit(stage, TWICE, secondMail(stage));
    }
    say(`Releases, round ${i + 1} of ${rounds.length}`);
    for (const release of round) await submit(stage, release, inboxOf(stage));
    if (isLast) {
      await submit(stage, REFUSED, inboxOf(stage));
      await endorse(stage, 'example-energy', await releaseIdOf(demoImage(ENDORSED)), inboxOf(stage));
      await importList(stage, dayBefore(stage.now, 24), await demoCpl(2));
    }
    decisions.push(...(await decideAll(stage)));
  }
  say('A submission comes by a second mail');
  await cp(secondMail(stage), inboxOf(stage), { recursive: true });
  decisions.push(...(await decideAll(stage)));
  say('The Panel looks into an association');
  return { decisions, association: await answerOfThePanel(stage) };
}

/** One of them has an RSA key, as its own authority gave it. */
function asManufacturer({ id, name, code, mailbox }: DemoManufacturer): Joining {
  const key = code === 'FFF2' ? 'RSA-2048' : 'P-256';
  return { id, name, kinds: ['manufacturer'], codes: [code], mailbox, purposes: ['release'], key };
}

async function endorse(stage: Stage, supplier: string, what: string, to: string): Promise<void> {
  await run(stage, publishProgram, ['endorse', what, '--yes', '--to', to, ...settings(stage, supplier)]);
}

/** The communication and its endorsement, made while the entry has no hash yet. */
async function askThePanel(stage: Stage): Promise<void> {
  await submit(stage, INVESTIGATED, join(thePanel(stage), 'asked'));
  await endorse(stage, 'example-gas', await askedFor(stage), join(thePanel(stage), 'endorsed'));
}

async function answerOfThePanel(stage: Stage): Promise<readonly string[]> {
  const [endorsement] = await readdir(join(thePanel(stage), 'endorsed'));
  const where = join(thePanel(stage), 'endorsed', endorsement ?? '');
  const argv = ['cpl', 'associate', await askedFor(stage), '--endorsement', where, '--at', stage.base];
  return (await run(stage, repoProgram, argv, [4])).io.stdout;
}

async function askedFor(stage: Stage): Promise<string> {
  const [submission] = await readdir(join(thePanel(stage), 'asked'));
  return join(thePanel(stage), 'asked', submission ?? '');
}

function thePanel(stage: Stage): string {
  return join(stage.people, 'panel-post');
}

/** The Panel's list of that day is imported, signed by the Panel's key, published. */
export async function importList(stage: Stage, day: string, list: string): Promise<void> {
  const file = join(stage.people, `cpl-${day}.csv`);
  await mkdir(stage.people, { recursive: true });
  await writeFile(file, list);
  const planned = await run(stage, repoProgram, ['cpl', 'import', file, '--at', stage.base], [4]);
  await publishChange(stage, planned);
}

/** One line a submission. */
export async function decideAll(stage: Stage): Promise<readonly string[]> {
  const { io } = await run(stage, repoProgram, ['intake', '--at', stage.base], [0, 4]);
  return io.stdout.filter((line) => !line.startsWith('Published version'));
}

async function submit(stage: Stage, release: DemoRelease, to: string): Promise<void> {
  const superseded = RELEASES.filter(
    ({ model, firmware }) => model === release.model && firmware === release.supersedes,
  );
  const supersedes = await Promise.all(superseded.map((one) => releaseIdOf(demoImage(one))));
  await submitRelease(stage, partyOf(release), release, { supersedes, to });
}

function partyOf({ code }: DemoRelease): string {
  const party = MANUFACTURERS.find((one) => one.code === code);
  if (party === undefined) throw new TypeError(`The code ${code} is nobody's`);
  return party.id;
}

/** Made beside the first one and sent after it: by then the release is published. */
function secondMail(stage: Stage): string {
  return join(stage.people, 'second-mail');
}

/** Each manufacturer's first releases, then the second ones, and so on: each upon what is published. */
function roundsOf(releases: readonly DemoRelease[]): readonly (readonly DemoRelease[])[] {
  const rounds: DemoRelease[][] = [];
  const count = new Map<string, number>();
  for (const release of releases) {
    const round = count.get(release.code) ?? 0;
    count.set(release.code, round + 1);
    rounds[round] = [...(rounds[round] ?? []), release];
  }
  return rounds;
}

function dayBefore(now: Date, days: number): string {
  return new Date(now.getTime() - days * 86_400_000).toISOString().slice(0, 10);
}
