import { afterAll, beforeAll, expect, test } from 'vitest';

import { ChartScenario } from '../support/chart-scenario.ts';
import { WORKER_DEPLOYMENT } from '../support/chart-release.ts';
import { holdfastImage } from '../support/holdfast-image.ts';
import { kubectl } from '../support/kubectl.ts';
import { WorkerVersions } from '../support/worker-versions.ts';

// Goal: what the chart installs backs up and restores, survives an upgrade to another version, and goes but for the backups
// and what the documentation says. Method: the real helm, the image of this checkout in the test bed's cluster after one
// whose workflow workers are another version, though they do the same, a Temporal outside of it, and the command line, which
// finds the API by the kubeconfig.

let scenario: ChartScenario;
let versions: WorkerVersions;

beforeAll(async () => {
  scenario = await ChartScenario.start({ isEarlier: true });
  versions = await WorkerVersions.open(scenario.installation, WORKER_DEPLOYMENT);
});

afterAll(async () => {
  await versions.close();
  await scenario.stop();
});

/** Images of the workflow workers. */
async function workflowWorkers(): Promise<string[]> {
  const image = '{.spec.template.spec.containers[0].image}';
  const path = `jsonpath={range .items[*]}{.metadata.name} ${image}{"\\n"}{end}`;
  const found = await kubectl('-n', scenario.release.name, 'get', 'deployments', '-o', path);
  return found
    .split('\n')
    .filter((line) => line.includes('-workflow-worker'))
    .map((line) => line.replace(/^.*:/, ''));
}

test('the command line finds nothing wrong with what the chart has installed', async () => {
  await scenario.expectHealthy();
});

test('a namespace with hooks and a volume is backed up, lost and restored', async () => {
  await scenario.expectRestored();
});

test('an upgrade to another version leaves a backup under way to end well, on the old one', async () => {
  const before = await versions.current();
  const [earlier = ''] = await workflowWorkers();
  const latest = (await holdfastImage()).replace(/^.*:/, '');
  const values = ['config.logLevel=debug', 'api.replicas=3', `image.tag=${latest}`];
  await scenario.expectUpgraded([...values, `workflowWorker.previousVersions[0].tag=${earlier}`]);
  expect((await workflowWorkers()).sort()).toEqual([latest, earlier].sort());
  expect(await versions.versionsOf('backup/default/meanwhile')).toEqual([before]);
  await expect.poll(() => versions.current()).not.toBe(before);
  await scenario.expectBackedUp('after');
  expect(await versions.versionsOf('backup/default/after')).toEqual([await versions.current()]);
  await expect
    .poll(() => versions.drainage(before ?? ''), { timeout: 120_000 })
    .toBe('VERSION_DRAINAGE_STATUS_DRAINED');
  await scenario.release.upgrade(...values);
  expect(await workflowWorkers()).toEqual([latest]);
});

test('what is uninstalled leaves backups, its key, definitions, one schedule, and nothing else', async () => {
  await scenario.expectUninstalled();
});
