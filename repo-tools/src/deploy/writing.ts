// One writer's turn: the lock is held, what a crash left is finished, and the present state is read.

import { ChangeError } from '../change/errors.ts';
import { withLock } from './lock.ts';
import { finishJournal } from './publish.ts';
import { rememberedRoot, rememberRoot } from './remembered.ts';
import { loadState, type Place, type Published } from './state.ts';

/** `published` is undefined where no library is there yet. */
export function writing<T>(
  place: Place,
  now: Date,
  work: (published: Published | undefined) => Promise<T>,
): Promise<T> {
  return withLock(place.private, now, async () => {
    await finish(place);
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
    await finish(place);
    return work(await loaded(place));
  });
}

/** In an older copy the journal may belong to what is not here: it is left for the day when that is back. */
async function finish(place: Place): Promise<void> {
  await rememberedRoot(place);
  await finishJournal(place);
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
  await rememberRoot(place, published.trusted.root);
  return published;
}
