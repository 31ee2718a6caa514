// `cfl keygen`: makes the credential with which a supplier reads images and notes.

import { command, JSON_OPTION } from './command.ts';
import { columns } from './layout.ts';
import { EXIT } from './refusal.ts';
import { HOME_OPTION, homeOf } from './session.ts';

export const keygen = command({
  name: 'keygen',
  does: 'Makes your credential, with which you read images and notes',
  operands: [],
  options: {
    to: {
      type: 'string',
      value: 'FILE',
      does: 'where to write it, such as new.age; else credential.age beside the pinned library',
    },
    'no-passphrase': {
      type: 'boolean',
      does: 'leave it in the clear: whoever gets the file then reads what you read',
    },
    ...HOME_OPTION,
    ...JSON_OPTION,
  },
  examples: [
    {
      line: 'cfl keygen',
      does: 'asks for a passphrase; then hand credential.pub to the registrar and read the fingerprint out',
    },
    {
      line: 'cfl keygen --to new.age',
      does: 'replaces one that was lost or stolen: the old file is never overwritten',
    },
  ],
  async run(_operands, values, io) {
    const { createCredentialFile, credentialPath, publicCredentialPath } = await import(
      '../library/index.ts'
    );
    const { fingerprintOf, spokenFingerprint } = await import('../access/index.ts');
    const path = values.to ?? credentialPath(homeOf(values, io));
    const { recipient } = await createCredentialFile(path, async () =>
      values['no-passphrase'] === true
        ? undefined
        : io.passphrase('New passphrase of the credential: ', 'Once more: '),
    );
    const fingerprint = await fingerprintOf(recipient);
    const open = publicCredentialPath(path);
    const spoken = spokenFingerprint(fingerprint);
    if (values.json === true) {
      io.out(JSON.stringify({ format: 'cfl/keygen/1', credential: path, public: open, fingerprint, spoken }));
      return EXIT.done;
    }
    const rows = [
      ['credential', path],
      ['public part', open],
      ['fingerprint', spoken],
    ];
    for (const line of columns(rows)) io.out(line);
    io.err('Hand the public part to the registrar, and read the fingerprint out by another way');
    io.err('Keep a copy of the credential, and its passphrase apart: nobody can make it again');
    return EXIT.done;
  },
});
