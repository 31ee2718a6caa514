// The gateway's work: `intake`.

import { command, EXIT } from '@cfl/client/cli';
import { openGatewaySigners } from '../ceremony/keys.ts';
import { intake as decideAll } from '../intake/intake.ts';
import { awaitsPerson, intakeLines, publicationLine } from '../intake/report.ts';
import { AT_OPTION, deskAt, gatewayCredential } from './desk.ts';

export const intake = command({
  name: 'intake',
  does: 'Decides everything in private/inbox and private/held, and publishes what is accepted',
  operands: [],
  options: AT_OPTION,
  examples: [{ line: 'cfl-repo intake', does: 'one line a submission; exit code 4 where one is held' }],
  async run(_operands, values, io) {
    const desk = deskAt(values.at, io);
    const report = await decideAll({
      place: desk.place,
      online: await openGatewaySigners(desk.keys),
      gateway: () => gatewayCredential(desk),
      now: io.now,
    });
    if (report.published !== undefined) io.err(publicationLine(report.published));
    for (const line of intakeLines(report)) io.out(line);
    return awaitsPerson(report) ? EXIT.act : EXIT.done;
  },
});
