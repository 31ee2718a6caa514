// The Central Products List: from the Panel's file to a change.

export { type CplMapping, parseCplMapping } from './columns.ts';
export type { Consequences, StateChange } from './consequences.ts';
export { type CplCsv, type CplCsvOptions, type CplFault, CplRowsError, readCplCsv } from './csv.ts';
export type { CplDifference } from './difference.ts';
export { type CplImport, type CplImportRequest, importCpl } from './import.ts';
export {
  type CplAmendment,
  type CplImportPlan,
  type CplSource,
  type CplSummary,
  planCplAmendment,
  planCplImport,
} from './plan.ts';
export { type PresentCpl, readPresentCpl } from './present.ts';
