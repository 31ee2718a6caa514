// Which endorsements wait at the gateway and would hold? While a release is decided they count already, for they are
// published with it.

import { type EndorsementPlace, parseEndorsementPath } from '@cfl/client/firmware';
import type { Files } from '@cfl/client/library';
import type { Place, Published } from '../deploy/state.ts';
import { contentsOf, submissionsIn } from '../intake/boxes.ts';
import { contentOf, readJudgement } from '../intake/judgement.ts';
import { readLibrary } from '../intake/library.ts';
import { readSubmittedChange, SubmissionError } from '../intake/submission.ts';
import { isEndorsement, NOTHING_WAITS, readWaiting, type Waiting } from './gather.ts';
import { decideEndorsement } from './submission.ts';

export interface Offered {
  /** By target path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly waiting: Waiting;
}

export async function offeredEndorsements(
  { private: files }: Pick<Place, 'private'>,
  published: Published,
  now: Date,
): Promise<Offered> {
  const offered = new Map<string, Uint8Array>();
  // Where there is none, no submission is read for it
  if (!(await anyEndorsement(files))) return { files: offered, waiting: NOTHING_WAITS };
  const waiting = await readWaiting(files);
  const { register, trust } = await readLibrary(published);
  for (const box of ['held', 'inbox'] as const) {
    for (const name of await submissionsIn(files, box)) {
      if (!isEndorsement(await contentsOf(files, `${box}/${name}`))) continue;
      try {
        const change = await readSubmittedChange(files, `${box}/${name}`);
        const { received, rejected } = await readJudgement(files, await contentOf(change), {
          submission: name,
          now,
        });
        const options = { published, register, trust, waiting, now, received };
        const { findings, path, bundle } = await decideEndorsement(change, options);
        const holds = findings.every(({ code }) => code === 'WAITS_FOR_RELEASE');
        if (holds && rejected === undefined && !offered.has(path)) offered.set(path, bundle);
      } catch (error) {
        if (!(error instanceof SubmissionError)) throw error;
      }
    }
  }
  return { files: offered, waiting };
}

async function anyEndorsement(files: Files): Promise<boolean> {
  for (const box of ['held', 'inbox'] as const) {
    // Below the name of its folder
    const paths = (await files.list(box)).map((path) => path.slice(path.indexOf('/') + 1));
    if (isEndorsement(paths)) return true;
  }
  return false;
}

/** Where endorsements lie, by the paths of their files. */
export function placesIn(paths: Iterable<string>): readonly EndorsementPlace[] {
  return [...paths].flatMap((path) => parseEndorsementPath(path) ?? []);
}
