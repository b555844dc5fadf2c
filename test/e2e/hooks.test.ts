import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BackupHookList, BackupResource } from '../../domain/api-resource.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import { freezeOfLease, type StoredFreeze } from '../../domain/hooks/freeze.ts';
import type { BackupHooks, BackupHookSpec } from '../../domain/hooks/hook-spec.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import { readAll } from '../../storage/object-store/read-all.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { AGENT_NODE, Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';
import { backUpReplaced } from '../support/replace-pod.ts';
import { terminateBackup } from '../support/terminate-backup.ts';
import { applyVolumePod } from '../support/volume-pods.ts';

// Goal: hooks run around the copies of their pod's volumes, and one that fails keeps back what it should and nothing
// else; what is left frozen is thawed by its guard, though nobody else looks for it. Method: real pods with Velero's
// annotations on the test bed, one backup of all of them; a worker without a sweeper.

let installation: Installation;
let namespace: string;
let guarded: string;
let replaced: string;
let copy: string;
let status: BackupResource['status'];

const sh = (script: string): string => JSON.stringify(['sh', '-c', script]);

/** Annotations of the hooks of a pod, without their prefixes. */
function hooks(pre: Record<string, string>, post: Record<string, string> = {}) {
  const annotated = (phase: string, keys: Record<string, string>) =>
    Object.entries(keys).map(([key, value]) => [`${phase}.hook.backup.velero.io/${key}`, value]);
  return Object.fromEntries([...annotated('pre', pre), ...annotated('post', post)]) as Record<
    string,
    string
  >;
}

/** What each pod of the backup has, by its name, which its claim has too. */
const PODS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  good: hooks(
    { command: sh('echo frozen > /volumes/good/state; echo said; echo grumbled >&2') },
    { command: sh('echo thawed > /volumes/good/state') },
  ),
  failing: hooks({ command: sh('echo why >&2; exit 3') }, { command: sh('touch /undone') }),
  lenient: hooks({ command: '/no/such/program', 'on-error': 'Continue' }),
  slow: hooks({ command: sh('sleep 60'), timeout: '1s' }, { command: sh('touch /undone') }),
  wrong: hooks({ command: sh('true'), container: 'nobody' }),
  plain: {},
  asked: {},
  mistaken: {},
};

/** Labels by which the request has hooks for pods. Those of `good` are in its annotations all the same. */
const LABELS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  good: { hooks: 'flush' },
  asked: { hooks: 'flush' },
  mistaken: { hooks: 'lost' },
};

/** Hooks of the request: for pods by their labels, one in a container that is not there, and one for nobody. */
function requested(): BackupHooks {
  const command = (script: string, container?: string): BackupHookSpec => ({
    exec: { command: ['sh', '-c', script], ...(container === undefined ? {} : { container }) },
  });
  const of = (hook: string) => ({ labelSelector: { matchLabels: { hooks: hook } } });
  const flush = {
    pre: [command('echo frozen > /volumes/asked/state', 'main'), command('echo twice')],
    post: [command('echo thawed > /volumes/asked/state')],
  };
  return {
    resources: [
      { name: 'flush', includedNamespaces: [namespace], ...of('flush'), ...flush },
      {
        name: 'lost',
        includedResources: ['pods'],
        ...of('lost'),
        pre: [command('true', 'nobody')],
      },
      { name: 'elsewhere', excludedNamespaces: [namespace], pre: [command('touch /pre')] },
    ],
  };
}

beforeAll(async () => {
  [installation, namespace, guarded, replaced] = await Promise.all([
    Installation.start({ hasAgent: true, isUnswept: true }),
    freshNamespace('hooks'),
    freshNamespace('guarded'),
    freshNamespace('replaced'),
  ]);
  copy = `${namespace}-copy`;
  const pod = { namespace, node: AGENT_NODE };
  await Promise.all([
    ...Object.entries(PODS).map(([name, annotations]) =>
      applyVolumePod({
        ...{ ...pod, name, annotations, labels: LABELS[name] ?? {}, claims: [name] },
        fill: `echo running > ${name}/state`,
      }),
    ),
    applyVolumePod({
      ...{ ...pod, name: 'bare', emptyDirs: ['scratch'] },
      annotations: hooks({ command: sh('touch /pre') }, { command: sh('touch /post') }),
    }),
    applyVolumePod({
      ...{ ...pod, namespace: replaced, name: 'old', claims: ['data'] },
      annotations: hooks({ command: sh('touch /pre') }, { command: sh('touch /post') }),
    }),
    applyVolumePod({
      ...{ ...pod, namespace: guarded, name: 'web', claims: ['data'] },
      annotations: {
        ...hooks({ command: sh('touch /pre') }, { command: sh('touch /post') }),
        'holdfast.dev/thaw-after': '5s',
      },
    }),
  ]);
  await installation.createBackup('all', [namespace], { hooks: requested() });
  status = (await installation.ended('backups', 'all')).status;
});

afterAll(async () => {
  await dropNamespaces(namespace, copy, guarded, replaced, installation.ownNamespace);
  await installation.stop();
});

const inPod = (pod: string, ...command: string[]): Promise<string> =>
  kubectl('-n', namespace, 'exec', pod, '--', ...command);

async function runsOf(pod: string): Promise<readonly HookRun[]> {
  const { body } = await installation.request<BackupHookList>('GET', '/backups/all/hooks');
  return body.items.filter((one) => one.pod === pod).flatMap(({ runs }) => runs);
}

async function coverageOf(claim: string) {
  const { body } = await installation.request<CoverageReport>('GET', '/backups/all/coverage');
  return body.volumes.items.find((row) => row.claim === claim);
}

function problemsOf(pod: string, side: 'errors' | 'warnings'): string[] {
  const problems = status.problems?.[side] ?? [];
  return problems
    .filter(({ subject = '' }) => subject.includes(`${namespace}/${pod}`))
    .map(({ code }) => code)
    .sort();
}

test('pre hook, copy and post hook follow one another, and what the hooks said is kept', async () => {
  const [pre, post, ...others] = await runsOf('good');
  expect(others).toEqual([]);
  expect(pre).toMatchObject({
    ...{ phase: 'pre', container: 'main', outcome: 'Succeeded', exitCode: 0 },
    ...{ stdout: 'said\n', stderr: 'grumbled\n', source: 'annotations' },
  });
  expect(post).toMatchObject({ phase: 'post', outcome: 'Succeeded', exitCode: 0 });
  expect(await inPod('good', 'cat', '/volumes/good/state')).toBe('thawed\n');
  expect((await coverageOf('good'))?.copy).toMatchObject({ outcome: 'Complete', isHeld: true });
  expect([...problemsOf('good', 'errors'), ...problemsOf('good', 'warnings')]).toEqual([]);

  await installation.createRestore('back', {
    ...{ backupName: 'all', namespaceMapping: { [namespace]: copy } },
  });
  await installation.ended('restores', 'back');
  const ready = ['wait', '--for=condition=Ready', '--timeout=60s'];
  await kubectl('-n', copy, ...ready, 'pod/good', 'pod/asked');
  for (const pod of ['good', 'asked']) {
    const state = `/volumes/${pod}/state`;
    expect(await kubectl('-n', copy, 'exec', pod, '--', 'cat', state)).toBe('frozen\n');
  }
});

test('hooks of the request run in the pods that they select, and one that cannot fails alone', async () => {
  expect(await runsOf('asked')).toMatchObject([
    { phase: 'pre', source: 'spec flush', container: 'main', outcome: 'Succeeded' },
    { phase: 'pre', source: 'spec flush', container: 'main', stdout: 'twice\n' },
    { phase: 'post', source: 'spec flush', outcome: 'Succeeded' },
  ]);
  expect(await inPod('asked', 'cat', '/volumes/asked/state')).toBe('thawed\n');
  expect((await coverageOf('asked'))?.copy).toMatchObject({ outcome: 'Complete', isHeld: true });
  const [lost, ...others] = await runsOf('mistaken');
  expect(others).toEqual([]);
  expect(lost).toMatchObject({ phase: 'pre', source: 'spec lost', outcome: 'Failed' });
  expect(lost?.message).toContain('"nobody"');
  expect(await coverageOf('mistaken')).toMatchObject({ reason: 'copy-failed' });
  expect(problemsOf('mistaken', 'errors')).toContain('hook-failed');
  expect(await runsOf('plain')).toEqual([]);
});

test('a pre hook that fails keeps the volumes of its pod from being copied, and its undo is run', async () => {
  for (const [pod, message] of [
    ['failing', 'it ended with exit code 3'],
    ['slow', 'it took longer than its timeout of 1 s, and may go on in the container'],
  ] as const) {
    const [pre] = await runsOf(pod);
    expect(pre).toMatchObject({ phase: 'pre', outcome: 'Failed', message });
    expect(await coverageOf(pod)).toMatchObject({ reason: 'copy-failed' });
    expect(problemsOf(pod, 'errors')).toContain('hook-failed');
    await inPod(pod, 'test', '-e', '/undone');
  }
  expect((await runsOf('failing'))[0]).toMatchObject({ exitCode: 3, stderr: 'why\n' });
});

test('a hook that may fail keeps nothing back, and is a warning', async () => {
  const [pre] = await runsOf('lenient');
  expect(pre).toMatchObject({ outcome: 'Failed', onError: 'Continue' });
  expect((await coverageOf('lenient'))?.copy).toMatchObject({ isHeld: false });
  expect(problemsOf('lenient', 'errors')).toEqual([]);
  expect(problemsOf('lenient', 'warnings')).toEqual(['hook-failed', 'volume-not-consistent']);
});

test('a hook for a container that is not there names those that are, and fails alone', async () => {
  const [pre] = await runsOf('wrong');
  expect(pre).toMatchObject({ outcome: 'Failed' });
  expect(pre?.message).toContain('nobody');
  expect(pre?.message).toContain('main');
  expect(problemsOf('wrong', 'errors')).toContain('hook-failed');
  expect(await coverageOf('plain')).not.toHaveProperty('reason');
});

test('hooks of a pod without volumes are run', async () => {
  expect((await runsOf('bare')).map(({ phase, outcome }) => `${phase} ${outcome}`)).toEqual([
    'pre Succeeded',
    'post Succeeded',
  ]);
  await inPod('bare', 'test', '-e', '/pre', '-a', '-e', '/post');
});

test('record, status and command line have the numbers, and only what may freeze yet is noted', async () => {
  expect(status).toMatchObject({ phase: 'PartiallyFailed', hooks: { attempted: 14, failed: 5 } });
  const store = installation.store();
  const record = JSON.parse((await readAll(store, backupKeys('all').record)).toString('utf8')) as {
    status: unknown;
  };
  expect(record.status).toMatchObject({ hookStatus: { hooksAttempted: 14, hooksFailed: 5 } });
  const copies = (await readJsonGz(store, backupKeys('all').volumes)) as CopyRecord[];
  expect(copies.find(({ claim }) => claim === 'good')?.isHeld).toBe(true);
  expect(copies.find(({ claim }) => claim === 'plain')).not.toHaveProperty('isHeld');
  const cli = startHoldfast(['backup', 'hooks', 'all', '--server', installation.apiUrl]);
  expect(await cli.status).toBe(0);
  expect(cli.stdout).toContain('it ended with exit code 3');
  // A hook that took too long may freeze yet, and its pod is thawed once more.
  expect((await freezes()).map(({ freeze }) => freeze.pod.name)).toEqual(['slow']);
});

/** What is noted of frozen pods. */
async function freezes(): Promise<StoredFreeze[]> {
  const args = ['get', 'leases', '-l', 'holdfast.dev/freeze=true', '-o', 'json'];
  const text = await kubectl('-n', installation.ownNamespace, ...args);
  const { items } = JSON.parse(text) as { items: KubernetesObject[] };
  return items.flatMap((lease) => freezeOfLease(lease) ?? []);
}

test('a pod that a rollout replaces before its hooks are run has them run in the new one', async () => {
  await backUpReplaced(installation, 'rollout', {
    ...{ namespace: replaced, node: AGENT_NODE, name: 'old', as: 'new', claims: ['data'] },
    annotations: hooks({ command: sh('touch /pre') }, { command: sh('touch /post') }),
  });
  const ended = (await installation.ended('backups', 'rollout')).status;
  expect(ended).toMatchObject({ phase: 'Completed', hooks: { attempted: 2, failed: 0 } });
  const { body } = await installation.request<BackupHookList>('GET', '/backups/rollout/hooks');
  expect(body.items).toMatchObject([
    { pod: 'new', isHeld: true, runs: [{ phase: 'pre' }, { phase: 'post' }] },
  ]);
  expect(await kubectl('-n', replaced, 'exec', 'new', '--', 'ls', '/pre', '/post')).toContain(
    '/post',
  );
});

test('the guard alone thaws a pod at its deadline when run and batch were terminated', async () => {
  // Temporal takes the queue of a node for served for a while after its agent was killed: the copy waits for it.
  await installation.kill('agent');
  await installation.createBackup('guarded', [guarded]);
  const has = (file: string): Promise<string> =>
    kubectl('-n', guarded, 'exec', 'web', '--', 'sh', '-c', `ls ${file} 2>/dev/null || true`);
  await expect.poll(() => has('/pre')).toBe('/pre\n');
  await terminateBackup(installation, 'guarded', { isWithVolumes: true });
  await expect.poll(() => has('/post')).toBe('/post\n');
  await expect
    .poll(async () => (await freezes()).find(({ freeze }) => freeze.pod.namespace === guarded))
    .toMatchObject({ thawing: { thawed: { by: 'the guard of the freeze', isClean: true } } });
});
