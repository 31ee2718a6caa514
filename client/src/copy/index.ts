// Copies of a library that others can read in its place: a mirror with its history, a bundle of one moment.

export { type BundleOptions, type BundleReport, writeBundle } from './bundle.ts';
export { type Growing, growingFile } from './growing.ts';
export {
  type MirrorOptions,
  type MirrorPlace,
  type MirrorProgress,
  type MirrorReport,
  mirror,
  mirrorState,
} from './mirror.ts';
