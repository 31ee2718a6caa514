// Do imports run one way, and does the pure part stay pure?
//
//   scripts → repo-tools → client ← site, and scripts → site
//   client: cli → campaign → estate, copy → library → evidence, access, keys, admission → firmware, tuf → encoding
//
// A folder may import those of the lines below it; on its own line evidence may import keys (it signs)
// and access too (it grants what keys open). admission decides about facts: it knows firmware alone.
import { expect, it } from 'vitest';
import { destination, importsOf, type Source, sourcesIn } from './sources.ts';

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  encoding: [],
  tuf: ['encoding'],
  firmware: ['encoding'],
  admission: ['encoding', 'firmware'],
  keys: ['encoding', 'firmware', 'tuf'],
  evidence: ['encoding', 'firmware', 'keys', 'tuf'],
  access: ['encoding', 'firmware', 'keys', 'tuf'],
  library: ['access', 'admission', 'encoding', 'evidence', 'firmware', 'keys', 'tuf'],
  estate: ['encoding', 'firmware', 'library'],
  copy: ['encoding', 'firmware', 'library', 'tuf'],
  campaign: ['encoding', 'estate', 'firmware', 'keys', 'library'],
  cli: [
    'access',
    'admission',
    'campaign',
    'copy',
    'encoding',
    'estate',
    'evidence',
    'firmware',
    'keys',
    'library',
    'tuf',
  ],
};
const PURE = ['encoding', 'tuf', 'firmware', 'admission'];
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'client/src': [],
  'client/bin': [],
  'repo-tools/src': ['@cfl/client'],
  'repo-tools/bin': ['@cfl/client'],
  'site/src': ['@cfl/client'],
  scripts: ['@cfl/client', '@cfl/repo-tools', '@cfl/site'],
};

const client = sourcesIn('client/src');
const folderOf = (path: string) => (path.split('/').length > 3 ? (path.split('/')[2] ?? '') : '');

function wrongImports(source: Source): string[] {
  const folder = folderOf(source.path);
  if (folder === '') return [];
  const allowed = [folder, ...(ALLOWED[folder] ?? [])];
  return source.imports.flatMap((specifier) => {
    const path = destination(source, specifier);
    if (path === undefined || allowed.includes(folderOf(path))) return [];
    return [`${source.path} imports "${specifier}"`];
  });
}

it('every folder of the client has its place in the order', () => {
  const folders = new Set(client.map((source) => folderOf(source.path)).filter((folder) => folder !== ''));
  expect([...folders].filter((folder) => !(folder in ALLOWED))).toEqual([]);
});

it('inside the client imports run one way', () => {
  expect(client.length).toBeGreaterThan(0);
  expect(client.flatMap(wrongImports)).toEqual([]);
});

it.each(Object.keys(PACKAGES))('%s imports other packages of the workspace only where it may', (folder) => {
  const allowed = PACKAGES[folder] ?? [];
  const shipped = sourcesIn(folder).filter(({ path }) => !path.includes('/test/'));
  const wrong = shipped.flatMap((source) =>
    source.imports
      .filter((specifier) => {
        const path = destination(source, specifier);
        if (path !== undefined) {
          const own = folder.split('/')[0] ?? '';
          return !path.startsWith(`${own}/`) || path.startsWith(`${own}/test/`);
        }
        const name = specifier.split('/').slice(0, 2).join('/');
        return specifier.startsWith('@cfl/') && !allowed.includes(name);
      })
      .map((specifier) => `${source.path} imports "${specifier}"`),
  );
  expect(wrong).toEqual([]);
});

it.each(PURE)('%s imports nothing but sources of the client, and asks nothing of Node', (folder) => {
  const sources = sourcesIn(`client/src/${folder}`);
  const foreign = sources.flatMap((source) =>
    source.imports
      .filter((specifier) => !specifier.startsWith('.'))
      .map((specifier) => `${source.path} imports "${specifier}"`),
  );
  const globals = sources.filter((source) =>
    /\b(process|Buffer)\.\w|\bDate\.now\(|\bnew Date\(\)/.test(source.text),
  );
  expect(foreign).toEqual([]);
  expect(globals.map((source) => source.path)).toEqual([]);
});

it('access asks nothing of Node: what is sealed can be opened in a page that its reader keeps', () => {
  const outside = sourcesIn('client/src/access').flatMap(({ imports }) =>
    imports.filter((specifier) => !specifier.startsWith('.')),
  );
  expect(new Set(outside)).toEqual(new Set(['age-encryption']));
});

it('finds every form of import', () => {
  const text = [
    "import { a,\n  b } from './a.ts';",
    "import './b.ts';",
    "import type { C } from './c.ts';",
    "export * from './d.ts';",
    "export { e } from './e.ts';",
    "const f = await import('./f.ts');",
    "const g = 'import nothing';",
  ].join('\n');
  expect(importsOf(text)).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts']);
});
