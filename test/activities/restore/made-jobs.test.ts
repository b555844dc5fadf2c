import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';

import { openCluster } from '../../../activities/kubernetes/client.ts';
import { freshNamespace } from '../../support/fresh-namespace.ts';
import { kubectl } from '../../support/kubectl.ts';
import { RestoreSteps } from '../../support/restore-steps.ts';
import { typeOf } from '../../support/stored-backup.ts';

// Goal: a Job that a restore has created, and that the cluster took away once it had ended, is not run a second time
// by another attempt of its shard. Method: the activities run against the real API server; the Jobs are suspended, and
// deleted as the controller would delete them.

const cluster = openCluster();
const JOB = typeOf('Job', 'jobs.batch');
let steps: RestoreSteps;
let namespace: string;

beforeEach(async () => {
  namespace = await freshNamespace('jobs');
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'holdfast.test/pause:1' }] },
  };
  const jobs = { 'short-lived': { ttlSecondsAfterFinished: 0 }, lasting: {} };
  steps = await RestoreSteps.of(
    Object.entries(jobs).map(([name, more]) => ({
      type: JOB,
      object: { metadata: { name, namespace }, spec: { suspend: true, template, ...more } },
    })),
  );
});

afterEach(async () => {
  await steps.remove();
  await kubectl('delete', 'namespace', namespace, '--wait=false');
});

afterAll(async () => {
  await cluster.close();
});

async function jobs(): Promise<string[]> {
  const names = await kubectl('-n', namespace, 'get', 'jobs', '-o', 'name');
  return names.split('\n').filter((name) => name !== '');
}

test('a Job that went away after it had ended is not run again by another attempt', async () => {
  const plan = await steps.plan(cluster);
  await steps.apply(cluster, plan);
  expect(await jobs()).toEqual(['job.batch/lasting', 'job.batch/short-lived']);
  await kubectl('-n', namespace, 'delete', 'jobs', '--all');
  const shards = await steps.apply(cluster, plan, { attempt: 2 });
  // The cluster keeps a Job without a time to live: somebody has deleted this one.
  expect(await jobs()).toEqual(['job.batch/lasting']);
  expect(await steps.finish(cluster, shards)).toMatchObject({
    phase: 'Completed',
    counts: { created: 2, failed: 0 },
  });
});

test('a Job with a time to live that no attempt has created yet is created by the second one', async () => {
  const plan = await steps.plan(cluster);
  await steps.apply(cluster, plan, { attempt: 2 });
  expect(await jobs()).toContain('job.batch/short-lived');
});

test('a Job with a time to live that is still there counts as created', async () => {
  const plan = await steps.plan(cluster);
  await steps.apply(cluster, plan);
  const shards = await steps.apply(cluster, plan, { attempt: 2 });
  expect(await steps.finish(cluster, shards)).toMatchObject({ counts: { created: 2, failed: 0 } });
});
