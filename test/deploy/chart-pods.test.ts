import { expect, test } from 'vitest';

import { type Document, documents, type PodSpec } from '../support/rendered-documents.ts';

// Goal: pods are what the values say of them, and no more than Pod Security and other owners of a field leave to them.
// Method: the real helm renders the chart.

const EMBEDDED = 'temporal={"embedded":{"enabled":true}}';
/** Parts of the chart whose processes are Holdfast's. */
const PARTS = ['api', 'workflowWorker', 'clusterWorker', 'nodeAgent'];
/** The names of their pods' owners. */
const OWN = ['api', 'workflow-worker', 'cluster-worker', 'node-agent'].map(
  (component) => `holdfast-${component}`,
);
const NODE_AGENT = 'holdfast-node-agent';

/** The pods that an installation has, by the names of their owners. */
function podsOf(made: readonly Document[]): ReadonlyMap<string, PodSpec> {
  return new Map(
    made.flatMap(({ metadata, spec }) =>
      spec?.template === undefined ? [] : [[metadata.name, spec.template.spec] as const],
    ),
  );
}

test('every process has the time to end that the values give it', async () => {
  const times = PARTS.map(
    (part, index) => `${part}={"terminationGracePeriodSeconds":${String(240 + index)}}`,
  );
  const pods = podsOf(await documents(EMBEDDED, ...times));
  expect(OWN.map((name) => pods.get(name)?.terminationGracePeriodSeconds)).toEqual(
    PARTS.map((_, index) => 240 + index),
  );
});

test('every pod but that of the node agent may run where Pod Security restricts it', async () => {
  const pods = podsOf(await documents(EMBEDDED));
  expect([...pods.keys()].sort()).toEqual([...OWN, 'holdfast-temporal'].sort());
  for (const [name, { containers }] of pods) {
    for (const { securityContext } of containers) {
      expect(securityContext, name).toMatchObject({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        ...(name === NODE_AGENT
          ? { runAsUser: 0 }
          : { runAsNonRoot: true, capabilities: { drop: ['ALL'] } }),
      });
    }
  }
});

test('numbers of users and groups can be left to the cluster, but for the node agent', async () => {
  const made = await documents(
    EMBEDDED,
    'podSecurityContext={"fsGroup":null}',
    'containerSecurityContext={"runAsUser":null,"runAsGroup":null}',
    'nodeAgent={"containerSecurityContext":{"seLinuxOptions":{"type":"spc_t"}}}',
  );
  const { [NODE_AGENT]: agent, ...others } = Object.fromEntries(podsOf(made));
  expect(Object.keys(others)).toHaveLength(4);
  expect(JSON.stringify(others)).not.toMatch(/runAsUser|runAsGroup|fsGroup/);
  expect(agent?.containers[0]?.securityContext).toMatchObject({
    runAsUser: 0,
    seLinuxOptions: { type: 'spc_t' },
  });
});

test('a volume that is added is for the group of all processes but the node agents', async () => {
  const pods = podsOf(await documents(EMBEDDED));
  for (const [name, { securityContext }] of pods) {
    expect(securityContext, name).toEqual(name === NODE_AGENT ? undefined : { fsGroup: 65532 });
  }
});

test('how many pods there are can be left to an autoscaler, and may be none', async () => {
  const made = await documents(
    ...[EMBEDDED, 'api={"replicas":null}'],
    ...['workflowWorker={"replicas":null}', 'clusterWorker={"replicas":0}'],
  );
  const deployments = made.filter(({ kind }) => kind === 'Deployment');
  expect(
    Object.fromEntries(deployments.map(({ metadata, spec }) => [metadata.name, spec?.replicas])),
  ).toEqual({
    'holdfast-api': undefined,
    'holdfast-workflow-worker': undefined,
    'holdfast-cluster-worker': 0,
  });
});
