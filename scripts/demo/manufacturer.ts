// What the demo's manufacturers do: join, and submit releases.

import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson, type Sha256, sha256 } from '@cfl/client/encoding';
import { parseManufacturerCode, parsePartyId } from '@cfl/client/firmware';
import { publishProgram, repoProgram } from '@cfl/repo-tools/cli';
import { initPublisher, PARTY_FILE, SETTINGS_FILE } from '@cfl/repo-tools/submission';
import type { EvidenceFiles } from '../pki/party.ts';
import type { Authorities } from './authorities.ts';
import { demoImage } from './image.ts';
import { type DemoNotes, finishNotes } from './notes.ts';
import { publishChange, run, type Stage } from './stage.ts';
import type { DemoRelease } from './world.ts';

/** What a party of the demo is: a manufacturer, a supplier, or another whom the register names. */
export interface Joining {
  readonly id: string;
  readonly name: string;
  readonly kinds: readonly string[];
  readonly codes?: readonly string[];
  readonly mailbox?: string;
  readonly userRoles?: readonly object[];
  /** What it may sign under its certificate; none is made where it signs nothing. */
  readonly purposes?: readonly string[];
  readonly key?: 'P-256' | 'RSA-2048';
}

/** Makes its keys, gets its certificate; the registrar and the targets holders admit it; the change is published. */
export async function joinLibrary(stage: Stage, authorities: Authorities, party: Joining): Promise<void> {
  const home = homeOf(stage, party.id);
  await mkdir(home, { recursive: true });
  const made = await makeDesk(stage, authorities, party);
  if (made === undefined || party.codes === undefined)
    await writeFile(join(home, PARTY_FILE), partyFile(party, made));
  const planned = await run(
    stage,
    repoProgram,
    ['party', 'add', join(home, PARTY_FILE), '--at', stage.base],
    [4],
  );
  await publishChange(stage, planned, async (change) => {
    if (party.codes !== undefined)
      await run(stage, publishProgram, ['sign', change, '--settings', home], [0, 4]);
  });
}

/** `publish.json` with everything that it names; undefined for a party that signs nothing. */
async function makeDesk(
  stage: Stage,
  authorities: Authorities,
  party: Joining,
): Promise<EvidenceFiles | undefined> {
  if (party.purposes === undefined) return undefined;
  const home = homeOf(stage, party.id);
  const { name, key: kind = 'P-256', codes = [], mailbox } = party;
  const { passphrase } = stage;
  const files = await authorities.certify(home, { subject: name, passphrase, kind, mailbox });
  await initPublisher({
    base: home,
    library: stage.base,
    root: await firstRoot(stage),
    party: parsePartyId(party.id),
    codes: codes.map(parseManufacturerCode),
    evidence: { key: files.key, certificate: files.certificate, timeAuthority: authorities.timeAuthority },
    keysHere: codes.length === 0 ? undefined : { name, mailbox, passphrase },
  });
  return files;
}

/** For a party without codes: nothing in it is signed by a role of its own. */
function partyFile(
  { id, name, kinds, mailbox, userRoles, purposes }: Joining,
  made: EvidenceFiles | undefined,
): string {
  const certificates = made === undefined ? [] : [{ sha256: made.sha256, purposes }];
  const file = { format: 'cfl/party/1', id, name, kinds, codes: [], certificates };
  return JSON.stringify({ ...file, ...(userRoles && { userRoles }), ...(mailbox && { mailbox }) });
}

/** A later run has its time authority at another port. */
export async function pointToTimeAuthority(stage: Stage, party: string, url: string): Promise<void> {
  const path = join(homeOf(stage, party), SETTINGS_FILE);
  const settings = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(
    path,
    JSON.stringify({ ...settings, keys: { ...settings.keys, timeAuthority: url } }, undefined, 2),
  );
}

export async function pointAllTo(stage: Stage, url: string): Promise<void> {
  for (const entry of await readdir(stage.people, { withFileTypes: true })) {
    const isDesk = await access(join(stage.people, entry.name, SETTINGS_FILE)).then(
      () => true,
      () => false,
    );
    if (isDesk) await pointToTimeAuthority(stage, entry.name, url);
  }
}

export async function firstRoot(stage: Stage): Promise<Sha256> {
  return sha256(await readFile(join(stage.base, 'metadata', '1.root.json')));
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
  await finishNotes(work, notesOf(release));
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

function notesOf({ code, deviceType, model, firmware, says, class: kind }: DemoRelease): DemoNotes {
  const supply = deviceType === 'ESME' || deviceType === 'GSME' ? '; the supply is not interrupted' : '';
  return {
    fixes: kind === 'fix' ? `${code}-${firmware}` : 'none',
    severity: kind === 'fix' ? 'medium' : 'none',
    sections: {
      'During activation': `Restarts the device once${supply}`,
      'Order and prerequisites': 'None but the versions that it upgrades from',
      'How to go back': 'There is no way back to an older version',
      'What is new': says,
      'Known issues': 'None is known',
      'Test evidence': `Nobody tested ${model} ${firmware}: it was made for the demo`,
    },
  };
}
