// The hash associations of the Panel: SEC Appendix Z 4.1 to 4.3.

export {
  type AssociateOptions,
  type Association,
  associate,
  type Decided,
  type DecideOptions,
  decideInvestigation,
} from './associate.ts';
export type { Conflict, Fault, Verdict } from './check.ts';
export { type AssociationCode, AssociationError } from './errors.ts';
export {
  type Choice,
  type Investigation,
  openInvestigations,
  parseDecision,
  parseInvestigation,
  readInvestigations,
} from './investigation.ts';
export { type CplDecision, cplDecisionPath, parseCplDecision } from './record.ts';
