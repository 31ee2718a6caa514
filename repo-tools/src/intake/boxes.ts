// Where does a submission lie? In `inbox/`, `held/` or `refused/` of the operator's private folder.
//
// Rules
// - A folder is a submission if it has a `change.json`; whoever writes one writes that last.
// - A move writes the new place whole, then clears the old one. `leaving.json` is written before the
//   first file goes and goes last itself, so that a clearing which was cut off is finished by the next run.

import { FormatError } from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import { ChangeError } from '../change/errors.ts';
import { ANSWER_FILE, type Answer, encodeAnswer, parseAnswer } from './answer.ts';

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
  way: { from: Box; to: Box },
  answer: Answer,
): Promise<void> {
  const { from, to } = way;
  if (from === to) return writeAnswer(files, to, name, answer);
  await clear(files, to, name);
  const paths = (await files.list(`${from}/${name}`)).filter(
    (path) => path !== ANSWER_FILE && path !== LEAVING,
  );
  for (const path of paths.sort((a, b) => Number(a === HEAD) - Number(b === HEAD))) {
    const octets = await files.read(`${from}/${name}/${path}`).catch(undefinedIfTooLarge);
    if (path === HEAD) await writeAnswer(files, to, name, answer);
    if (octets !== undefined) await files.replace(`${to}/${name}/${path}`, octets);
  }
  await clear(files, from, name);
}

/** The answer says that it is, and how large; nobody needs the file itself. */
function undefinedIfTooLarge(error: unknown): undefined {
  if (error instanceof ChangeError && error.code === 'BAD_INPUT') return undefined;
  throw error;
}

async function writeAnswer(files: Files, box: Box, name: string, answer: Answer): Promise<void> {
  await files.replace(`${box}/${name}/${ANSWER_FILE}`, encodeAnswer(answer));
}

/** The answer that a submission has already, where it is readable. */
export async function readAnswer(files: Files, base: string): Promise<Answer | undefined> {
  const octets = await files.read(`${base}/${ANSWER_FILE}`);
  try {
    return octets && parseAnswer(octets);
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
