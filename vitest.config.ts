// Which tests are there, and how long may one take?
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{client,repo-tools,site,scripts}/test/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
