// Which scripts and which style sheet do the pages load? Each one file under the name of its content, with the
// digest that the pages ask for (subresource integrity).

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';

export interface Asset {
  /** From the root of the site: `assets/list-0123456789ab.js`. */
  readonly path: string;
  /** `sha384-…` */
  readonly integrity: string;
}

export interface Assets {
  readonly style: Asset;
  readonly scripts: Readonly<Record<ScriptName, Asset>>;
}

export const SCRIPTS = ['copy', 'list', 'lookup', 'check-element', 'verifier'] as const;
export type ScriptName = (typeof SCRIPTS)[number];

interface Made extends Asset {
  readonly octets: Uint8Array;
}

const source = join(import.meta.dirname, '../src');

/** Bundles them, and writes them below `folder` when `write` is called: nothing is left of a build that fails. */
export async function makeAssets(): Promise<{ assets: Assets; write(folder: string): Promise<void> }> {
  const style = named('style', 'css', await readFile(join(source, 'style.css')));
  const scripts = new Map<ScriptName, Made>();
  for (const name of SCRIPTS) scripts.set(name, named(name, 'js', await bundle(name)));
  const all = [style, ...scripts.values()];
  return {
    assets: { style: assetOf(style), scripts: record(scripts) },
    async write(folder) {
      await mkdir(join(folder, 'assets'), { recursive: true });
      for (const { path, octets } of all) await writeFile(join(folder, path), octets);
    },
  };
}

function record(scripts: ReadonlyMap<ScriptName, Made>): Record<ScriptName, Asset> {
  return Object.fromEntries([...scripts].map(([name, made]) => [name, assetOf(made)])) as Record<
    ScriptName,
    Asset
  >;
}

function assetOf({ path, integrity }: Made): Asset {
  return { path, integrity };
}

function named(name: string, ending: string, octets: Uint8Array): Made {
  const digest = createHash('sha384').update(octets).digest();
  return {
    path: `assets/${name}-${digest.toString('hex').slice(0, 12)}.${ending}`,
    integrity: `sha384-${digest.toString('base64')}`,
    octets,
  };
}

/** One file without imports, but for the verifier, which the page's import map names. */
async function bundle(name: ScriptName): Promise<Uint8Array> {
  return new TextEncoder().encode(await bundled(`browser/${name}.ts`));
}

/** What runs by being loaded; modules of the client only export. */
const RUN = ['browser', 'verifier'].map((folder) => join(source, folder));

/** One script, by its path below src/. */
export async function bundled(path: string): Promise<string> {
  const output = await build({
    root: source,
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      rollupOptions: {
        input: join(source, path),
        external: ['cfl-verifier'],
        preserveEntrySignatures: 'strict',
        output: { codeSplitting: false },
        treeshake: {
          moduleSideEffects: (id) => RUN.some((folder) => id.startsWith(folder)),
          propertyReadSideEffects: false,
          unknownGlobalSideEffects: false,
        },
      },
    },
  });
  const chunks = [output].flat().flatMap((one) => ('output' in one ? one.output : []));
  const [only, ...others] = chunks.flatMap((chunk) => ('code' in chunk ? chunk.code : []));
  if (only === undefined || others.length > 0)
    throw new TypeError(`Expected ${path} to be bundled as one file, found ${chunks.length}`);
  return only;
}
