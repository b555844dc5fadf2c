/** The test that runs all commands of a page, from the first to the last. */
export const RUN_BY: Readonly<Record<string, string>> = {
  'README.md': 'test/e2e/quick-start.test.ts',
  'docs/access.md': 'test/e2e/quick-start.test.ts',
  'docs/api.md': 'test/e2e/documented-commands.test.ts',
  'docs/day-two.md': 'test/e2e/quick-start.test.ts',
  'docs/from-velero.md': 'test/e2e/documented-commands.test.ts',
  'docs/locations.md': 'test/e2e/documented-commands.test.ts',
  'docs/lost-cluster.md': 'test/e2e/lost-cluster.test.ts',
  'docs/lost-temporal.md': 'test/e2e/lost-temporal.test.ts',
  'docs/notifications.md': 'test/e2e/documented-commands.test.ts',
  'docs/plugins.md': 'test/e2e/documented-commands.test.ts',
  'docs/quick-start.md': 'test/e2e/quick-start.test.ts',
  'docs/schedules.md': 'test/e2e/documented-commands.test.ts',
  'docs/troubleshooting.md': 'test/e2e/quick-start.test.ts',
};
