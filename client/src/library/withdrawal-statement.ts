// What does a manufacturer sign to withdraw a release of its own? An in-toto statement about its image.

import {
  date,
  digest,
  type Format,
  format,
  line,
  listOfDifferent,
  literal,
  object,
} from '../firmware/fields.ts';
import { manufacturerCode, partyId } from '../firmware/identifiers.ts';

export const WITHDRAWAL_PREDICATE_TYPE = 'urn:cfl:withdrawal:v1';

const image = object({ name: literal('ota-image'), digest: object({ sha256: digest }) });

const statement = object({
  _type: literal('https://in-toto.io/Statement/v1'),
  /** One act, one release: each name stands once. */
  subject: listOfDifferent(image, ({ name }) => name, 1),
  predicateType: literal(WITHDRAWAL_PREDICATE_TYPE),
  predicate: object({
    originator: partyId.exact,
    code: manufacturerCode.exact,
    reason: line,
    created: date,
  }),
});
/** What a manufacturer signs to withdraw a release of its own. */
export type WithdrawalStatement = ReturnType<typeof statement>;

export const withdrawalStatement: Format<WithdrawalStatement> = format(statement);
