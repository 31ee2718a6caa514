// Where does a submission lie? In `inbox/`, `held/` or `refused/` of the operator's private folder.
//
// Rules
// - A folder is a submission if it has a `change.json`; whoever writes one writes that last.
// - A move writes the new place whole, then clears the old one. `leaving.json` is written before the
//   first file goes and goes last itself, so that a clearing which was cut off is finished by the next run.
// - Nothing is lost: in `refused/` another submission of the same name gets a place of its own, `NAME.2`.

import { equalOctets } from '@cfl/client/encoding';
import { FormatError } from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import { ChangeError } from '../change/errors.ts';
import { ANSWER_FILE, type Answer, parseAnswer } from './answer.ts';

export type Box = 'inbox' | 'held' | 'refused';

const HEAD = 'change.json';
const LEAVING = 'leaving.json';

/** The names of the submissions in a box, in order. */
export async function submissionsIn(files: Files, box: Box): Promise<readonly string[]> {
  const names: string[] = [];
  for (const path of await files.list(box)) {
    const [name, file, ...below] = path.split('/');
    if (name !== undefined && file === HEAD && below.length === 0) names.push(name);
  }
  return names.sort();
}

/** Finishes what a crash left half cleared. */
export async function finishLeaving(files: Files): Promise<void> {
  for (const box of ['inbox', 'held', 'refused'] as const) {
    const present = new Set(await submissionsIn(files, box));
    for (const path of await files.list(box)) {
      const [name, file, ...below] = path.split('/');
      // With a change.json it is a submission still, or again
      if (name === undefined || file !== LEAVING || below.length > 0) continue;
      if (present.has(name)) await files.remove(`${box}/${name}/${LEAVING}`);
      else await clear(files, box, name);
    }
  }
}

export async function clear(files: Files, box: Box, name: string): Promise<void> {
  const base = `${box}/${name}`;
  const paths = await files.list(base);
  if (paths.length === 0) return;
  await files.replace(`${base}/${LEAVING}`, new TextEncoder().encode('{}\n'));
  if (paths.includes(HEAD)) await files.remove(`${base}/${HEAD}`);
  for (const path of paths) if (path !== HEAD && path !== LEAVING) await files.remove(`${base}/${path}`);
  await files.remove(`${base}/${LEAVING}`);
}

/** Writes the submission and the answer to the new box, then clears the old one. */
export async function moveWithAnswer(
  files: Files,
  name: string,
  { from, to }: { from: Box; to: 'held' | 'refused' },
  answer: Uint8Array,
): Promise<void> {
  if (from === to) return files.replace(`${to}/${name}/${ANSWER_FILE}`, answer);
  const paths = await contentsOf(files, `${from}/${name}`);
  const place = `${to}/${to === 'refused' ? await freeName(files, `${from}/${name}`, name) : name}`;
  if (to === 'held') await clear(files, to, name);
  for (const path of paths.toSorted((a, b) => Number(a === HEAD) - Number(b === HEAD))) {
    const octets = await files.read(`${from}/${name}/${path}`).catch(undefinedIfTooLarge);
    if (path === HEAD) await files.replace(`${place}/${ANSWER_FILE}`, answer);
    if (octets !== undefined) await files.replace(`${place}/${path}`, octets);
  }
  await clear(files, from, name);
}

/** The answer says that it is, and how large; nobody needs the file itself. */
function undefinedIfTooLarge(error: unknown): undefined {
  if (error instanceof ChangeError && error.code === 'BAD_INPUT') return undefined;
  throw error;
}

/** A name in `refused/` under which nothing lies, or this very submission, or a part of it from before a crash. */
async function freeName(files: Files, base: string, name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}.${number}`;
    if (await isPartOf(files, `refused/${candidate}`, base)) return candidate;
  }
}

async function isPartOf(files: Files, part: string, whole: string): Promise<boolean> {
  for (const path of await contentsOf(files, part)) {
    if (!(await isSameFile(files, `${part}/${path}`, `${whole}/${path}`))) return false;
  }
  return true;
}

/** Whether both hold the same images, statements and notes; their role files may differ. */
export async function isSameSubmission(files: Files, one: string, other: string): Promise<boolean> {
  const [ones, others] = [await targetsOf(files, one), await targetsOf(files, other)];
  if (ones.join() !== others.join()) return false;
  for (const path of ones) {
    if (!(await isSameFile(files, `${one}/${path}`, `${other}/${path}`))) return false;
  }
  return true;
}

/** A file that is too large to be read is like no other. */
async function isSameFile(files: Files, one: string, other: string): Promise<boolean> {
  const a = await files.read(one).catch(undefinedIfTooLarge);
  const b = await files.read(other).catch(undefinedIfTooLarge);
  return a !== undefined && b !== undefined && equalOctets(a, b);
}

async function targetsOf(files: Files, base: string): Promise<readonly string[]> {
  return (await files.list(base)).filter((path) => path.startsWith('targets/'));
}

/** Its own files, without what the gateway put beside them. */
export async function contentsOf(files: Files, base: string): Promise<readonly string[]> {
  return (await files.list(base)).filter((path) => path !== ANSWER_FILE && path !== LEAVING);
}

/** The answer that a submission has already, where it is readable; whether the gate signed it is not asked. */
export async function readAnswer(files: Files, base: string): Promise<Answer | undefined> {
  const octets = await files.read(`${base}/${ANSWER_FILE}`);
  try {
    return octets && parseAnswer(octets).answer;
  } catch (error) {
    if (error instanceof FormatError || error instanceof TypeError) return undefined;
    throw error;
  }
}
