// What a party hands to the registrar is its party.json; another file is told by its format.

import { expect, test } from 'vitest';
import { parsePartyFile } from '../../src/ceremony/party-file.ts';

test("the party's publish.json, handed over by mistake, is named for what it is", async () => {
  const octets = new TextEncoder().encode('{"format":"cfl/publish/1","library":"../library"}');
  await expect(parsePartyFile(octets, 'publish.json')).rejects.toMatchObject({
    code: 'BAD_INPUT',
    message:
      'Cannot read "publish.json" as what a party hands to the registrar: format holds "cfl/publish/1", expected "cfl/party/1"',
  });
});
