// An estate: the meters of a supplier, and what is to be done with them.

export { type CsvReading, openList, readCsv } from './csv.ts';
export { cellsOf, DEVICE_COLUMNS, type Device, ESTATE_COLUMNS, parseDevice } from './device.ts';
export { type EstateCode, EstateError } from './errors.ts';
export {
  assessEstate,
  type EstateOptions,
  type EstateReport,
  eui64Of,
  type Fault,
  type Group,
  OUT_COLUMNS,
} from './estate.ts';
export { type CodeFacts, type Contact, type EstateFacts, gatherFacts, type RatedRelease } from './facts.ts';
export {
  type Finding,
  type FindingKind,
  type Judge,
  type JudgeOptions,
  judgeBy,
  needsYou,
  type Step,
} from './judge.ts';
export { csvCell, type LineFile, openLineFile } from './out.ts';
export { inWords } from './words.ts';
