import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import { Refusal } from '../../../activities/kubernetes/errors.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { deleteNamespace, kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';
import { wrapped } from '../../support/wrapped-cluster.ts';

// Goal: an admission policy denies nothing of its own backup. Method: the real API server, and a policy that denies
// every object of a custom type while its parameters, which are such an object, are missing; after it was created the
// restore goes on only when the API server is seen to deny.

const cluster = openCluster();
const id = `policies-${String(process.pid)}`;
const group = `${id}.holdfast.test`;
const LIMIT = typeOf('Limit', `limits.${group}`);
const [DEFINITION, POLICY, BINDING] = [
  typeOf('CustomResourceDefinition', 'customresourcedefinitions.apiextensions.k8s.io', false),
  typeOf(
    'ValidatingAdmissionPolicy',
    'validatingadmissionpolicies.admissionregistration.k8s.io',
    false,
  ),
  typeOf(
    'ValidatingAdmissionPolicyBinding',
    'validatingadmissionpolicybindings.admissionregistration.k8s.io',
    false,
  ),
];
const POLICY_WAIT_MS = 30_000;
let steps: RestoreSteps;

beforeEach(async () => {
  await kubectl('create', 'namespace', id);
});

afterEach(async () => {
  await steps.remove();
  for (const type of [BINDING, POLICY]) {
    await kubectl('delete', type.resource, id, '--ignore-not-found');
  }
  await kubectl('delete', 'customresourcedefinition', `limits.${group}`, '--ignore-not-found');
  await deleteNamespace(id);
});

afterAll(async () => {
  await cluster.close();
});

const definition: KubernetesObject = {
  metadata: { name: `limits.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'limits', singular: 'limit', kind: 'Limit', listKind: 'LimitList' },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true },
        schema: { openAPIV3Schema: { type: 'object' } },
      },
    ],
  },
};

const policy: KubernetesObject = {
  metadata: { name: id },
  spec: {
    failurePolicy: 'Fail',
    paramKind: { apiVersion: `${group}/v1`, kind: 'Limit' },
    matchConstraints: {
      resourceRules: [
        {
          ...{ apiGroups: [group], apiVersions: ['*'], resources: ['limits'] },
          operations: ['CREATE'],
        },
      ],
    },
    validations: [{ expression: 'object.metadata.name != "probe"', message: 'not the probe' }],
  },
};

const binding: KubernetesObject = {
  metadata: { name: id },
  spec: {
    policyName: id,
    paramRef: { name: 'params', namespace: id, parameterNotFoundAction: 'Deny' },
    validationActions: ['Deny'],
  },
};

function limit(name: string): KubernetesObject {
  return { metadata: { name, namespace: id } };
}

/** Waits until the API server denies what the policy always denies. */
async function untilEnforced(): Promise<void> {
  const probe = { apiVersion: `${group}/v1`, kind: 'Limit', ...limit('probe') };
  const isDenied = (): Promise<boolean> =>
    cluster.create(LIMIT, probe, { isDryRun: true }).then(
      () => false,
      (error: unknown) => error instanceof Refusal,
    );
  await expect.poll(isDenied, { timeout: POLICY_WAIT_MS }).toBe(true);
}

test('a policy whose parameters are in the backup denies nothing of it', async () => {
  steps = await RestoreSteps.of([
    { type: DEFINITION, object: definition },
    { type: POLICY, object: policy },
    { type: BINDING, object: binding },
    ...['other', 'params'].map((name) => ({ type: LIMIT, object: limit(name) })),
  ]);
  const patient = wrapped(cluster, {
    create: async (type, object, options) => {
      const created = await cluster.create(type, object, options);
      if (type.resource === BINDING.resource) {
        await untilEnforced();
      }
      return created;
    },
  });
  expect(await steps.all(patient)).toMatchObject({
    phase: 'Completed',
    counts: { created: 5, failed: 0 },
  });
  expect(await kubectl('-n', id, 'get', definition.metadata.name, '-o', 'name')).toBe(
    ['other', 'params'].map((name) => `limit.${group}/${name}\n`).join(''),
  );
});
