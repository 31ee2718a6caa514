// One writer's turn: the lock is held, what a crash left is finished, and the present state is read.

import { ChangeError } from '../change/errors.ts';
import { withLock } from './lock.ts';
import { finishJournal } from './publish.ts';
import { loadState, type Place, type Published, rememberRoot } from './state.ts';

/** `published` is undefined where no library is there yet. */
export function writing<T>(
  place: Place,
  now: Date,
  work: (published: Published | undefined) => Promise<T>,
): Promise<T> {
  return withLock(place.private, now, async () => {
    await finishJournal(place);
    return work(await loadIfThere(place));
  });
}

/** The same for work upon a library: throws NO_LIBRARY where there is none. */
export function writingUpon<T>(
  place: Place,
  now: Date,
  work: (published: Published) => Promise<T>,
): Promise<T> {
  return withLock(place.private, now, async () => {
    await finishJournal(place);
    return work(await loaded(place));
  });
}

async function loadIfThere(place: Place): Promise<Published | undefined> {
  try {
    return await loaded(place);
  } catch (error) {
    if (error instanceof ChangeError && error.code === 'NO_LIBRARY') return undefined;
    throw error;
  }
}

async function loaded(place: Place): Promise<Published> {
  const published = await loadState(place);
  await rememberRoot(place, published);
  return published;
}
