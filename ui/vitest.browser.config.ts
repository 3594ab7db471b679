import { defineConfig } from 'vitest/config';

/** Tests of the built pages in Chromium. */
export default defineConfig({
  test: {
    include: ['tests/browser/*.test.ts'],
    globalSetup: 'tests/browser/build.ts',
    testTimeout: 180_000,
    hookTimeout: 60_000,
    // Each file has a browser of its own, and a small machine has two cores.
    maxWorkers: 2,
  },
});
