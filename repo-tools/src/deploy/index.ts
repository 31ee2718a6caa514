export { unlock } from './lock.ts';
export { type OnlineSigners, type Publication, publish, renewTimestamp } from './publish.ts';
export {
  loadState,
  openPublished,
  type Place,
  type Published,
  placeAt,
  presentOf,
} from './state.ts';
export { writing, writingUpon } from './writing.ts';
