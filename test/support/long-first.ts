import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take longest, the longest first: one at the end would run while nothing else is left. Those that install the
 * chart are far from each other, since each starts a dozen processes in pods at once, and again at an upgrade.
 */
const LONG = [
  ...[
    ...['chart-embedded', 'kill', 'volume-faults', 'volume-kills', 'volumes', 'hooks-thaw'],
    ...['lost-cluster', 'quick-start', 'api', 'plugin-faults', 'restore-webhooks', 'dev'],
    ...['restore-image', 'hooks', 'chart-install', 'restore', 'cli', 'volume-trees'],
    ...['node-agents', 'deletion', 'chart-second-cluster', 'schedules', 'worker-versions'],
    ...['run-logs', 'access', 'chart-disturbances', 'plugin-additions', 'plugin-histories'],
    ...['selection', 'dropped-namespaces'],
  ].map((name) => `e2e/${name}`),
  ...['apply-deferred', 'existing-update', 'apply-shards', 'webhook-denials', 'left-alone'].map(
    (name) => `activities/restore/${name}`,
  ),
  ...['activities/engine/restic/bucket', 'api/routes/health', 'architecture/guards'],
  ...['support/audit-log', 'workflows/replay', 'storage/location-check'],
].map((name) => `/test/${name}.test.ts`);

/** Starts what takes long first; otherwise as Vitest does, which tells by the size of a file in a fresh checkout. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => placeOf(one) - placeOf(other));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((end) => moduleId.endsWith(end));
  return place === -1 ? LONG.length : place;
}
