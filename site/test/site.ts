// A site as tests use it: built once for a file, in a process of its own, served beside its library, and
// looked at in Chromium.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { describe } from 'vitest';
import { type Served, serve } from '../../scripts/demo/server.ts';
import { NOW } from './library.ts';

const run = promisify(execFile);

/** Returns the folder of the pages. */
export async function build(library: string, rootSha256: string, out: string, now = NOW): Promise<string> {
  const request = { library, root: { rootSha256 }, out, now };
  await run(process.execPath, [join(import.meta.dirname, 'build-at.ts'), JSON.stringify(request)]);
  return out;
}

export function serveSite(site: string, library: string): Promise<Served> {
  return serve({ site, metadata: join(library, 'metadata'), targets: join(library, 'targets') }, 0);
}

export function stop({ server }: Served): void {
  server.closeAllConnections();
  server.close();
}

/** Each file with its octets, by path. */
export async function tree(folder: string): Promise<ReadonlyMap<string, string>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
  return new Map(
    await Promise.all(
      paths
        .sort()
        .map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'latin1')] as const),
    ),
  );
}

export const CHROMIUM = process.env['CFL_CHROMIUM'] ?? '/usr/bin/chromium';
export const CHROMIUM_ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const required = process.env['CFL_REQUIRE_ALL'] === '1';

/** Skipped by name where there is no Chromium; CFL_REQUIRE_ALL=1 makes that a failure. */
export const describeWithChromium =
  existsSync(CHROMIUM) || required ? describe : (name: string) => describe.skip(`${name} (no ${CHROMIUM})`);

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
}

export interface Look {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page and the browser complained about: errors, and breaches of the policy. */
  readonly complaints: string[];
}

export async function look(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] & { readonly at?: Date } = {},
): Promise<Look> {
  const { at = NOW, ...rest } = options;
  const context = await browser.newContext(rest);
  const page = await context.newPage();
  await page.clock.setFixedTime(at);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // The walk of the roots ends at a file that is not there yet
    const isLastRoot = /\d+\.root\.json/.test(message.location().url);
    if (message.type() === 'error' && !isLastRoot) complaints.push(message.text());
  });
  return { context, page, complaints };
}

/** Presses the button, and waits for the answer. */
export async function check(page: Page): Promise<string> {
  await page.click('cfl-check > .line > button');
  await page.waitForSelector('cfl-check [role=status]:is(.good, .bad, .away)');
  return (await page.textContent('cfl-check [role=status]')) ?? '';
}
