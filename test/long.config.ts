import { defineConfig } from 'vitest/config';

/** Tests that `make test` does not run: they take minutes, and need more than the test bed. Each has a make target. */
export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', 'json'],
    globalSetup: ['test/support/bundle.ts'],
    fileParallelism: false,
    hookTimeout: 600_000,
    projects: [
      {
        extends: true,
        test: { name: 'skew', include: ['test/skew/**/*.test.ts'], testTimeout: 300_000 },
      },
      {
        extends: true,
        test: {
          name: 'restore-kills',
          include: ['test/campaign/restore-kill.test.ts'],
          testTimeout: 3_600_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'volume-kills',
          include: ['test/campaign/volume-*.test.ts'],
          testTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'freeze-kills',
          include: ['test/campaign/freeze-kills.test.ts'],
          testTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'api-fuzz',
          include: ['test/campaign/api-fuzz.test.ts'],
          testTimeout: 86_400_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'plugin-kills',
          include: ['test/campaign/plugin-kills.test.ts'],
          // A poll that is to see something has as long as the machine needs.
          expect: { poll: { timeout: 60_000, interval: 100 } },
          testTimeout: 1_800_000,
        },
      },
    ],
  },
});
