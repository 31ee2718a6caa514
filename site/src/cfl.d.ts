// What build.ts puts in place of the library.

declare module 'cfl:catalogue' {
  import type { Shown } from '../build/shown.ts';

  export const shown: Shown;
}

/** Loaded when it is asked for, under the address and the integrity that the page's import map gives. */
declare module 'cfl-verifier' {
  export const checkRelease: typeof import('./check/check.ts').checkRelease;
}

/** Astro's. */
interface ImportMeta {
  readonly env: { readonly BASE_URL: string };
}
