import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import type {
  LocatedVolume,
  MoveVolumeInput,
  NodeActivities,
  VolumeEnd,
  VolumeEndsInput,
} from '../../activities/volume-contract.ts';
import type { ClusterActivities } from '../../activities/contract.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { isEndPhase } from '../../domain/phase.ts';
import type { VolumeProgress } from '../../domain/run-status.ts';
import {
  backupWorkflowId,
  clusterTaskQueue,
  nodeTaskQueue,
  volumesWorkflowId,
  WORKFLOW_TASK_QUEUE,
} from '../../domain/workflow-id.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { isServed } from '../../worker/task-queues.ts';
import {
  RESTORE_VOLUMES_WORKFLOW,
  type VolumesInput,
  volumesStatusQuery,
} from '../../workflows/contract.ts';
import { failureOf } from '../../workflows/failure.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: a volume that cannot be reached yet is copied once it can, and says meanwhile what it waits for. Method: claims
// whose volumes are folders of this machine, which both nodes can mount; an agent of one node, and one that was killed.

const OTHER_NODE = 'node-b';
const PATIENCE_S = 5;
let folder: string;
let installation: Installation;
let temporal: Connection;
const namespaces: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-waits-'));
  installation = await Installation.start({ patience: `${String(PATIENCE_S)}s` });
  temporal = await Connection.connect({ address: installation.temporalAddress });
});

afterAll(async () => {
  await dropNamespaces(...namespaces, installation.ownNamespace);
  await Promise.all(
    namespaces.map((name) => kubectl('delete', 'persistentvolume', name, '--ignore-not-found')),
  );
  await temporal.close();
  await installation.stop();
  await rm(folder, { recursive: true });
});

/** A namespace with a claim that is bound to a folder, which pods on some nodes can mount. */
async function applyClaim(path: string, nodes: readonly string[]): Promise<string> {
  const namespace = await freshNamespace('waits');
  namespaces.push(namespace);
  const onNodes = { key: 'kubernetes.io/hostname', operator: 'In', values: nodes };
  const shared = {
    ...{ accessModes: ['ReadWriteOnce'], storageClassName: '', volumeMode: 'Filesystem' },
  };
  const size = { storage: '1Gi' };
  const volume = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: { name: namespace } },
    spec: {
      ...{ ...shared, capacity: size, local: { path } },
      claimRef: { namespace, name: 'data' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNodes] }] } },
    },
  };
  const claim = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name: 'data' } },
    spec: { ...shared, volumeName: namespace, resources: { requests: size } },
  };
  await applyYaml([volume, claim].map((one) => JSON.stringify(one)).join('\n---\n'));
  const isBound = '--for=jsonpath={.status.phase}=Bound';
  await kubectl('-n', namespace, 'wait', isBound, 'pvc/data', '--timeout=60s');
  return namespace;
}

/** A pod that has the claim, and does nothing. */
async function applyPod(namespace: string, node: string): Promise<void> {
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'web' } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          ...{ name: 'main', image: 'holdfast.test/busybox:1.35', command: ['/pause'] },
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  };
  await applyYaml(JSON.stringify(pod));
  const wait = ['wait', '--for=condition=Ready', 'pod/web', '--timeout=60s'];
  await kubectl('-n', namespace, ...wait);
}

/** What a backup shows of its only volume; undefined before it has one. Throws when the volume has failed. */
async function looks(backup: string): Promise<VolumeProgress | undefined> {
  // The API looks once a second, which is too seldom for a state that lasts a second.
  const [volume] = await batchOf(backup)
    .query(volumesStatusQuery)
    .catch(() => []);
  // An answer that is some seconds old tells as well that the run has ended.
  const run = await installation.look('backups', backup, {});
  if (volume?.state === 'Failed' || isEndPhase(run?.status.phase ?? 'New')) {
    const { status } = await installation.ended('backups', backup);
    throw new Error(`the volume has failed: ${JSON.stringify({ volume, status })}`);
  }
  return volume;
}

/** Waits until the only volume of a backup is in a state, and gives it. */
async function until(backup: string, state: VolumeProgress['state']): Promise<VolumeProgress> {
  for (;;) {
    const volume = await looks(backup);
    if (volume?.state === state) {
      return volume;
    }
    await sleep(50);
  }
}

/** The workflow with the volume of a backup. */
function batchOf(backup: string): WorkflowHandle {
  const run = backupWorkflowId({ location: 'default', name: backup });
  return new Client({ connection: temporal }).workflow.getHandle(volumesWorkflowId(run, 0));
}

/** Waits until an agent has asked for the work of a node: it is started a little earlier. */
async function untilAgentAsks(node: string): Promise<void> {
  const connection = await NativeConnection.connect({ address: installation.temporalAddress });
  const queue = nodeTaskQueue(installation.name, node);
  while (!(await isServed({ connection, namespace: 'default' }, queue))) {
    await sleep(50);
  }
  await connection.close();
}

/** What the Temporal UI shows of the batch of a backup. */
async function shownOf(backup: string): Promise<string> {
  const handle = batchOf(backup);
  const [metadata, described] = await Promise.all([
    handle.query<{ currentDetails: string }>('__temporal_workflow_metadata'),
    handle.describe(),
  ]);
  expect(await described.staticDetails()).toContain(`the backup \`${backup}\``);
  return metadata.currentDetails;
}

/** The record of the only copy, when the backup has ended well. */
async function recordOf(backup: string): Promise<unknown> {
  const { status } = await installation.ended('backups', backup);
  expect(status).toMatchObject({ phase: 'Completed', volumes: { total: 1, done: 1, failed: 0 } });
  const records = await readJsonGz(installation.store(), backupKeys(backup).volumes);
  return (records as readonly unknown[])[0];
}

const COPIED = { outcome: 'Complete', snapshot: { files: 1, bytes: 4 } };

// First: it starts the agent that the others need.
test('a copy that the agent of a node does not take is made where the volume is next', async () => {
  const path = join(folder, 'gone');
  await mkdir(path);
  await writeFile(join(path, 'file'), 'gone');
  const namespace = await applyClaim(path, [AGENT_NODE, OTHER_NODE]);
  await applyPod(namespace, OTHER_NODE);
  // Temporal takes the queue of a node for served for little more than a minute after its agent has last asked it.
  installation.agentNode = OTHER_NODE;
  await installation.startPart('agent');
  await untilAgentAsks(OTHER_NODE);
  await installation.kill('agent');
  installation.agentNode = AGENT_NODE;
  await installation.startPart('agent');
  await installation.createBackup('gone', [namespace]);

  const { waitingFor, node } = await until('gone', 'Moving');
  expect(node).toBe(OTHER_NODE);
  expect(waitingFor).toMatchObject({
    reason: `the agent of the node ${OTHER_NODE} has not begun`,
    deadline: expect.any(String) as string,
  });
  const { waitingFor: next } = await until('gone', 'Waiting');
  expect(next?.reason).toBe('no agent took the volume in time, so that it is looked for again');
  expect(await shownOf('gone')).toMatch(/^\*\*0 of 1\*\* volumes moved, 0 failed\n\n- `\S+`: /);
  // The whole wait has one beginning and one end.
  expect(next?.since).toBe(waitingFor?.since);
  expect(next?.deadline).toBe(waitingFor?.deadline);

  await kubectl('-n', namespace, 'delete', 'pod', 'web', '--wait');
  await applyPod(namespace, AGENT_NODE);
  expect(await recordOf('gone')).toMatchObject({
    ...{ claim: 'data', node: AGENT_NODE, readThrough: 'web', copy: COPIED },
  });
});

test('a volume that is mounted late is tried, left to the kubelet, and copied', async () => {
  const path = join(folder, 'late');
  const namespace = await applyClaim(path, [AGENT_NODE]);
  await installation.createBackup('late', [namespace]);
  // The agent is asked as soon as the pod has its node, and says that nothing is mounted.
  await until('late', 'Moving');
  await until('late', 'Mounting');
  await mkdir(path);
  await writeFile(join(path, 'file'), 'late');
  expect(await recordOf('late')).toMatchObject({
    ...{ claim: 'data', node: AGENT_NODE, persistentVolume: namespace, copy: COPIED },
  });
});

test('volumes whose repository is not to be had fail with the reason, and pods at gates start', async () => {
  // Nobody waits half a day for a maintenance: the activities of this cluster are played by the test.
  const cluster = 'played';
  const repository = { clusterUid: 'uid', namespace: 'shop' };
  const pod = { kind: 'pod', node: 'n1', pod: 'web', podUid: 'web-uid' } as const;
  const volumes: LocatedVolume[] = [
    { volume: 0, name: 'shop/web cache', repository, place: pod },
    { volume: 1, name: 'shop/data', repository, place: { kind: 'unmounted' } },
  ];
  const busy = { code: 'repository-busy', message: 'the maintenance has it' } as const;
  const ends: VolumeEnd[] = [];
  const opened: Pick<MoveVolumeInput, 'volume' | 'podUid'>[] = [];
  const ofCluster: Partial<ClusterActivities> = {
    locateVolumes: () => Promise.resolve({ volumes }),
    acquireLeases: () => Promise.reject(failureOf(busy)),
    releaseLeases: () => Promise.resolve(),
    recordVolumeEnds: (input: VolumeEndsInput) => Promise.resolve(void ends.push(...input.ends)),
  };
  const ofNode: Partial<NodeActivities> = {
    openGate: ({ volume, podUid }) => Promise.resolve(void opened.push({ volume, podUid })),
  };
  await playActivities(clusterTaskQueue(cluster), ofCluster);
  await playActivities(nodeTaskQueue(cluster, 'n1'), ofNode);

  const connection = await Connection.connect({ address: installation.temporalAddress });
  const run = { location: 'default', name: 'r', runUid: 'run', kind: 'Restore' } as const;
  const input: VolumesInput = { run, batch: 0, cluster, patienceMs: 1000 };
  const moved: unknown = await new Client({ connection }).workflow.execute(
    RESTORE_VOLUMES_WORKFLOW,
    { workflowId: 'played', taskQueue: WORKFLOW_TASK_QUEUE, args: [input] },
  );
  await connection.close();
  expect(moved).toEqual({ volumes: 0, files: 0, bytes: 0, size: 2 });
  expect(ends).toEqual([
    { volume: 0, failure: expect.objectContaining(busy) as unknown },
    { volume: 1, failure: expect.objectContaining(busy) as unknown },
  ]);
  expect(opened).toEqual([{ volume: 0, podUid: 'web-uid' }]);
});

/** Serves a task queue with activities of the test until that has ended. */
async function playActivities(taskQueue: string, activities: object): Promise<void> {
  const connection = await NativeConnection.connect({ address: installation.temporalAddress });
  const worker = await Worker.create({ connection, taskQueue, activities });
  const ended = worker.run();
  onTestFinished(async () => {
    worker.shutdown();
    await ended;
    await connection.close();
  });
}
