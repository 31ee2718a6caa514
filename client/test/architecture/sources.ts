// Which source files are there, and what does each import?
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';

export const root: string = resolve(import.meta.dirname, '../../..');

export interface Source {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Specifiers as written, types and dynamic imports included. */
  readonly imports: readonly string[];
}

/** Imports and re-exports, type-only ones too, and `import()` of a literal. */
const IMPORT = /^\s*(?:import|export)\b[^;'"`]*?from\s*(['"])(.+?)\1|^\s*import\s*(['"])(.+?)\3/gm;
const DYNAMIC = /\bimport\(\s*(['"])(.+?)\1\s*\)/g;

export function importsOf(text: string): string[] {
  const found = [...text.matchAll(IMPORT)].map((match) => match[2] ?? match[4] ?? '');
  return [...found, ...[...text.matchAll(DYNAMIC)].map((match) => match[2] ?? '')];
}

/** The source files below a folder of the project; none where the folder does not exist. */
export function sourcesIn(folder: string): Source[] {
  const below = join(root, folder);
  return list(below)
    .filter((file) => /\.(ts|mts|js|mjs|astro)$/.test(file))
    .map((file) => {
      const text = readFileSync(file, 'utf8');
      return { path: relative(root, file).split(sep).join('/'), text, imports: importsOf(text) };
    });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** Where a relative specifier leads, relative to the root; undefined for a package or a Node module. */
export function destination(source: Source, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return relative(root, resolve(root, source.path, '..', specifier))
    .split(sep)
    .join('/');
}
