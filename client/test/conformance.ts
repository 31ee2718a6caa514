// The command line that the public TUF client conformance suite drives (its CLIENT-CLI.md): our client
// with nothing added. Run with: node client/test/conformance.ts --metadata-dir D init ROOT

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sha256 } from '../src/encoding/index.ts';
import { fileCache } from '../src/library/cache.ts';
import { folder } from '../src/library/files.ts';
import { httpRepository } from '../src/library/repository.ts';
import { Client, parseTargetPath } from '../src/tuf/index.ts';

const text = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'metadata-dir': text,
    'metadata-url': text,
    'target-name': { type: 'string', multiple: true },
    'target-base-url': text,
    'target-dir': text,
  },
});

function option(name: 'metadata-dir' | 'metadata-url' | 'target-base-url' | 'target-dir'): string {
  const value = values[name];
  if (value === undefined) throw new TypeError(`--${name} is missing`);
  return value;
}

const metadataDir = option('metadata-dir');
const PINNED = 'pinned/root.json';

async function init(rootFile: string): Promise<void> {
  const root = await readFile(rootFile);
  await folder(metadataDir).replace(PINNED, root);
  await folder(metadataDir).replace('root.json', root);
}

async function openClient(): Promise<Client> {
  const root = await readFile(join(metadataDir, PINNED));
  const repository = httpRepository({
    metadataUrl: option('metadata-url'),
    targetsUrl: values['target-base-url'] ?? '',
  });
  return new Client({ root, repository, cache: fileCache(folder(metadataDir)), now: new Date() });
}

async function download(client: Client, name: string): Promise<void> {
  const found = await client.find(parseTargetPath(name));
  if (found === undefined) throw new Error(`${name} is not listed`);
  const targets = folder(option('target-dir'));
  const place = await sha256(new TextEncoder().encode(name));
  const kept = await targets.read(place);
  if (kept !== undefined && (await sha256(kept)) === found.file.hashes.get('sha256')) return;
  await targets.replace(place, await client.read(found));
}

async function main(): Promise<void> {
  const [command, argument] = positionals;
  if (command === 'init' && argument !== undefined) return init(argument);
  const client = await openClient();
  await client.refresh();
  if (command === 'refresh') return;
  if (command !== 'download') throw new TypeError(`expected init, refresh or download, found ${command}`);
  for (const name of values['target-name'] ?? []) await download(client, name);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(1);
}
