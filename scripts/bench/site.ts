// What does it cost to build the catalogue of a large library? `npm run bench -- site`: libraries of 10,000 and
// of 20,000 releases are made, every signature real, and their catalogues built, each in a process of its own.
//
// Making the libraries takes longer than building. What is measured is everything from the pinned root to the
// last file of the site.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const MOST_SECONDS = 120;
const MOST_MEGAOCTETS = 1500;
/** For twice the releases. */
const MOST_GROWTH = 2.3;
const NOW = '2026-11-20T09:00:00Z';
const tests = resolve(import.meta.dirname, '../../site/test');
const run = promisify(execFile);

interface Cost {
  readonly releases: number;
  readonly seconds: number;
  readonly processor: number;
  readonly megaoctets: number;
}

export async function site(): Promise<number> {
  const half = await build(10_000);
  const whole = await build(20_000);
  const growth = whole.processor / half.processor;
  console.log(
    `Growth ${growth.toFixed(2)} for twice the releases, of a processor's time (at most ${MOST_GROWTH})`,
  );
  const holds = whole.seconds <= MOST_SECONDS && whole.megaoctets <= MOST_MEGAOCTETS && growth <= MOST_GROWTH;
  console.log(`The bounds ${holds ? 'hold' : 'DO NOT HOLD'}: ${MOST_SECONDS} s, ${MOST_MEGAOCTETS} MB`);
  return holds ? 0 : 1;
}

async function build(count: number): Promise<Cost> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-bench-'));
  try {
    const library = join(base, 'library');
    const { stdout: rootSha256 } = await node('many.ts', String(count), library);
    const out = join(base, 'site');
    const root = { rootSha256: rootSha256.trim() };
    const { stdout } = await node('build-at.ts', JSON.stringify({ library, root, out, now: NOW }));
    const cost: Cost = JSON.parse(stdout);
    const { releases, seconds, processor, megaoctets } = cost;
    console.log(
      `${releases} releases: ${seconds.toFixed(0)} s, ${processor.toFixed(0)} s of a processor, ${megaoctets.toFixed(0)} MB`,
    );
    return cost;
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

function node(program: string, ...args: readonly string[]) {
  return run(process.execPath, [join(tests, program), ...args]);
}
