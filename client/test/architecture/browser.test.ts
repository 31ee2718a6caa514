// Does the pure part run in a browser: nothing of Node asked for, nothing left unresolved?
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'vite';
import { expect, it } from 'vitest';

/** The octets that a page may spend on verification, before compression. */
const BUDGET = 100_000;

/** What a browser adds to JavaScript. No timers, no fetch: the pure part needs none. */
const WEB = { TextEncoder, TextDecoder, crypto, atob, btoa, URL };

function recordOutside(outside: string[]): Plugin {
  return {
    name: 'record-outside',
    enforce: 'pre',
    resolveId(id) {
      if (isBuiltin(id) || !/^[./\0]/.test(id)) outside.push(id);
      return undefined;
    },
  };
}

async function bundle(entry: string): Promise<{ code: string; outside: string[] }> {
  const outside: string[] = [];
  const output = await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'error',
    plugins: [recordOutside(outside)],
    build: { write: false, target: 'es2024', lib: { entry, formats: ['iife'], name: 'cfl' } },
  });
  const chunks = [output].flat().flatMap((one) => ('output' in one ? one.output : []));
  return { code: chunks.map((chunk) => ('code' in chunk ? chunk.code : '')).join('\n'), outside };
}

it('the pure part bundles for a browser, asks nothing from outside, and starts', async () => {
  const { code, outside } = await bundle(join(import.meta.dirname, 'pure.ts'));
  expect(outside).toEqual([]);

  const page = createContext({ ...WEB });
  runInContext(code, page);
  const parts: unknown = runInContext('Object.keys(cfl).join(" ")', page);
  expect(parts).toMatch(/\bfirmware\b.*\btuf\b/);

  const bytes = Buffer.from(code);
  console.log(`pure part for a browser: ${bytes.length} octets, ${gzipSync(bytes).length} with gzip`);
  expect(bytes.length).toBeLessThan(BUDGET);
});
