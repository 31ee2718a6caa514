// What the demo's manufacturers do: join, and submit releases.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson, type Sha256 } from '@cfl/client/encoding';
import { parseManufacturerCode, parsePartyId } from '@cfl/client/firmware';
import { publishProgram, repoProgram } from '@cfl/repo-tools/cli';
import { initPublisher, PARTY_FILE } from '@cfl/repo-tools/submission';
import { demoImage } from './image.ts';
import { run, type Stage } from './stage.ts';
import type { DemoManufacturer, DemoRelease } from './world.ts';

/** Makes its keys; the registrar and the targets holders admit it; the change is published. */
export async function joinLibrary(stage: Stage, party: DemoManufacturer, root: Sha256): Promise<void> {
  const home = homeOf(stage, party.id);
  await mkdir(home, { recursive: true });
  await initPublisher({
    base: home,
    library: stage.base,
    root,
    party: parsePartyId(party.id),
    codes: [parseManufacturerCode(party.code)],
    keysHere: { name: party.name, mailbox: party.mailbox, passphrase: stage.passphrase },
  });
  const planned = await run(
    stage,
    repoProgram,
    ['party', 'add', join(home, PARTY_FILE), '--at', stage.base],
    [4],
  );
  const change = join(stage.base, changeIn(planned.io.stdout));
  await run(stage, publishProgram, ['sign', change, '--settings', home], [0, 4]);
  await run(stage, repoProgram, ['sign', change, '--at', stage.base]);
  await run(stage, repoProgram, ['apply', change, '--at', stage.base]);
}

/** `private/changes/2`, out of the line that names it. */
export function changeIn(lines: readonly string[]): string {
  const place = lines
    .map((line) => /private\/changes\/\d+/.exec(line)?.[0])
    .find((found) => found !== undefined);
  if (place === undefined)
    throw new Error(`The demo expected the place of a change, found:\n${lines.join('\n')}`);
  return place;
}

export interface Sending {
  /** Releases that this one supersedes. */
  readonly supersedes: readonly string[];
  /** The folder that the submission is written to. */
  readonly to: string;
}

/** `new`, the form filled in as an engineer would, `submit`. */
export async function submitRelease(
  stage: Stage,
  party: string,
  release: DemoRelease,
  { supersedes, to }: Sending,
): Promise<void> {
  const work = join(homeOf(stage, party), 'work', `${release.model}-${release.firmware}`);
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const image = join(work, `${release.model}-${release.firmware}.ota`);
  await writeFile(image, demoImage(release));
  await run(stage, publishProgram, ['new', image, '--to', work, ...settings(stage, party)]);
  await fillIn(work, { class: release.class, upgradesFrom: release.from, supersedes });
  await writeFile(join(work, 'notes.md'), notesOf(release));
  await mkdir(to, { recursive: true, mode: 0o700 });
  await run(stage, publishProgram, ['submit', work, '--to', to, ...settings(stage, party)]);
}

export function inboxOf(stage: Stage): string {
  return join(stage.base, 'private', 'inbox');
}

/** Writes fields of release.json that an image cannot tell. */
export async function fillIn(work: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
  const path = join(work, 'release.json');
  const form = parseJson(await readFile(path)) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...form, acknowledged: [], ...fields }, undefined, 2));
}

export function homeOf(stage: Stage, party: string): string {
  return join(stage.people, party);
}

export function settings(stage: Stage, party: string): readonly string[] {
  return ['--settings', homeOf(stage, party)];
}

function notesOf({ deviceType, model, firmware, says }: DemoRelease): string {
  return [
    `# ${deviceType} ${model} firmware ${firmware}`,
    '## Before you deploy',
    'Restarts the device once; the supply is not interrupted. Not reversible',
    '## What is new',
    says,
    '## How to go back',
    'There is no way back to an older version',
    '',
  ].join('\n');
}
