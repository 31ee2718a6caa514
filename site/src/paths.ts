// Where does each page stand? These addresses stay.

import type { DeviceModel, Release } from './data/types.ts';

export const modelPath = ({ code, model }: Pick<DeviceModel, 'code' | 'model'>): string =>
  `models/${code}-${model}/`;

export const releasePath = (release: Pick<Release, 'release'> | string): string =>
  `releases/${typeof release === 'string' ? release : release.release}/`;

export const manufacturerPath = (code: string): string => `manufacturers/${code}/`;

export const monthPath = (date: string): string => `changes/${date.slice(0, 7)}/`;

/** Every page of a list after the first has a number. */
export const numbered = (path: string, page: number): string => (page === 1 ? path : `${path}page-${page}/`);
