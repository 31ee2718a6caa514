// Is the demo's library there, whole and good; or is it to be made; or does something else lie in its place?
//
// `private/demo.json` says that what lies here is the demo's, and when it is whole. Without it nothing is
// ever cleared away: somebody's real library may lie in these folders. It lies beside the keys, since
// whoever puts a library of their own here puts keys of their own there.

import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PARTIES_PATH, partyRegister } from '@cfl/client/firmware';
import { folder } from '@cfl/client/library';
import { loadState, placeAt } from '@cfl/repo-tools/deploy';

const MARK = 'private/demo.json';
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
  try {
    const published = await loadState(placeAt(base));
    partyRegister.parse((await published.read(PARTIES_PATH)) ?? new Uint8Array());
    const { timestamp } = published.trusted;
    return timestamp.signed.expires.getTime() - now.getTime() > AT_LEAST;
  } catch (error) {
    // Files of it are gone or damaged, or of another version of these programs: it is made again
    if (error instanceof Error && !(error instanceof TypeError)) return false;
    throw error;
  }
}

/** Throws where something lies there that the demo did not make. */
export async function clearForDemo(base: string): Promise<void> {
  if ((await readMark(base)) === undefined) {
    for (const name of FOLDERS) await refuseOthers(base, name);
  }
  for (const name of FOLDERS) await refuseLink(base, name);
  // First, and left there: whatever is cut off, the rest is still known for the demo's
  await mark(base, 'begun');
  for (const name of FOLDERS) {
    for (const found of await namesIn(join(base, name)))
      if (join(name, found) !== MARK) await rm(join(base, name, found), { recursive: true, force: true });
  }
}

export async function mark(base: string, state: 'begun' | 'whole'): Promise<void> {
  const text = `${JSON.stringify({ format: 'cfl/demo/1', state })}\n`;
  await folder(base, 'secret').replace(MARK, new TextEncoder().encode(text));
}

async function readMark(base: string): Promise<string | undefined> {
  const octets = await folder(base).read(MARK);
  return octets && (JSON.parse(new TextDecoder().decode(octets)) as { state: string }).state;
}

async function refuseLink(base: string, name: string): Promise<void> {
  const found = await lstat(join(base, name)).catch(() => undefined);
  if (found?.isSymbolicLink())
    throw new NotTheDemo(`Cannot make the demo library: ${name}/ is a link to another place`);
}

async function refuseOthers(base: string, name: string): Promise<void> {
  const [found] = await namesIn(join(base, name));
  if (found !== undefined)
    throw new NotTheDemo(
      `Cannot make the demo library: ${name}/${found} is there, and the demo did not make it`,
    );
}

async function namesIn(path: string): Promise<readonly string[]> {
  const names = await readdir(path).catch(() => []);
  return names.filter((name) => name !== KEPT);
}
