import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { Problem, RestoreHookList, RestoreResource } from '../../domain/api-resource.ts';
import { nameOf } from '../../domain/fields.ts';
import type { PodHookReport } from '../../domain/hooks/hook-report.ts';
import type { RestoreHooks } from '../../domain/hooks/hook-spec.ts';
import type { HookRun } from '../../domain/hooks/hook-run.ts';
import { restoreKeys } from '../../domain/object-key.ts';
import { isEndPhase } from '../../domain/phase.ts';
import { readJsonGz } from '../../storage/json-file.ts';
import type { VeleroResults } from '../../storage/format/record.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import { dropNamespaces } from '../support/dropped-namespaces.ts';
import { freshNamespace } from '../support/fresh-namespace.ts';
import { startHoldfast } from '../support/holdfast.ts';
import { Installation } from '../support/installation.ts';
import { kubectl } from '../support/kubectl.ts';

// Goal: hooks of restored pods run when these are as they have to be, and one that cannot run, or fails, says why and
// keeps nobody else back. Method: real pods with Velero's annotations and hooks of the request, one restore of all.

const IMAGE = 'holdfast.test/busybox:1.35';
const READY = '/tmp/ready';
const LOOK_MS = 200;

let installation: Installation;
let namespace: string;
let copy: string;
let status: RestoreResource['status'];
let hooks: readonly PodHookReport[];
let results: VeleroResults;
const said = new Set<string>();

const sh = (script: string): string => JSON.stringify(['sh', '-c', script]);

function annotated(phase: 'init' | 'post', keys: Readonly<Record<string, string>>) {
  const entries = Object.entries(keys);
  return Object.fromEntries(
    entries.map(([key, value]) => [`${phase}.hook.restore.velero.io/${key}`, value]),
  ) as Record<string, string>;
}

/** What each pod has, by its name. A pod is ready a while after it runs, and `never` never is. */
const PODS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: {},
  init: annotated('init', { 'container-image': IMAGE, command: sh('echo first') }),
  ready: annotated('post', {
    command: sh(`test -e ${READY} && touch /tmp/hooked; echo loaded; echo loudly >&2`),
    'wait-for-ready': 'true',
    'wait-timeout': '2m',
    'on-error': 'Fail',
  }),
  missing: annotated('post', { command: 'true', container: 'nobody', 'on-error': 'Fail' }),
  never: annotated('post', {
    command: 'true',
    'wait-for-ready': 'true',
    'wait-timeout': '6s',
    'on-error': 'Fail',
  }),
  slow: annotated('post', { command: sh('sleep 60'), 'exec-timeout': '1s' }),
  wrong: annotated('post', { command: 'true', 'wait-timeout': '5x' }),
  lenient: annotated('post', { command: sh('echo why >&2; exit 3') }),
  'bad-init': annotated('init', { 'container-image': IMAGE, timeout: '5x' }),
  failing: {},
};

function podOf(name: string): object {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name, namespace, annotations: PODS[name], labels: { pod: name } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          ...{ name: 'main', image: IMAGE, imagePullPolicy: 'IfNotPresent' },
          command: ['sh', '-c', `sleep 2; touch ${READY}; exec sleep 36000`],
          readinessProbe: {
            exec: { command: ['test', '-e', name === 'never' ? '/tmp/never' : READY] },
            periodSeconds: 1,
          },
        },
      ],
    },
  };
}

/** Two commands for one pod of the copy, of which the first fails, and a container for it. */
function requestedHooks(): RestoreHooks {
  const filter = {
    ...{ includedNamespaces: [copy], includedResources: ['pods'] },
    labelSelector: { matchLabels: { pod: 'failing' } },
  };
  const command = (script: string, onError: 'Continue' | 'Fail') => ({
    exec: { command: ['sh', '-c', script], container: 'main', onError, execTimeout: '1m' },
  });
  const container = { name: 'before', image: IMAGE, command: ['true'] };
  return {
    resources: [
      {
        ...{ name: 'load', ...filter },
        postHooks: [
          command('touch /tmp/first; exit 1', 'Continue'),
          command('touch /tmp/second; exit 4', 'Fail'),
          command('touch /tmp/third', 'Fail'),
          { init: { initContainers: [container] } },
        ],
      },
      {
        ...{ name: 'elsewhere', includedNamespaces: [namespace] },
        postHooks: [command('x', 'Fail')],
      },
    ],
  };
}

beforeAll(async () => {
  [installation, namespace] = await Promise.all([
    Installation.start(),
    freshNamespace('restore-hooks'),
  ]);
  copy = `${namespace}-copy`;
  const documents = Object.keys(PODS).map((name) => JSON.stringify(podOf(name)));
  await applyYaml(documents.join('\n---\n'));
  await installation.createBackup('all', [namespace]);
  await installation.ended('backups', 'all');
  await installation.createRestore('back', {
    ...{ backupName: 'all', namespaceMapping: { [namespace]: copy } },
    hooks: requestedHooks(),
  });
  status = await watch();
  const store = installation.store();
  // Files of a restore of ours.
  hooks = (await readJsonGz(store, restoreKeys('back').hooks)) as PodHookReport[];
  results = (await readJsonGz(store, restoreKeys('back').results)) as VeleroResults;
});

/** Looks at the restore until it has ended, and notes what it says that it waits for. */
async function watch(): Promise<RestoreResource['status']> {
  for (;;) {
    const { body } = await installation.request<RestoreResource>('GET', '/restores/back');
    const { phase, step = '', waitingFor } = body.status;
    if (isEndPhase(phase)) {
      return body.status;
    }
    said.add(`${step}: ${waitingFor?.reason ?? ''}`);
    await sleep(LOOK_MS);
  }
}

afterAll(async () => {
  await dropNamespaces(namespace, copy);
  await installation.stop();
});

function runsOf(pod: string): readonly HookRun[] {
  return hooks.filter((one) => one.pod === pod).flatMap(({ runs }) => runs);
}

function inPod(pod: string, ...command: string[]): Promise<string> {
  return kubectl('-n', copy, 'exec', pod, '--', ...command);
}

/** The lines of the results that name a pod. */
function linesOf(pod: string): Record<keyof VeleroResults, string[]> {
  const of = ({ velero = [], namespaces = {} }: VeleroResults['errors']): string[] =>
    [...velero, ...Object.values(namespaces).flat()].filter((line) =>
      new RegExp(`/${pod}[,: ]`).test(line),
    );
  return { errors: of(results.errors), warnings: of(results.warnings) };
}

async function startOf(pod: string): Promise<string[]> {
  const text = await kubectl('-n', copy, 'get', 'pod', pod, '-o', 'json');
  const { spec } = JSON.parse(text) as { spec: { initContainers?: unknown[] } };
  return (spec.initContainers ?? []).map(nameOf);
}

test('the status says which pods are waited for, and why', () => {
  const reason = `hooks: the hooks of \\d+ pods?: .*${copy}/never \\(container main: `;
  expect([...said]).toContainEqual(expect.stringMatching(`^${reason}`));
});

test('a command runs when its container is ready, and what it said is kept', async () => {
  expect(runsOf('ready')).toMatchObject([
    {
      ...{ namespace: copy, source: 'annotations', container: 'main', outcome: 'Succeeded' },
      ...{ exitCode: 0, stdout: 'loaded\n', stderr: 'loudly\n' },
    },
  ]);
  await inPod('ready', 'test', '-e', '/tmp/hooked');
  expect(linesOf('ready')).toEqual({ errors: [], warnings: [] });
});

test('init containers are put into pods, those of the request too', async () => {
  expect(await startOf('init')).toEqual(['holdfast-restore-init']);
  expect(await kubectl('-n', copy, 'logs', 'init', '-c', 'holdfast-restore-init')).toBe('first\n');
  expect(await startOf('failing')).toEqual(['before']);
  expect(await startOf('plain')).toEqual([]);
});

test('a pod whose init container cannot be read is an error, and is not made', async () => {
  const { errors } = linesOf('bad-init');
  expect(errors).toEqual([expect.stringContaining('init.hook.restore.velero.io/timeout is "5x"')]);
  expect(await kubectl('-n', copy, 'get', 'pod', 'bad-init', '--ignore-not-found')).toBe('');
});

test('a container that is not there, and one that is not ready in time, are errors of their pods', () => {
  expect(runsOf('missing')).toMatchObject([{ outcome: 'Failed' }]);
  expect(linesOf('missing').errors).toEqual([
    expect.stringContaining('is "nobody", which is no container of the pod; the pod has main'),
  ]);
  expect(runsOf('never')).toMatchObject([{ outcome: 'Failed' }]);
  expect(runsOf('never')[0]?.message).toContain('the container main was not ready in 6s (');
  expect(linesOf('never').errors).toHaveLength(1);
});

test('failures of hooks that may fail are warnings', () => {
  expect(runsOf('slow')).toMatchObject([{ outcome: 'Failed' }]);
  expect(runsOf('slow')[0]?.message).toContain('timeout of 1 s');
  expect(runsOf('lenient')).toMatchObject([{ exitCode: 3, stderr: 'why\n' }]);
  expect(runsOf('wrong')[0]?.message).toContain('is "5x"');
  for (const pod of ['slow', 'lenient', 'wrong']) {
    expect(linesOf(pod)).toMatchObject({ errors: [], warnings: [expect.any(String)] });
  }
});

test('API and command line tell what became of the hooks', async () => {
  const answer = await installation.request<RestoreHookList>('GET', '/restores/back/hooks');
  expect(answer.body).toMatchObject({ kind: 'RestoreHookList', items: hooks });
  const cli = startHoldfast(['restore', 'hooks', 'back', '--server', installation.apiUrl]);
  expect(await cli.status).toBe(0);
  expect(cli.stdout).toContain('it ended with exit code 4');
  const unknown = await installation.request<Problem>('GET', '/restores/unknown/hooks');
  expect(unknown.body).toMatchObject({ code: 'restore-not-found' });
});

test('a hook that must not fail ends the further ones of its pod alone', async () => {
  expect(runsOf('failing')).toMatchObject([
    { source: 'spec load', outcome: 'Failed', onError: 'Continue', exitCode: 1 },
    { source: 'spec load', outcome: 'Failed', onError: 'Fail', exitCode: 4 },
  ]);
  await inPod('failing', 'sh', '-c', 'test -e /tmp/second -a ! -e /tmp/third');
  expect(runsOf('plain')).toEqual([]);
  expect(status).toMatchObject({ phase: 'PartiallyFailed', errors: 4 });
});
