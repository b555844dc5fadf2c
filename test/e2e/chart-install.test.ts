import { afterAll, beforeAll, test } from 'vitest';

import { ChartScenario } from '../support/chart-scenario.ts';

// Goal: what the chart installs backs up and restores, survives an upgrade, and goes without a trace but the backups.
// Method: the real helm, the image of this checkout in the test bed's cluster, a Temporal outside of it, and the command
// line, which finds the API by the kubeconfig.

let scenario: ChartScenario;

beforeAll(async () => {
  scenario = await ChartScenario.start();
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

test('an upgrade that replaces every pod leaves a backup under way to end well', async () => {
  await scenario.expectUpgraded(['config.logLevel=debug', 'api.replicas=3']);
});

test('what is uninstalled leaves backups, its key, and nothing else', async () => {
  await scenario.expectUninstalled();
});
