// The engines in which the site is tried, each behind the same small face: go somewhere, ask the page.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import puppeteer from 'puppeteer-core';
import { CHROMIUM, launch } from './site.ts';

export interface Engine {
  goto(url: string): Promise<void>;
  /** The value of a JavaScript expression in the page. */
  ask(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

export interface EngineKind {
  readonly name: string;
  /** What must be there to run it. */
  readonly needs: readonly string[];
  readonly open: () => Promise<Engine>;
}

const FIREFOX = process.env['CFL_FIREFOX'] ?? '/usr/bin/firefox-esr';
const WEBKIT_DRIVER = '/usr/bin/WebKitWebDriver';
const MINI_BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
const XVFB = '/usr/bin/Xvfb';

export const ENGINES: readonly EngineKind[] = [
  { name: 'Chromium', needs: [CHROMIUM], open: openChromium },
  { name: 'Firefox', needs: [FIREFOX], open: openFirefox },
  { name: 'WebKitGTK', needs: [WEBKIT_DRIVER, MINI_BROWSER, XVFB], open: openWebKit },
];

export function missing({ needs }: EngineKind): string | undefined {
  return needs.find((path) => !existsSync(path));
}

async function openChromium(): Promise<Engine> {
  const browser = await launch();
  const page = await browser.newPage();
  return {
    goto: async (url) => void (await page.goto(url)),
    ask: (expression) => page.evaluate(expression),
    close: () => browser.close(),
  };
}

async function openFirefox(): Promise<Engine> {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true });
  const page = await browser.newPage();
  return {
    goto: async (url) => void (await page.goto(url)),
    ask: (expression) => page.evaluate(expression),
    close: () => browser.close(),
  };
}

/** Plain WebDriver: the GTK port has no other way in. */
async function openWebKit(): Promise<Engine> {
  const display = ':97';
  const screen = spawn(XVFB, [display, '-screen', '0', '1280x900x24'], { stdio: 'ignore' });
  const driver = spawn(WEBKIT_DRIVER, ['--port=8199'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DISPLAY: display,
      LIBGL_ALWAYS_SOFTWARE: '1',
      // It cannot make its own sandbox inside a container; it opens nothing here but our own pages
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    },
  });
  const stopAll = () => {
    driver.kill();
    screen.kill();
  };
  try {
    await setTimeout(2000);
    const capabilities = {
      alwaysMatch: {
        browserName: 'MiniBrowser',
        'webkitgtk:browserOptions': { binary: MINI_BROWSER, args: ['--automation'] },
      },
    };
    const { sessionId } = (await post('session', { capabilities })) as { sessionId: string };
    return {
      goto: async (url) => void (await post(`session/${sessionId}/url`, { url })),
      ask: (expression) =>
        post(`session/${sessionId}/execute/sync`, { script: `return ${expression}`, args: [] }),
      close: async () => stopAll(),
    };
  } catch (error) {
    stopAll();
    throw error;
  }
}

async function post(path: string, body: object): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:8199/${path}`, { method: 'POST', body: JSON.stringify(body) });
  const { value } = (await answer.json()) as { value: unknown };
  if (!answer.ok) throw new Error(`WebDriver answered ${answer.status}: ${JSON.stringify(value)}`);
  return value;
}
