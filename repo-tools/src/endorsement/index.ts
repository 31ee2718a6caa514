// Which supplier stood behind a manufacturer's communication?

export { type Communication, type Examined, examine } from './communication.ts';
export {
  endorsementsIn,
  endorsementsOf,
  factsFrom,
  isEndorsement,
  publishedPlaces,
  readWaiting,
  type StatementPlace,
  type Verified,
  type Waiting,
} from './gather.ts';
export { type EndorsementCode, type EndorsementFinding, judgeEndorsement } from './judge.ts';
export { type Offered, offeredEndorsements, placesIn } from './offer.ts';
export type { EndorsementFault, EndorsementFile } from './proven.ts';
export {
  type DecideEndorsement,
  decideEndorsement,
  type EndorsementDecision,
  endorsementName,
  planEndorsement,
} from './submission.ts';
