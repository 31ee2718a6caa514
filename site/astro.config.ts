// How Astro makes the pages: static files, styles in files of their own so that the policy needs no exception.

import { defineConfig } from 'astro/config';

export default defineConfig({
  output: 'static',
  trailingSlash: 'always',
  // Several pages at once: while one waits for the disk, the next is made
  build: { format: 'directory', inlineStylesheets: 'never', concurrency: 8 },
  // 'jsx', the default, takes the space between elements away
  compressHTML: true,
  devToolbar: { enabled: false },
});
