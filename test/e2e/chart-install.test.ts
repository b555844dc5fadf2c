import { afterAll, beforeAll, expect, test } from 'vitest';

import { ChartScenario } from '../support/chart-scenario.ts';
import { WORKER_DEPLOYMENT } from '../support/chart-release.ts';
import { DocumentationReader, type PageWalk } from '../support/docs/page-walk.ts';
import { earlierImage, holdfastImage } from '../support/holdfast-image.ts';
import { kubectl } from '../support/kubectl.ts';
import { WorkerVersions } from '../support/worker-versions.ts';

// Goal: what the chart installs backs up and restores, keeps a schedule, survives an upgrade to another version, and goes
// but for the backups and what the documentation says. Method: the real helm, the image of this checkout in the test bed's
// cluster after one whose workflow workers are another version, though they do the same, a Temporal outside of it, and the
// command line, which finds the API by the kubeconfig. The upgrade is the one that the page on workers with versions has,
// command by command.

let scenario: ChartScenario;
let versions: WorkerVersions;
let reader: DocumentationReader;
let page: PageWalk;
/** Tags of the images. */
let [earlier, latest] = ['', ''];
/** The version on which it began. */
let before: string | undefined;

beforeAll(async () => {
  [scenario, reader, earlier, latest] = await Promise.all([
    ChartScenario.start({ isEarlier: true }),
    DocumentationReader.start(),
    earlierImage().then(tagOf),
    holdfastImage().then(tagOf),
  ]);
  const { installation, release } = scenario;
  versions = await WorkerVersions.open(installation, WORKER_DEPLOYMENT);
  page = reader.page('docs/operations.md#workers-with-versions', {
    env: { TEMPORAL_ADDRESS: installation.temporalAddress },
    names: {
      'upgrade holdfast ': `upgrade ${release.name} `,
      '--namespace holdfast ': `--namespace ${release.name} `,
      'image.tag=0.2.0': `image.tag=${latest}`,
      'previousVersions[0].tag=0.1.0': `previousVersions[0].tag=${earlier}`,
      'previousVersions[0].tag=0.2.0': `previousVersions[0].tag=${latest}`,
    },
  });
});

afterAll(async () => {
  await versions.close();
  await scenario.stop();
  await reader.stop();
});

function tagOf(image: string): string {
  return image.replace(/^.*:/, '');
}

/** Tags of the images of the workflow workers. */
async function workflowWorkers(): Promise<string[]> {
  const image = '{.spec.template.spec.containers[0].image}';
  const path = `jsonpath={range .items[*]}{.metadata.name} ${image}{"\\n"}{end}`;
  const found = await kubectl('-n', scenario.release.name, 'get', 'deployments', '-o', path);
  return found
    .split('\n')
    .filter((line) => line.includes('-workflow-worker'))
    .map(tagOf)
    .sort();
}

test('the command line finds nothing wrong with what the chart has installed', async () => {
  await scenario.expectHealthy();
});

test('a namespace with hooks and a volume is backed up, lost and restored', async () => {
  await scenario.expectRestored();
});

test('a schedule makes a backup', async () => {
  await scenario.expectScheduled();
});

test('an upgrade to another version leaves a backup under way to end well, on the old one', async () => {
  before = await versions.current();
  await scenario.expectUpgraded('meanwhile', () => page.next());
  expect(await workflowWorkers()).toEqual([latest, earlier].sort());
  expect(await versions.versionsOf('backup/default/meanwhile')).toEqual([before]);
  await expect.poll(() => versions.current()).not.toBe(before);
  await scenario.expectScheduledAgain();
  await scenario.expectBackedUp('after');
  expect(await versions.versionsOf('backup/default/after')).toEqual([await versions.current()]);
});

test('a version that is drained is taken out', async () => {
  await expect
    .poll(() => versions.drainage(before ?? ''), { timeout: 120_000 })
    .toBe('VERSION_DRAINAGE_STATUS_DRAINED');
  const told = await page.next();
  expect(told.split('\n').filter((line) => /\bdrained\b/.test(line))).toHaveLength(1);
  await page.next();
  expect(await workflowWorkers()).toEqual([latest]);
});

test('where versions are given up, a run ends on its version, and any worker goes on with a new one', async () => {
  const last = await versions.current();
  await scenario.expectUpgraded('meanwhile-too', () => page.next());
  expect(await workflowWorkers()).toEqual([latest, latest]);
  expect(await versions.versionsOf('backup/default/meanwhile-too')).toEqual([last]);
  await scenario.expectScheduledAgain();
  await scenario.expectBackedUp('unversioned');
  expect(await versions.versionsOf('backup/default/unversioned')).toEqual(['none']);
});

test('what is uninstalled leaves backups, its key, definitions, one schedule, and nothing else', async () => {
  await scenario.expectUninstalled();
});
