import { expect, test } from 'vitest';

import { CHART, helm } from '../support/helm.ts';
import { type Document, documentsOf } from '../support/rendered-documents.ts';

// Goal: a cluster takes the names of all that the chart makes, and no release makes what another one has. Method: the real
// helm renders releases of names up to the longest.

/** Everything that has a name of its own. */
const EVERYTHING = [
  'temporal.embedded.enabled=true',
  'config.workerDeployment=holdfast',
  'workflowWorker.previousVersions[0].tag=0.0.9',
  ...['metrics.serviceMonitor.enabled=true', 'metrics.prometheusRule.enabled=true'],
  'metrics.dashboard.enabled=true',
  'accessRoles.enabled=false',
];
/** Pods of a StatefulSet have its name, a dash and ten characters more as a label; other names have 253 characters. */
const LONGEST: Readonly<Record<string, number>> = { Service: 63, StatefulSet: 63 - 11 };
const LONGEST_LABEL = 63;

async function ofRelease(name: string, ...values: string[]): Promise<Document[]> {
  const set = [...EVERYTHING, ...values].flatMap((value) => ['--set', value]);
  return documentsOf(await helm('template', name, CHART, '--namespace', 'backups', ...set));
}

test('a release of the longest name has names that a cluster takes', async () => {
  const made = await ofRelease('a'.repeat(53));
  const limited = made.filter(({ kind }) => kind in LONGEST);
  expect(limited).toHaveLength(4);
  for (const { kind, metadata } of limited) {
    expect(metadata.name.length, metadata.name).toBeLessThanOrEqual(LONGEST[kind] ?? 0);
  }
  const labels = made.flatMap(({ metadata, spec }) => [
    ...Object.values(metadata.labels ?? {}),
    ...Object.values(spec?.template?.metadata.labels ?? {}),
  ]);
  expect(labels.filter(({ length }) => length > LONGEST_LABEL)).toEqual([]);
});

test('releases whose names begin alike make no object of one name', async () => {
  const one = namesOf(await ofRelease(`${'a'.repeat(52)}1`));
  const other = namesOf(await ofRelease(`${'a'.repeat(52)}2`));
  expect(one.length).toBeGreaterThan(20);
  expect(one.filter((name) => other.includes(name))).toEqual([]);
});

test.each([
  ['holdfast', '', 'holdfast'],
  ['nightly', '', 'nightly-holdfast'],
  // 43 characters, which are kept as they are.
  [`holdfast-${'a'.repeat(34)}`, '', `holdfast-${'a'.repeat(34)}`],
  ['nightly', 'backup', 'nightly-backup'],
  ['backup-of-shop', 'backup', 'backup-of-shop'],
])('objects of the release %s with nameOverride=%s are named after %s', async (...row) => {
  const [release, override, name] = row;
  const made = await ofRelease(release, `nameOverride=${override}`);
  const strange = made.filter(({ metadata }) => !metadata.name.startsWith(name));
  expect(strange).toEqual([]);
  expect(namesOf(made)).toContain(`Deployment ${name}-api`);
});

function namesOf(made: readonly Document[]): string[] {
  return made.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}
