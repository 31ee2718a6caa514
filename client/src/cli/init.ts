// `cfl init`: pins the first root of a library.

import { command, JSON_OPTION } from './command.ts';
import { EXIT, UsageError } from './refusal.ts';
import { HOME_OPTION, homeOf } from './session.ts';

export const init = command({
  name: 'init',
  does: 'Trusts a library from now on, by its first root',
  operands: ['URL'],
  options: {
    root: { type: 'string', value: 'FILE', does: 'the root that the operator handed over' },
    'root-sha256': {
      type: 'string',
      value: 'HEX',
      does: 'the SHA-256 of the first root, as the operator read it out',
    },
    ...HOME_OPTION,
    ...JSON_OPTION,
  },
  examples: [
    {
      line: 'cfl init https://library.example --root-sha256 9b41…e07c',
      does: 'fetches the first root, and trusts it if it has all 64 digits',
    },
    { line: 'cfl init https://library.example --root root.json', does: 'trusts the root in this file' },
    {
      line: 'cfl init /srv/library --root root.json --home trial',
      does: 'reads a library in a folder, and keeps it apart from others',
    },
    {
      line: 'cfl init library.tar --root-sha256 9b41…e07c',
      does: 'reads a bundle, on a machine that has no line to the library',
    },
  ],
  async run([url], { root, 'root-sha256': digest, home, json }, io) {
    const { pinLibrary } = await import('../library/index.ts');
    const by = pinnedBy(root, digest);
    checkAddress(url);
    io.progress(`Reading ${url}`);
    const pinned = await pinLibrary({
      home: homeOf(home === undefined ? {} : { home }, io),
      url,
      by,
      now: io.now,
      wait: io.wait,
      env: io.env,
    });
    io.progress(undefined);
    const { name, version, signers, sha256 } = pinned;
    if (json === true) {
      io.out(JSON.stringify({ format: 'cfl/init/1', name, url, rootVersion: version, rootSha256: sha256 }));
      return EXIT.done;
    }
    const how = 'rootFile' in by ? `SHA-256 ${sha256}` : 'SHA-256 as given';
    io.err(
      `Trusted "${name}": root version ${version}, ${signers.threshold} of ${signers.of} signatures, ${how}`,
    );
    return EXIT.done;
  },
});

function pinnedBy(root: string | undefined, digest: string | undefined) {
  if ((root === undefined) === (digest === undefined)) {
    const found = root === undefined ? 'neither' : 'both';
    throw new UsageError(
      `Cannot pin a library: expected --root or --root-sha256, found ${found}`,
      'Ask the operator for the root, or for its SHA-256 by another way than the address',
    );
  }
  if (root !== undefined) return { rootFile: root };
  const digits = (digest ?? '').replace(/[\s:]/g, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return { rootSha256: digits };
  throw new UsageError(
    `Cannot read "${digest}" as a SHA-256: expected 64 hex digits, found ${digits.length} characters`,
    'Give all of it: a part is no proof',
  );
}

function checkAddress(url: string): void {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return;
  if (/^https?:\/\/[^/]/i.test(url) && URL.canParse(url)) return;
  throw new UsageError(
    `Cannot read "${url}" as the address of a library: expected https://…, http://… or a folder`,
    'Ask the operator for the address',
  );
}
