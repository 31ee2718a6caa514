// A release that must not be used any more: `withdraw`; and the registrar's repetition of it.

import { command, EXIT, type Io, UsageError } from '@cfl/client/cli';
import { openGatewaySigners } from '../ceremony/keys.ts';
import { loadState, presentOf } from '../deploy/index.ts';
import { planRepetition } from '../withdraw/repeat.ts';
import { withdraw as withdrawRelease } from '../withdraw/withdraw.ts';
import { AT_OPTION, type Desk, deskAt, planned } from './desk.ts';
import { reasonGiven } from './reason.ts';

export const withdraw = command({
  name: 'withdraw',
  does: 'Withdraws a release for good; there is no way back',
  operands: ['[RELEASE]'],
  options: {
    ...AT_OPTION,
    reason: { type: 'string', value: 'TEXT', does: 'why: one line, for everybody to read' },
    repeat: {
      type: 'boolean',
      does: 'plans the change by which the registrar repeats every withdrawal so far, under its own keys',
    },
    panel: { type: 'boolean', does: 'the Panel withdraws it, and has asked the operator to publish that' },
  },
  examples: [
    {
      line: 'cfl-repo withdraw 11d08e6fa2c4 --reason "battery drain"',
      does: 'published at once; every client refuses the release from then on',
    },
    { line: 'cfl-repo withdraw --repeat', does: 'plans the change; the registrar signs it' },
  ],
  async run([name], values, io) {
    const desk = deskAt(values.at, io);
    if ((name === undefined) !== (values.repeat === true))
      throw new UsageError(
        'Cannot run "cfl-repo withdraw": expected either a release or --repeat',
        'Run: cfl-repo withdraw --help',
      );
    if (name === undefined) return repeat(desk, io);
    const { listed, version } = await withdrawRelease({
      release: name,
      kind: values.panel === true ? 'panel' : 'operator',
      reason: reasonGiven('withdraw', values.reason),
      place: desk.place,
      online: await openGatewaySigners(desk.keys, presentOf(await loadState(desk.place))),
      now: io.now,
    });
    const { code, deviceType, models, firmwareVersion, release } = listed;
    io.out(
      `Withdrew ${release.slice(0, 12)}: ${code} ${deviceType} ${models.join(',')}, firmware ${firmwareVersion}`,
    );
    io.out(`Published version ${version}`);
    return EXIT.done;
  },
});

async function repeat(desk: Desk, io: Io): Promise<number> {
  const published = await loadState(desk.place);
  const change = await planRepetition(published, io.now);
  if (change === undefined) {
    io.out('Every withdrawal is repeated already');
    return EXIT.done;
  }
  return planned(change, published, desk, io.out);
}
