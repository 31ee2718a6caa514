// One reader in a process of its own: node fetch-child.ts WHO WHAT URL FOLDER LIST. WHO is cfl or tuf-js; WHAT is
// one, a target and the way to it; fetch, a release with all that cfl checks; warm, a refresh; mirror, every target.
// LIST has the paths of the targets, the release and the time, as JSON.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const [who = '', what = '', url = '', place = '', list = ''] = process.argv.slice(2);
const { paths, release, now, credential } = JSON.parse(await readFile(list, 'utf8')) as {
  readonly paths: readonly string[];
  readonly release: string;
  readonly now: string;
  readonly credential: string;
};
const first = paths.find((path) => path.endsWith('image.ota.age')) ?? '';

if (who === 'tuf-js') await tufJs();
else if (what === 'one') await ownTarget();
else await cfl();

async function tufJs(): Promise<void> {
  const { Updater } = await import('tuf-js');
  const updater = new Updater({
    metadataDir: place,
    metadataBaseUrl: `${url}/metadata`,
    targetDir: place,
    targetBaseUrl: `${url}/targets`,
  });
  await updater.refresh();
  const wanted = what === 'warm' ? [] : what === 'one' ? [first] : paths;
  for (const [i, path] of wanted.entries()) {
    const info = await updater.getTargetInfo(path);
    if (info === undefined) throw new Error(`tuf-js does not find ${path}`);
    await updater.downloadTarget(info, join(place, `target-${i}`));
  }
}

/** The same work as tuf-js does for one target. */
async function ownTarget(): Promise<void> {
  const { folder, fileCache, openRepository } = await import('@cfl/client/library');
  const { Client, parseTargetPath } = await import('@cfl/client/tuf');
  const repository = openRepository(url, { wait: async () => {} });
  const root = new Uint8Array(await readFile(join(place, 'root.json')));
  const cache = fileCache(folder(join(place, 'cache')));
  const client = new Client({ root, repository, cache, now: new Date(now) });
  const found = await client.find(parseTargetPath(first));
  if (found === undefined) throw new Error(`cfl does not find ${first}`);
  await folder(place).replace('target-0', await client.read(found));
  repository.close();
}

async function cfl(): Promise<void> {
  const { memoryIo, runProgram } = await import('@cfl/client/cli');
  const program = await import('@cfl/client/program');
  const passphrase = await readFile(`${credential}.passphrase`, 'utf8');
  const io = memoryIo({ now: new Date(now), passphrase: async () => passphrase });
  const home = ['--home', place];
  const argv =
    what === 'warm'
      ? ['refresh', ...home]
      : what === 'mirror'
        ? ['mirror', join(place, 'mirror'), ...home]
        : ['fetch', release, '--credential', credential, '--to', join(place, 'firmware'), ...home];
  if ((await runProgram(program.cfl, argv, io)) !== 0) throw new Error(io.stderr.join('\n'));
}
