import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { rendered } from '../support/helm.ts';
import { kubectl } from '../support/kubectl.ts';
import { tryManifests } from '../support/manifests.ts';

// Goal: the chart makes what a cluster takes, and so do the manifests for those without Helm. Method: the real helm and
// kustomize render them, and a real API server is asked without anything being made.

const EVERYTHING = [
  'temporal={"embedded":{"enabled":true}}',
  'metrics={"dashboard":{"enabled":true}}',
];

test('a cluster takes all that the chart makes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-chart-'));
  const file = join(folder, 'chart.yaml');
  await writeFile(file, await rendered(...EVERYTHING));
  try {
    const told = await kubectl('apply', '-n', 'default', '--dry-run=server', '--filename', file);
    expectTaken(told);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a cluster takes all of the plain manifests, under names that an overlay gives them', async () => {
  const told = await tryManifests({ namespace: 'default', nameSuffix: '-plain' });
  expectTaken(told);
  expect(told).toContain('deployment.apps/holdfast-api-plain created');
});

function expectTaken(told: string): void {
  const lines = told.trim().split('\n');
  expect(lines.length).toBeGreaterThan(30);
  for (const line of lines) {
    expect(line).toMatch(/(created|configured|unchanged) \(server dry run\)$/);
  }
}
