import { afterAll, beforeAll, expect, test } from 'vitest';

import { ChartScenario } from '../support/chart-scenario.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: the Temporal that the chart brings for a first try is enough for one: what runs and what is planned outlives its
// pod, and all that is Temporal's goes with the release. Method: as with a Temporal outside of the chart, with nothing but images from
// a mirror, and a schedule that goes on all the while.

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
  await scenario.expectScheduled();
  await scenario.expectUpgraded(
    'meanwhile',
    () => scenario.release.upgrade('config.logLevel=debug', MORE_MEMORY),
    killTemporal,
  );
  await scenario.expectScheduledAgain();
});

test('what is uninstalled leaves backups, its key, definitions, and nothing else', async () => {
  await scenario.expectUninstalled();
  const claims = 'jsonpath={.items[*].spec.claimRef.namespace}';
  const volumes = async (): Promise<string> => kubectl('get', 'persistentvolumes', '-o', claims);
  await expect.poll(volumes).not.toContain(scenario.release.name);
});

async function killTemporal(): Promise<void> {
  const { name } = scenario.release;
  const pods = ['-n', name, 'pods', '-l', 'app.kubernetes.io/component=temporal'];
  await kubectl('delete', ...pods, '--force', '--grace-period=0');
  await expect.poll(() => kubectl('get', ...pods, '-o', 'name')).not.toBe('');
  await kubectl('wait', ...pods, '--for=condition=Ready', '--timeout=60s');
}
