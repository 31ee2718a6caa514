// The demo's library, from its first root to its last publication: what `npm start` makes once.

import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Sha256, sha256 } from '@cfl/client/encoding';
import { releaseIdOf } from '@cfl/client/firmware';
import { repoProgram } from '@cfl/repo-tools/cli';
import { demoCpl } from './cpl.ts';
import { demoImage } from './image.ts';
import { changeIn, inboxOf, joinLibrary, submitRelease } from './manufacturer.ts';
import { run, type Stage } from './stage.ts';
import { type DemoRelease, MANUFACTURERS, REFUSED, RELEASES, TWICE } from './world.ts';

export interface Made {
  /** What the gateway said of each submission. */
  readonly decisions: readonly string[];
}

export async function makeLibrary(stage: Stage, say: (what: string) => void): Promise<Made> {
  say('First root, every key on this machine');
  await run(stage, repoProgram, [
    'init',
    '--keys-here',
    '--name',
    'Example Firmware Library',
    '--at',
    stage.base,
  ]);
  const root = await firstRoot(stage);
  for (const party of MANUFACTURERS) {
    say(`${party.name} joins`);
    await joinLibrary(stage, party, root);
  }
  await importList(stage, dayBefore(stage.now, 25), await demoCpl(1));
  await submit(stage, TWICE, secondMail(stage));
  const decisions: string[] = [];
  const rounds = roundsOf(RELEASES);
  for (const [i, round] of rounds.entries()) {
    const isLast = i === rounds.length - 1;
    say(`Releases, round ${i + 1} of ${rounds.length}`);
    for (const release of round) await submit(stage, release, inboxOf(stage));
    if (isLast) {
      await submit(stage, REFUSED, inboxOf(stage));
      await cp(secondMail(stage), inboxOf(stage), { recursive: true });
      await importList(stage, dayBefore(stage.now, 24), await demoCpl(2));
    }
    decisions.push(...(await decideAll(stage)));
  }
  return { decisions };
}

export async function firstRoot(stage: Stage): Promise<Sha256> {
  return sha256(await readFile(join(stage.base, 'metadata', '1.root.json')));
}

/** The Panel's list of that day is imported, signed by the Panel's key, published. */
export async function importList(stage: Stage, day: string, list: string): Promise<void> {
  const file = join(stage.people, `cpl-${day}.csv`);
  await mkdir(stage.people, { recursive: true });
  await writeFile(file, list);
  const planned = await run(stage, repoProgram, ['cpl', 'import', file, '--at', stage.base], [4]);
  const change = join(stage.base, changeIn(planned.io.stdout));
  await run(stage, repoProgram, ['sign', change, '--at', stage.base]);
  await run(stage, repoProgram, ['apply', change, '--at', stage.base]);
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

/** Made at the very beginning and sent at the end: by then the release is published. */
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
