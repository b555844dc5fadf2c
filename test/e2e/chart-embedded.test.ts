import { afterAll, beforeAll, expect, test } from 'vitest';

import { ChartScenario } from '../support/chart-scenario.ts';
import { kubectl } from '../support/kubectl.ts';
import type { ScheduleResource } from '../../domain/api-resource.ts';

// Goal: the Temporal that the chart brings for a first try is enough for one: what runs and what is planned outlives its
// pod, and all that is Temporal's goes with the release. Method: as with a Temporal outside of the chart, with nothing but images from
// a mirror, and a schedule that goes on all the while.

const SCHEDULE = 'often';
/** Another pod of Temporal. */
const MORE_MEMORY = 'temporal.embedded.resources.limits.memory=1100Mi';

let scenario: ChartScenario;

beforeAll(async () => {
  scenario = await ChartScenario.start({ isTemporalEmbedded: true });
});

afterAll(async () => {
  await scenario.stop();
});

test('the command line finds nothing wrong with what the chart has installed', async () => {
  await scenario.expectHealthy();
});

test('a namespace with hooks and a volume is backed up, lost and restored', async () => {
  await scenario.expectRestored();
});

test('a backup and a schedule outlive an upgrade that replaces every pod, and a kill of Temporal', async () => {
  const { release, namespace } = scenario;
  const created = await release.holdfast(
    ...['schedule', 'create', SCHEDULE, '--schedule', '@every 15s', '--cluster', release.name],
    ...['--include-namespaces', namespace, '--include-resources', 'configmaps'],
  );
  expect(created).toMatchObject({ status: 0 });
  await expect.poll(lastOfSchedule).toContain(SCHEDULE);
  await scenario.expectUpgraded(
    () => release.upgrade('config.logLevel=debug', MORE_MEMORY),
    killTemporal,
  );
  const now = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  await expect.poll(async () => (await lastOfSchedule()) > `${SCHEDULE}-${now}`).toBe(true);
});

test('what is uninstalled leaves backups, its key, definitions, and nothing else', async () => {
  await scenario.expectUninstalled();
  const claims = 'jsonpath={.items[*].spec.claimRef.namespace}';
  const volumes = async (): Promise<string> => kubectl('get', 'persistentvolumes', '-o', claims);
  await expect.poll(volumes).not.toContain(scenario.release.name);
});

/** Name of the newest backup of the schedule that was Completed, which tells its time. */
async function lastOfSchedule(): Promise<string> {
  const { output } = await scenario.release.holdfast('schedule', 'get', SCHEDULE, '-o', 'json');
  const { status } = JSON.parse(output) as ScheduleResource;
  return status.lastSuccess?.backup ?? '';
}

async function killTemporal(): Promise<void> {
  const { name } = scenario.release;
  const pods = ['-n', name, 'pods', '-l', 'app.kubernetes.io/component=temporal'];
  await kubectl('delete', ...pods, '--force', '--grace-period=0');
  await expect.poll(() => kubectl('get', ...pods, '-o', 'name')).not.toBe('');
  await kubectl('wait', ...pods, '--for=condition=Ready', '--timeout=60s');
}
