// A publisher that dies: at one operation on its files, before or after that took effect. Whatever it tries
// after its death fails too.

import type { Files } from '@cfl/client/library';
import type { Place } from '../../src/deploy/index.ts';
import { around } from './memory-files.ts';

export class Death extends Error {
  override name = 'Death';
}

export type Moment = 'before' | 'after';

export interface Life {
  readonly place: Place;
  /** The operations so far, by name: `targets.writeNew`. */
  readonly done: readonly string[];
}

/** Dies at the operation of this number, from 1; never without one. */
export function mortal(place: Place, at = Number.POSITIVE_INFINITY, moment: Moment = 'before'): Life {
  const done: string[] = [];
  const act = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    if (done.length >= at) throw new Death('dead already');
    done.push(name);
    if (done.length === at && moment === 'before') throw new Death(`died before ${name}`);
    const result = await work();
    if (done.length === at) throw new Death(`died after ${name}`);
    return result;
  };
  const wrap = (folder: string, files: Files): Files =>
    around(files, (operation, work) => act(`${folder}.${operation}`, work));
  return {
    place: {
      metadata: wrap('metadata', place.metadata),
      targets: wrap('targets', place.targets),
      private: wrap('private', place.private),
    },
    done,
  };
}

/** Each point at which it can die: after an operation only where that changes something. */
export function pointsOf(done: readonly string[]): readonly (readonly [at: number, moment: Moment])[] {
  return done.flatMap((name, i) => {
    const points: [number, Moment][] = [[i + 1, 'before']];
    if (!/\.(read|list)$/.test(name)) points.push([i + 1, 'after']);
    return points;
  });
}
