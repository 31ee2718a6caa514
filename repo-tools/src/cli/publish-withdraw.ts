// `cfl-publish withdraw`: a manufacturer takes back a release of its own, for good.

import { resolve } from 'node:path';
import { command, EXIT } from '@cfl/client/cli';
import { folder } from '@cfl/client/library';
import { writeChange } from '../change/change.ts';
import { ChangeError } from '../change/errors.ts';
import { isLine } from '../intake/judgement.ts';
import { statementSigner } from '../submission/keys.ts';
import { planAct } from '../withdraw/act.ts';
import { findRelease } from '../withdraw/withdraw.ts';
import { atDesk, SETTINGS_OPTION } from './publish-desk.ts';
import { reasonGiven } from './reason.ts';

export const withdraw = command({
  name: 'withdraw',
  does: 'Signs the withdrawal of a release of your own, and writes one folder to send; there is no way back',
  operands: ['RELEASE'],
  options: {
    reason: { type: 'string', value: 'TEXT', does: 'why: one line, for everybody to read' },
    to: { type: 'string', value: 'DIR', does: "write it there, such as the operator's inbox" },
    ...SETTINGS_OPTION,
  },
  examples: [
    {
      line: 'cfl-publish withdraw 11d08e6fa2c4 --reason "battery drain"',
      does: 'the gateway publishes it at its next intake, without asking anybody',
    },
  ],
  run: ([name], { reason: given, to, settings: desk }, io) =>
    atDesk(desk, io, async ({ settings, published, ring }) => {
      const reason = lineOf(reasonGiven('withdraw', given, 'cfl-publish'));
      const { code, release, originator } = await findRelease(published, name);
      if (originator !== settings.party) throw notYours(release, originator);
      const sign = statementSigner(ring);
      const request = { originator: settings.party, code, release, reason };
      const change = await planAct(request, { published, sign, now: io.now });
      const submission = `${code.toLowerCase()}-${release.slice(0, 12)}-withdrawal`;
      await writeChange(folder(resolve(to ?? '.')), submission, change);
      io.err(`Signed     the withdrawal of ${release.slice(0, 12)}, as ${settings.party}: "${reason}"`);
      io.out(`${to === undefined ? submission : `${to}/${submission}`}/`);
      return EXIT.done;
    }),
});

function notYours(release: string, originator: string): ChangeError {
  return new ChangeError(
    'BAD_INPUT',
    `Cannot withdraw ${release.slice(0, 12)}: it is of ${originator}`,
    'Withdraw your own releases only; about another, write to the operator or the Panel',
  );
}

function lineOf(reason: string): string {
  if (isLine(reason)) return reason;
  throw new ChangeError(
    'BAD_INPUT',
    `Cannot withdraw: the reason is ${JSON.stringify(reason.slice(0, 40))}, expected one line of 1 to 200 characters`,
    'Everybody reads it: --reason "…"',
  );
}
