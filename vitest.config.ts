import { defineConfig, type TestProjectConfiguration } from 'vitest/config';

import { COMPILE_CACHE } from './test/support/compile-cache.ts';
import { LongFirst } from './test/support/long-first.ts';

/** Tests that look at the whole cluster, or take a part of its API away; all others have namespaces of their own. */
const ALONE = ['served-types', 'coverage', 'dropped-namespaces', 'testbed', 'whole-cluster'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

/** Looks at what all other tests have asked the cluster for, which a cluster of your own logs for nobody. */
const LAST = ['test/e2e/accounts.test.ts'];
const HAS_LOG = process.env['HOLDFAST_TESTBED_REQUESTS'] !== undefined;

interface EndToEnd {
  readonly name: string;
  readonly include?: string[];
  readonly exclude?: string[];
  readonly maxWorkers: number;
  readonly groupOrder: number;
}

/**
 * Tests of a whole Holdfast on the test bed's cluster. Each takes half a processor for itself and for the cluster, and
 * waits otherwise: three keep two processors busy, and a fourth would only make all of them wait.
 */
function e2e({
  name,
  include,
  exclude = [],
  maxWorkers,
  groupOrder,
}: EndToEnd): TestProjectConfiguration {
  return {
    test: {
      name,
      globalSetup: [
        ...['test/support/bundle.ts', 'test/support/compile-cache.ts'],
        ...['test/support/dropped-namespaces.ts', 'test/support/chart-accounts.ts'],
      ],
      include: include ?? ['test/e2e/**/*.test.ts'],
      exclude: [...exclude, 'node_modules/**'],
      maxWorkers,
      sequence: { groupOrder },
      // A poll that is to see something has as long as the machine needs.
      expect: { poll: { timeout: 60_000, interval: 100 } },
      testTimeout: 300_000,
      hookTimeout: 300_000,
    },
  };
}

/** The Temporal bridge does not live in threads, hence forks. */
export default defineConfig({
  test: {
    pool: 'forks',
    reporters: ['default', 'json', './test/support/failed-tests.ts'],
    outputFile: { json: 'test-report.json' },
    // Tests start some hundred processes, which load the same modules.
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          name: 'unit',
          globalSetup: ['test/support/dropped-namespaces.ts'],
          include: ['test/**/*.test.ts'],
          exclude: ['test/{e2e,skew,campaign}/**', 'node_modules/**'],
          // Twice as many as there are processors here: a third of them wait for the test bed most of their time.
          maxWorkers: 4,
          // As below: a second is little for a process to start while three other files run.
          expect: { poll: { timeout: 30_000 } },
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 0 },
        },
      },
      e2e({ name: 'e2e', exclude: [...ALONE, ...LAST], maxWorkers: 3, groupOrder: 1 }),
      e2e({ name: 'alone', include: ALONE, maxWorkers: 1, groupOrder: 2 }),
      ...(HAS_LOG ? [e2e({ name: 'last', include: LAST, maxWorkers: 1, groupOrder: 3 })] : []),
    ],
  },
});
