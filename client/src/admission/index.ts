export { type Decision, decide, type Outcome, RULES_VERSION, rules, summary } from './decide.ts';
export {
  type EvidenceFact,
  type Facts,
  type ImageFacts,
  imageFacts,
  type NotesFacts,
  notesFacts,
  type RoleDifference,
  type RoleFileFact,
  type UnreadImage,
} from './facts.ts';
export type { Finding, Observation, Rule, RuleCode, Severity } from './rule.ts';
