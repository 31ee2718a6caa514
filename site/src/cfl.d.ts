// What build.ts puts in place of the library.

declare module 'cfl:catalogue' {
  import type { Catalogue } from './catalogue.ts';

  export const catalogue: Catalogue;
  /** Of the library; undefined where it was read from a folder. */
  export const address: string | undefined;
}
