// Which releases did the registrar repeat as withdrawn? `register/withdrawn.json`, which the registrar signs.
//
// Rules
// - It repeats what the gate published under `withdrawn/`: under other keys, held offline. A release that it
//   names is withdrawn, even where the gate's own file is kept from a reader.
// - Each release stands once, with who withdrew it first, why and when. It only grows (register-growth.ts).

import { date, type Format, format, line, listOfDifferent, literal, object, oneOf } from './fields.ts';
import { releaseId } from './identifiers.ts';
import { WITHDRAWERS } from './state.ts';

const repeated = object({
  release: releaseId.exact,
  /** For people: `Example Meters`. */
  by: line,
  kind: oneOf(...WITHDRAWERS),
  reason: line,
  /** Of the gate's record. */
  date,
});
export type RepeatedWithdrawal = ReturnType<typeof repeated>;

const withdrawnList = object({
  format: literal('cfl/withdrawn/1'),
  withdrawals: listOfDifferent(repeated, ({ release }) => release),
});
export type Withdrawn = ReturnType<typeof withdrawnList>;

export const withdrawnFile: Format<Withdrawn> = format(withdrawnList);

export const WITHDRAWN_PATH = 'register/withdrawn.json';
