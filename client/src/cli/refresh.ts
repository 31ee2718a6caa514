// `cfl refresh`: brings what is trusted up to date, and says until when it is good.

import { encodeDate } from '../encoding/index.ts';
import { command, JSON_OPTION } from './command.ts';
import { EXIT } from './refusal.ts';
import { HOME_OPTION, homeOf, withLibrary } from './session.ts';

export const refresh = command({
  name: 'refresh',
  does: 'Brings what is known of the library up to date',
  operands: [],
  options: { ...HOME_OPTION, ...JSON_OPTION },
  examples: [
    {
      line: 'cfl refresh',
      does: 'for a scheduler: exit 3 if the library could not be reached, 1 if it was refused',
    },
    { line: 'cfl refresh --json', does: 'the versions, and until when they are good' },
  ],
  run: (_operands, values, io) =>
    withLibrary(
      { io, home: homeOf(values, io), ...(values.json === true ? {} : { steps: 'say' }) },
      async ({ library, name, url }) => {
        const { root, timestamp, snapshot } = await library.refresh();
        if (values.json !== true) return EXIT.done;
        const versions = {
          root: root.signed.version,
          timestamp: timestamp.signed.version,
          snapshot: snapshot.signed.version,
        };
        io.out(
          JSON.stringify({
            format: 'cfl/refresh/1',
            name,
            url,
            ...versions,
            goodUntil: encodeDate(timestamp.signed.expires),
          }),
        );
        return EXIT.done;
      },
    ),
});
