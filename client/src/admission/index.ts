export {
  type Decision,
  decide,
  isReleasable,
  type Outcome,
  openRules,
  RULES_VERSION,
  ruleGroups,
  rules,
  sealedCodes,
  summary,
} from './decide.ts';
export {
  type CplFacts,
  type EndorsementFact,
  type EvidenceFact,
  type Facts,
  type ImageFacts,
  imageFacts,
  type NotesFacts,
  notesFacts,
  type PartyFact,
  type ReleasedHold,
  type ReleaseIdentity,
  type RoleDifference,
  type RoleFileFact,
  type UnreadImage,
} from './facts.ts';
export type { Finding, Observation, Rule, RuleCode, Severity } from './rule.ts';
