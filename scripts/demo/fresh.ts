// Is the demo's library there, whole and good; or is it to be made; or does something else lie in its place?
//
// `demo/demo.json` says that what lies here is the demo's, and when it is whole. Without it nothing is
// ever cleared away: somebody's real library may lie in these folders.

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadState, placeAt } from '@cfl/repo-tools/deploy';

const FOLDERS = ['metadata', 'targets', 'private', 'demo'] as const;
/** Describe the folders in the project's tree, and stay. */
const KEPT = 'README.md';

class NotTheDemo extends Error {
  readonly code = 'NOT_THE_DEMO';
  readonly hint = 'Move metadata/, targets/ and private/ away, then run it again';
}

/** Good for this long at least, so that it does not end while somebody looks at it. */
const AT_LEAST = 60 * 60 * 1000;

export async function isWhole(base: string, now: Date): Promise<boolean> {
  if ((await readMark(base)) !== 'whole') return false;
  const { timestamp } = (await loadState(placeAt(base))).trusted;
  return timestamp.signed.expires.getTime() - now.getTime() > AT_LEAST;
}

/** Throws where something lies there that the demo did not make. */
export async function clearForDemo(base: string): Promise<void> {
  if ((await readMark(base)) === undefined) {
    for (const folder of FOLDERS) await refuseOthers(base, folder);
  }
  for (const folder of FOLDERS) {
    for (const name of await namesIn(join(base, folder)))
      await rm(join(base, folder, name), { recursive: true, force: true });
  }
  await mark(base, 'begun');
}

export async function mark(base: string, state: 'begun' | 'whole'): Promise<void> {
  await mkdir(join(base, 'demo'), { recursive: true });
  await writeFile(join(base, 'demo', 'demo.json'), `${JSON.stringify({ format: 'cfl/demo/1', state })}\n`);
}

async function readMark(base: string): Promise<string | undefined> {
  const text = await readFile(join(base, 'demo', 'demo.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { state: string }).state;
}

async function refuseOthers(base: string, folder: string): Promise<void> {
  const [found] = await namesIn(join(base, folder));
  if (found !== undefined)
    throw new NotTheDemo(
      `Cannot make the demo library: ${folder}/${found} is there, and the demo did not make it`,
    );
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name !== KEPT);
}
