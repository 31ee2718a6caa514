// How does Lighthouse score the pages? `npm run lighthouse` prints it; the exit code is 1 where accessibility,
// best practices or search are below 100. Performance is printed alone: it depends on the machine.

import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { exampleLibrary } from './library.ts';
import { build, CHROMIUM, CHROMIUM_ARGS, serveSite, stop } from './site.ts';

const DEMANDED = ['accessibility', 'best-practices', 'seo'] as const;

async function main(): Promise<number> {
  const base = await mkdtemp(join(tmpdir(), 'cfl-lighthouse-'));
  const now = new Date();
  const example = await exampleLibrary(join(base, 'library'), now);
  const { folder, rootSha256 } = example.written;
  const served = await serveSite(await build(folder, rootSha256, join(base, 'site'), now), folder);
  let worst = 100;
  try {
    for (const path of [
      '',
      'models/FFF1-0A01/',
      `releases/${example.newest.release}/`,
      'lookup/',
      'changes/',
      'trust/',
    ]) {
      const scores = await scoresOf(`${served.url}/${path}`);
      const score = (name: string) => scores.get(name) ?? 0;
      const demanded = DEMANDED.map((name) => `${name} ${score(name)}`).join(', ');
      console.log(`/${path.slice(0, 24)}: ${demanded}, performance ${score('performance')}`);
      worst = Math.min(worst, ...DEMANDED.map(score));
    }
  } finally {
    stop(served);
    await rm(base, { recursive: true, force: true });
  }
  return worst === 100 ? 0 : 1;
}

/** By category, of 100. */
async function scoresOf(url: string): Promise<ReadonlyMap<string, number>> {
  const program = fileURLToPath(import.meta.resolve('lighthouse/cli/index.js'));
  const options = ['--quiet', '--no-enable-error-reporting', '--output=json'];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, url, ...options, `--chrome-flags=${CHROMIUM_ARGS.join(' ')}`],
    { env: { ...process.env, CHROME_PATH: CHROMIUM }, maxBuffer: 1 << 26 },
  );
  const { categories } = JSON.parse(stdout) as { categories: Record<string, { score: number | null }> };
  return new Map(
    Object.entries(categories).map(([name, { score }]) => [name, Math.round((score ?? 0) * 100)]),
  );
}

process.exitCode = await main();
