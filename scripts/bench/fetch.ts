// What does a reader cost, beside tuf-js, on the demo's library over loopback: one target, a release with all its checks,
// a refresh that brings nothing new, a mirror? Time of the whole process, requests and octets. The client is the
// compiled one, as it is published.

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { folder, folderRepository, Library, memoryCache } from '@cfl/client/library';
import { openAuthorities } from '../demo/authorities.ts';
import { makeLibrary } from '../demo/library.ts';
import { credentialOf } from '../demo/readers.ts';
import { openStage, type Stage } from '../demo/stage.ts';
import { median } from './measure.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const ROUNDS = 5;
/** For the same work: one target, a refresh. What a machine does beside it leaves some room. */
const MOST_TIMES = 1.5;

interface Cost {
  readonly milliseconds: number;
  readonly requests: number;
  readonly octets: number;
}

interface Served {
  readonly url: string;
  /** Since it was asked last. */
  taken(): { requests: number; octets: number };
  close(): Promise<void>;
}

/** Prints what it finds; the exit code. */
export async function fetch(): Promise<0 | 1> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-bench-fetch-'));
  const served = await serveFiles(base);
  try {
    const stage = await demoStage(base);
    const list = await listOf(stage);
    const readers = [
      { name: 'cold: one target', who: 'cfl', what: 'one' },
      { name: '  tuf-js', who: 'tuf-js', what: 'one' },
      { name: 'cold: a release, all checks', who: 'cfl', what: 'fetch' },
      { name: 'warm: nothing new', who: 'cfl', what: 'warm' },
      { name: '  tuf-js', who: 'tuf-js', what: 'warm' },
      { name: 'every target; cfl: history too', who: 'cfl', what: 'mirror' },
      { name: '  tuf-js', who: 'tuf-js', what: 'mirror' },
    ];
    const child = await installed(base);
    return report(await costs(readers, { child, base, list, served }));
  } finally {
    await served.close();
    await rm(base, { recursive: true });
  }
}

interface Reading {
  readonly name: string;
  readonly who: string;
  readonly what: string;
}

type Costs = ReadonlyMap<Reading, Cost>;

function report(found: Costs): 0 | 1 {
  console.log(
    `\nThe demo's library over loopback, whole processes, medians of ${ROUNDS}; Node ${process.versions.node}.\n`,
  );
  row('', 'milliseconds', 'requests', 'octets', 'of tuf-js: time', 'requests', 'octets');
  let slowest = 0;
  for (const [one, ours] of found) {
    const theirs = [...found].find(([other]) => other.who === 'tuf-js' && other.what === one.what)?.[1];
    const share = (of: (cost: Cost) => number) =>
      theirs === undefined ? '' : (of(ours) / of(theirs)).toFixed(2);
    row(
      one.name,
      ...numbers(ours),
      share(({ milliseconds }) => milliseconds),
      share(({ requests }) => requests),
      share(({ octets }) => octets),
    );
    if (theirs !== undefined && (one.what === 'one' || one.what === 'warm'))
      slowest = Math.max(slowest, ours.milliseconds / theirs.milliseconds);
  }
  const holds = slowest <= MOST_TIMES;
  console.log(
    `\nThe bound ${holds ? 'holds' : 'DOES NOT HOLD'}: ${slowest.toFixed(2)} times the time of tuf-js for the same work (at most ${MOST_TIMES})`,
  );
  return holds ? 0 : 1;
}

function numbers({ milliseconds, requests, octets }: Cost): readonly string[] {
  return [milliseconds.toFixed(0), String(requests), String(octets)];
}

function row(name: string, ...cells: readonly string[]): void {
  console.log(`${name.padEnd(32)}${cells.map((cell) => cell.padStart(16)).join('')}`.trimEnd());
}

async function demoStage(base: string): Promise<Stage> {
  const stage = await openStage(base, new Date());
  const authorities = await openAuthorities(stage);
  await makeLibrary(stage, authorities, () => {});
  await authorities.close();
  return stage;
}

/** What the readers are told. */
async function listOf(stage: Stage): Promise<string> {
  const at = (name: string) => folder(join(stage.base, name));
  const root = await readFile(join(stage.base, 'metadata', '1.root.json'));
  const repository = folderRepository(at('metadata'), at('targets'));
  const library = new Library({ root, repository, cache: memoryCache(), now: stage.now });
  const current = (await library.allReleases()).find(({ entries }) =>
    entries.some((one) => one === 'CPL-000403'),
  );
  if (current === undefined) throw new Error('The demo has no CPL-000403');
  const paths: string[] = [];
  const walk = async (name: Parameters<typeof library.client.role>[0]): Promise<void> => {
    const { signed } = await library.client.role(name);
    paths.push(...signed.targets.keys());
    for (const role of signed.delegations?.roles ?? []) await walk(role.name);
  };
  await walk((await library.refresh()).targets.signed.type as Parameters<typeof walk>[0]);
  const credential = credentialOf(stage, 'example-energy');
  await writeFile(`${credential}.passphrase`, stage.passphrase, { mode: 0o600 });
  const file = join(stage.base, 'list.json');
  // The image that both readers fetch is the one of the release
  const own = `firmware/${current.code}/${current.release}/image.ota.age`;
  const ordered = [own, ...paths.filter((path) => path !== own)];
  await writeFile(
    file,
    JSON.stringify({ paths: ordered, release: current.release, now: stage.now, credential }),
  );
  return file;
}

/** The reader of `fetch-child.ts`, beside the packages that it imports. */
async function installed(base: string): Promise<string> {
  const modules = join(base, 'node_modules');
  await mkdir(join(modules, '@cfl'), { recursive: true });
  await run(process.execPath, [join(ROOT, 'scripts', 'pack.ts'), join(modules, '@cfl', 'client')]);
  for (const name of ['@sigstore', 'age-encryption', 'csv-parse', 'tuf-js'])
    await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  const child = join(base, 'fetch-child.ts');
  await cp(join(import.meta.dirname, 'fetch-child.ts'), child);
  await writeFile(join(base, 'package.json'), '{"type":"module"}');
  return child;
}

interface Ground {
  readonly child: string;
  readonly base: string;
  readonly list: string;
  readonly served: Served;
}

/** In rounds, so that a slow moment falls on all of them alike; the first warms up. */
async function costs(readers: readonly Reading[], ground: Ground): Promise<Costs> {
  const { child, base, list, served } = ground;
  const times = new Map<Reading, number[]>(readers.map((one) => [one, []]));
  const counted = new Map<Reading, { requests: number; octets: number }>();
  const warm = new Map<Reading, string>();
  for (const one of readers) warm.set(one, await readyPlace(base, served.url));
  for (let round = 0; round <= ROUNDS; round++)
    for (const one of readers) {
      const kept = one.what === 'warm' ? warm.get(one) : undefined;
      const place = kept ?? (await readyPlace(base, served.url));
      served.taken();
      const started = performance.now();
      await run(process.execPath, [child, one.who, one.what, served.url, place, list]);
      if (round > 0) times.get(one)?.push(performance.now() - started);
      counted.set(one, served.taken());
      if (kept === undefined) await rm(place, { recursive: true });
    }
  return new Map(
    readers.map((one) => [
      one,
      { milliseconds: median(times.get(one) ?? []), ...(counted.get(one) ?? { requests: 0, octets: 0 }) },
    ]),
  );
}

/** A reader that trusts the first root, and knows nothing else. */
async function readyPlace(base: string, url: string): Promise<string> {
  const place = await mkdtemp(join(base, 'reader-'));
  await mkdir(place, { recursive: true });
  await cp(join(base, 'metadata', '1.root.json'), join(place, 'root.json'));
  await writeFile(join(place, 'library.json'), JSON.stringify({ format: 'cfl/pinned/1', url, name: 'Demo' }));
  return place;
}

/** Counts what goes over the line, bodies alone. */
async function serveFiles(base: string): Promise<Served> {
  let requests = 0;
  let octets = 0;
  const server = createServer(async (request, response) => {
    requests++;
    const file = await readFile(join(base, decodeURIComponent(request.url ?? ''))).catch(() => undefined);
    octets += file?.length ?? 0;
    if (file === undefined) response.writeHead(404).end();
    else response.end(file);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    taken() {
      const found = { requests, octets };
      requests = 0;
      octets = 0;
      return found;
    },
    close() {
      server.closeAllConnections();
      return new Promise<void>((done) => server.close(() => done()));
    },
  };
}
