// May these recipients follow those? An epoch stays as it was published, so what was sealed to it can be read.
//
// Rules
// - An epoch is neither taken out nor changed; the open one may be closed, and a new one opened after it.

import type { Recipients } from './forms.ts';

/** What was lost between two versions, in words: `images epoch 2 was changed`. */
export function lostEpochs(before: Recipients, after: Recipients): readonly string[] {
  return before.keys.flatMap((was) => {
    const name = `${was.use} epoch ${was.epoch}`;
    const is = after.keys.find((key) => key.use === was.use && key.epoch === was.epoch);
    if (is === undefined) return [`${name} is gone`];
    if (is.recipient !== was.recipient || is.from !== was.from) return [`${name} was changed`];
    return was.until !== undefined && is.until !== was.until ? [`the end of ${name} was changed`] : [];
  });
}
