import { expect, test } from 'vitest';

import { gateOf } from '../../../activities/restore/volume-rules.ts';
import { nameOf } from '../../../domain/fields.ts';
import type { RestoreHooks } from '../../../domain/hooks/hook-spec.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { GATE } from '../../../domain/restore/pod-gate.ts';
import { hookPod } from '../../support/hook-pod.ts';
import { SPEC, typeNamed } from '../../support/wanted-fixture.ts';

// Goal: a pod is made with the containers that it has to wait for, in their order. Method: pods as they are created.

const RUN = { location: 'default', name: 'r', runUid: 'run' };
const OWN = { name: 'migrate', image: 'app:1' };
const WAIT = { name: 'wait', image: 'busybox:1.36' };
const HOOKS: RestoreHooks = {
  resources: [{ name: 'wait', postHooks: [{ init: { initContainers: [WAIT] } }] }],
};

function startOf(type: string, pod: KubernetesObject, hooks?: RestoreHooks): string[] {
  const spec = hooks === undefined ? SPEC : { ...SPEC, hooks };
  const gates = { 'elsewhere/db-0': ['cache'], 'gated/db-0': ['cache'] };
  const made = gateOf(RUN, { spec, image: 'holdfast:1', gates })(typeNamed(type), pod);
  return (made['spec'] as { initContainers?: unknown[] }).initContainers?.map(nameOf) ?? [];
}

test('containers of hooks come after the gate and before those of the pod', () => {
  const pod = hookPod({}, { initContainers: [OWN] });
  expect(startOf('pods', pod, HOOKS)).toEqual(['wait', 'migrate']);
  const gated = { ...pod, metadata: { ...pod.metadata, namespace: 'gated' } };
  expect(startOf('pods', gated, HOOKS)).toEqual([GATE, 'wait', 'migrate']);
  expect(startOf('pods', gated)).toEqual([GATE, 'migrate']);
  // What is created is a copy.
  expect(pod['spec']).toHaveProperty('initContainers', [OWN]);
});

test('a pod without hooks, and what is no pod, stays as it is', () => {
  expect(startOf('pods', hookPod())).toEqual([]);
  const annotations = { 'init.hook.restore.velero.io/container-image': 'busybox:1.36' };
  expect(startOf('pods', hookPod(annotations))).toEqual(['holdfast-restore-init']);
  expect(startOf('podtemplates', hookPod(annotations), HOOKS)).toEqual([]);
});
