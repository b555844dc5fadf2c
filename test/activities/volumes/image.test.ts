import { afterEach, expect, test, vi } from 'vitest';

import { withHeartbeat } from '../../../activities/heartbeat.ts';
import { requireImage } from '../../../activities/volumes/image.ts';
import type { OwnDependencies } from '../../../activities/dependencies.ts';
import { inActivity } from '../../support/activity-context.ts';
import type { HeldObject } from '../../support/memory-cluster.ts';
import { NOT_PULLED, podCluster, RUNNING } from '../../support/pod-cluster.ts';

// Goal: an image that the cluster cannot pull is known before a restore makes anything. Method: a cluster in memory whose
// kubelet is the test; an image that was seen to run is not tried again.

const NAMESPACE = 'holdfast';
const RUN = { location: 'default', name: 'r', runUid: '12345678-rest' };
afterEach(() => {
  vi.restoreAllMocks();
});

function agent(image: string): HeldObject {
  const metadata = {
    ...{ namespace: NAMESPACE, name: 'agent', uid: 'u' },
    labels: { 'app.kubernetes.io/component': 'node-agent' },
  };
  const spec = { nodeName: 'n1', containers: [{ image }] };
  return { type: 'pods', object: { metadata, spec, status: RUNNING } };
}

/** Tries an image; gives the names of the pods that were made for that, and of those that are left. */
async function tryImage(
  image: string | undefined,
  {
    status = RUNNING,
    pods = [],
    seenImages = new Map(),
  }: { status?: object; pods?: HeldObject[]; seenImages?: Map<string, number> } = {},
): Promise<{ made: string[]; left: string[]; failure?: unknown }> {
  const { cluster, held, made } = podCluster(pods, status);
  const clients = { cluster, namespace: NAMESPACE, image, seenImages, installation: 'test' };
  // The cast: only what the activity uses of a worker's clients is there.
  const deps = clients as unknown as OwnDependencies;
  const trying = inActivity(() => withHeartbeat((long) => requireImage(deps, RUN, long)));
  const failure: unknown = await trying.then(
    () => undefined,
    (error: unknown) => error,
  );
  const left = held.map(({ object }) => object.metadata.name);
  return {
    made: made.map(({ metadata }) => metadata.name),
    left,
    ...(failure === undefined ? {} : { failure }),
  };
}

test('an image that nobody named is refused with the name of the variable', async () => {
  const { failure } = await tryImage(undefined);
  expect(failure).toMatchObject({ code: 'mount-refused', subject: 'HOLDFAST_IMAGE' });
});

test('an image that node agents run is there', async () => {
  expect(await tryImage('agents:1', { pods: [agent('agents:1')] })).toEqual({
    ...{ made: [], left: ['agent'] },
  });
});

test('another image is tried by a pod that goes again, and not for each restore', async () => {
  const [pods, seenImages] = [[agent('other:1')], new Map<string, number>()];
  expect(await tryImage('tried:1', { pods, seenImages })).toEqual({
    ...{ made: ['holdfast-image-2345678-rest'], left: ['agent'] },
  });
  expect(await tryImage('tried:1', { pods, seenImages })).toEqual({ made: [], left: ['agent'] });
});

test('an image that cannot be pulled is told with the node and the remedy, and the pod goes', async () => {
  const now = Date.now.bind(Date);
  let laterMs = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => now() + (laterMs += 10_000));
  const { left, failure } = await tryImage('absent:1', { status: NOT_PULLED });
  expect(failure).toMatchObject({
    ...{ code: 'mount-failed', subject: 'HOLDFAST_IMAGE' },
    message:
      'the image absent:1 cannot be pulled on n1 (ImagePullBackOff); put it into a registry that the cluster reaches, and name it in HOLDFAST_IMAGE',
  });
  expect(left).toEqual([]);
});
