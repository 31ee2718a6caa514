// What does every page ask for, and what does its policy allow? Made once a build.

import { shown } from 'cfl:catalogue';
import { createHash } from 'node:crypto';

const base = import.meta.env.BASE_URL;

/** The address of a page or a file of this site. */
export function at(path: string): string {
  return `${base}${path}`;
}

/** The address of a published file, by its path below the library's: `metadata/1.root.json`. */
export function inLibrary(path: string): string {
  return `${(shown.address ?? base).replace(/\/+$/, '')}/${path}`;
}

/** Safe inside a script element: no `<` that could end it. */
export function jsonBlock(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

const { verifier } = shown.assets.scripts;

/** Where the check's code lies, and what it must be: the browser refuses anything else. */
export const importMap = jsonBlock({
  imports: { 'cfl-verifier': at(verifier.path) },
  integrity: { [at(verifier.path)]: verifier.integrity },
});

const importMapHash = createHash('sha256').update(importMap).digest('base64');

/** A page that checks reads the library's files, and its import map stands in the page. */
export function policyFor(kind: 'checks' | 'plain'): string {
  const library = shown.address === undefined ? [] : [new URL(shown.address).origin];
  const sources = {
    'default-src': ["'none'"],
    'script-src': ["'self'", ...(kind === 'checks' ? [`'sha256-${importMapHash}'`] : [])],
    'style-src': ["'self'"],
    'img-src': ["'self'"],
    'connect-src': ["'self'", ...(kind === 'checks' ? library : [])],
    'form-action': ["'self'"],
    'base-uri': ["'none'"],
    'require-trusted-types-for': ["'script'"],
  };
  return Object.entries(sources)
    .map(([name, values]) => `${name} ${values.join(' ')}`)
    .join('; ');
}
