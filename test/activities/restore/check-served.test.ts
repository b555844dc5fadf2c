import { afterEach, expect, test } from 'vitest';

import { ApplicationFailure } from '@temporalio/common';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import type { Discovery } from '../../../activities/kubernetes/port.ts';
import { readRestorePlan } from '../../../activities/restore/restore-run.ts';
import { redactFailures } from '../../../activities/redact-failures.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { restoreFolder, shardItemsKey } from '../../../domain/object-key.ts';
import type { RestoreSpec } from '../../../domain/restore.ts';
import { readIndex } from '../../../storage/format/index-file.ts';
import type { ArchiveItem } from '../../../storage/format/member-encoder.ts';
import { discoveringCluster } from '../../support/discovering-cluster.ts';
import { servedType } from '../../support/memory-cluster.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: what the cluster cannot serve is named before the first write, and nothing that it can serve is refused.

const BUILT_IN = [
  servedType('customresourcedefinitions.apiextensions.k8s.io', 'CustomResourceDefinition'),
  servedType('apiservices.apiregistration.k8s.io', 'APIService'),
  servedType('namespaces', 'Namespace', { isNamespaced: false }),
];
const NAME = 'widgets.example.com';

let steps: RestoreSteps;

afterEach(async () => {
  await steps.remove();
});

function widget(name: string, version: string, isOtherVersion?: true): ArchiveItem {
  return {
    type: { ...typeOf('Widget', NAME), version },
    object: { metadata: { name, namespace: 'shop' } },
    ...(isOtherVersion === undefined ? {} : { isOtherVersion }),
  };
}

/** The definition of the widgets; versions with a `!` are defined and not served. */
function definition(...versions: readonly string[]): ArchiveItem {
  const spec = {
    versions: versions.map((version) => ({
      ...{ name: version.replace('!', ''), served: !version.endsWith('!') },
    })),
  };
  const object: KubernetesObject = { metadata: { name: NAME }, spec };
  const type = 'customresourcedefinitions.apiextensions.k8s.io';
  return { type: typeOf('CustomResourceDefinition', type, false), object };
}

/** What registers a version of the widgets' group; without a service it stands for definitions. */
function apiService(version: string, service?: object): ArchiveItem {
  const object: KubernetesObject = {
    metadata: { name: `${version}.example.com` },
    spec: { group: 'example.com', version, ...(service === undefined ? {} : { service }) },
  };
  return { type: typeOf('APIService', 'apiservices.apiregistration.k8s.io', false), object };
}

/** A cluster that serves widgets in some versions, the preferred one first. */
function serving(versions: readonly string[], more: Partial<Discovery> = {}) {
  const [first, ...others] = versions.map((version) => servedType(NAME, 'Widget', { version }));
  const types = first === undefined ? BUILT_IN : [...BUILT_IN, first];
  return discoveringCluster({ types, otherVersions: others, ...more });
}

/** The widgets of a plan with their versions, and what it leaves out. */
async function plan(
  items: readonly ArchiveItem[],
  cluster: ReturnType<typeof serving>,
  spec: Partial<RestoreSpec> = {},
) {
  steps = await RestoreSteps.of(items, spec);
  const { waves, attempt } = await steps.plan(cluster);
  const widgets: string[] = [];
  for (const { firstShard: shard } of waves) {
    const key = shardItemsKey(restoreFolder('r'), { runUid: steps.run.runUid, shard, attempt });
    for await (const lines of readIndex(steps.store, key)) {
      const ours = lines.filter(({ resource }) => resource === 'widgets');
      widgets.push(...ours.map(({ name, version }) => `${name} ${version}`));
    }
  }
  return { widgets, leftOut: (await readRestorePlan(steps.store, steps.run)).leftOut };
}

const REFUSED = { code: 'type-not-served', subject: 'spec.excludedResources' };

test('items are restored in the version that the cluster prefers, if the backup has it', async () => {
  const items = [
    widget('a', 'v1'),
    widget('a', 'v1beta1', true),
    widget('only-preferred', 'v1'),
    widget('only-other', 'v1beta1', true),
  ];
  const { widgets, leftOut } = await plan(items, serving(['v1beta1', 'v1beta2']));
  // An item that the backup lacks in that version is tried as it is, and not lost in silence.
  expect(widgets.sort()).toEqual(['a v1beta1', 'only-other v1beta1', 'only-preferred v1']);
  expect(leftOut).toEqual([{ type: NAME, reason: 'it is restored in another version', items: 1 }]);
});

test('a type is refused with its versions when the cluster serves others', async () => {
  const planning = plan([widget('a', 'v1beta1')], serving(['v2', 'v1']));
  await expect(planning).rejects.toMatchObject({
    ...REFUSED,
    message: expect.stringContaining(`${NAME} (backup: v1beta1; cluster: v2, v1)`) as string,
  });
});

test('a type that is not served is restored if its definition is, in a version that this serves', async () => {
  const items = [widget('a', 'v1'), widget('a', 'v1beta1', true)];
  const { widgets } = await plan([...items, definition('v1!', 'v1beta1')], serving([]));
  expect(widgets).toEqual(['a v1beta1']);
  await steps.remove();
  await expect(plan(items, serving([]))).rejects.toMatchObject(REFUSED);
  await steps.remove();
  await expect(plan([...items, definition('v3')], serving([]))).rejects.toMatchObject(REFUSED);
});

test('a type that is not served is restored if what registers its API server is', async () => {
  const items = [widget('a', 'v1'), widget('a', 'v1beta1', true)];
  const service = { name: 'api', namespace: 'shop' };
  const { widgets } = await plan([...items, apiService('v1beta1', service)], serving([]));
  expect(widgets).toEqual(['a v1beta1']);
  await steps.remove();
  const silent = serving([], { failedGroups: ['example.com/v1'] });
  expect((await plan([...items, apiService('v1', service)], silent)).widgets).toEqual(['a v1']);
  await steps.remove();
  await expect(plan([...items, apiService('v1')], serving([]))).rejects.toMatchObject(REFUSED);
  await steps.remove();
  const otherVersion = plan([...items, apiService('v2', service)], serving([]));
  await expect(otherVersion).rejects.toMatchObject(REFUSED);
  await steps.remove();
  const withoutIt = { excludedResources: ['apiservices.apiregistration.k8s.io'] };
  const leftOut = plan([...items, apiService('v1', service)], serving([]), withoutIt);
  await expect(leftOut).rejects.toMatchObject(REFUSED);
});

test('a definition that is in the cluster counts with its new versions only when it is updated', async () => {
  const items = [widget('a', 'v1beta1'), definition('v1', 'v1beta1')];
  await expect(plan(items, serving(['v1']))).rejects.toMatchObject(REFUSED);
  await steps.remove();
  const { widgets } = await plan(items, serving(['v1']), { existingResourcePolicy: 'update' });
  expect(widgets).toEqual(['a v1beta1']);
});

test('a server that does not answer is named as that', async () => {
  const planning = plan([widget('a', 'v1')], serving([], { failedGroups: ['example.com/v1'] }));
  await expect(planning).rejects.toMatchObject({
    ...REFUSED,
    message: expect.stringContaining('the API server of example.com/v1 does not answer') as string,
  });
});

test('types of which nothing would be restored are not asked about', async () => {
  const labels = { 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' };
  const address = typeOf('IPAddress', 'ipaddresses.networking.k8s.io', false);
  const items = [
    { type: typeOf('Node', 'nodes', false), object: { metadata: { name: 'node-a' } } },
    { type: address, object: { metadata: { name: '10.96.0.1', labels } } },
    {
      type: typeOf('Gadget', 'gadgets.example.com'),
      object: { metadata: { name: 'a', namespace: 'other' } },
    },
    widget('a', 'v1'),
  ];
  const { widgets } = await plan(items, serving(['v1']), { includedNamespaces: ['shop'] });
  expect(widgets).toEqual(['a v1']);
  await steps.remove();
  const whole = items.filter(({ type }) => type.resource !== 'gadgets');
  expect((await plan(whole, serving(['v1']))).widgets).toEqual(['a v1']);
});

test('a real cluster refuses what it does not serve, and the failure carries each type', async () => {
  const old = { ...typeOf('Deployment', 'deployments.apps'), version: 'v1beta1' };
  const object = { metadata: { name: 'a', namespace: 'shop' } };
  steps = await RestoreSteps.of([widget('a', 'v1'), { type: old, object }]);
  const cluster = openCluster();
  const failure = await redactFailures(() => steps.plan(cluster)).catch((error: unknown) => error);
  await cluster.close();
  if (!(failure instanceof ApplicationFailure)) {
    throw new Error('the plan must be refused');
  }
  expect(failure).toMatchObject({ type: 'Refused', nonRetryable: true });
  expect(failure.details).toMatchObject([
    {
      errors: [
        { detail: 'deployments.apps (backup: v1beta1; cluster: v1)' },
        { detail: `${NAME} (backup: v1; cluster: none)` },
      ],
    },
  ]);
});
