import { defineConfig } from 'vitest/config';

/** The Temporal bridge does not live in threads, hence forks. */
export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', 'json'],
    outputFile: { json: 'test-report.json' },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{e2e,skew,campaign}/**', 'node_modules/**'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          globalSetup: ['test/support/bundle.ts'],
          include: ['test/e2e/**/*.test.ts'],
          // They share one cluster and two processors.
          fileParallelism: false,
          // A poll that is to see something has as long as the machine needs.
          expect: { poll: { timeout: 60_000, interval: 100 } },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
