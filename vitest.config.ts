// Which tests are there, how long may one take, and on how many processors do they run?
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{client,repo-tools,site,scripts}/test/**/*.test.ts', 'test/**/*.test.ts'],
    // For what hangs, not for what is slow: whole libraries are made, and other work may run beside it
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // Measured on two processors: 5 s, against 13 s with vitest's own setting. One process runs many files,
    // so a test leaves nothing behind: no environment variable, no working directory, no patched global.
    maxWorkers: availableParallelism(),
    isolate: false,
  },
});
