import { type ShellBlock, shellBlocks } from './shell-blocks.ts';

/**
 * The test that runs all commands of a page, from the first to the last. A section that another test runs stands by itself,
 * by the anchor of its heading, and is no part of the rest of its page.
 */
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
  'docs/operations.md#moving-a-run-to-the-current-version': 'test/e2e/worker-versions.test.ts',
  'docs/operations.md#without-helm': 'test/e2e/documented-commands.test.ts',
  'docs/operations.md#workers-with-versions': 'test/e2e/chart-install.test.ts',
  'docs/plugins.md': 'test/e2e/documented-commands.test.ts',
  'docs/quick-start.md': 'test/e2e/quick-start.test.ts',
  'docs/quick-start.md#what-the-cluster-keeps': 'test/e2e/documented-commands.test.ts',
  'docs/schedules.md': 'test/e2e/documented-commands.test.ts',
  'docs/troubleshooting.md': 'test/e2e/quick-start.test.ts',
};

/** The page or section of the table of which a block is a part, or would be. */
export function placeOf({ page, sections }: ShellBlock): string {
  return sections.map((anchor) => `${page}#${anchor}`).findLast(isOfTable) ?? page;
}

/** The blocks of a page or section of the table, from its top to its end. */
export function blocksOf(place: string): ShellBlock[] {
  const [page = ''] = place.split('#');
  return shellBlocks(page).filter((block) => placeOf(block) === place);
}

function isOfTable(place: string): boolean {
  return Object.hasOwn(RUN_BY, place);
}
