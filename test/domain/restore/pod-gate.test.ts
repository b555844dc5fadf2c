import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { fields, list } from '../../../domain/fields.ts';
import type { KubernetesObject } from '../../../domain/item.ts';
import { addGate, dropGate, GATE } from '../../../domain/restore/pod-gate.ts';

function pod(): KubernetesObject {
  return {
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      initContainers: [{ name: 'first' }],
      containers: [{ name: 'web' }],
      volumes: [{ name: 'cache', emptyDir: {} }],
    },
  };
}

test('the gate comes before every other container, with a volume of its own', () => {
  const gated = pod();
  addGate(gated, ['cache', 'tmp'], 'holdfast:1');
  expect(gated['spec']).toMatchObject({
    initContainers: [
      { name: GATE, image: 'holdfast:1', env: [{ name: 'HOLDFAST_GATES', value: 'cache tmp' }] },
      { name: 'first' },
    ],
    containers: [{ name: 'web' }],
    volumes: [{ name: 'cache' }, { name: GATE }, { name: 'holdfast-gate-word' }],
  });
});

test('a gate of an earlier restore is replaced, or taken out', () => {
  const gated = pod();
  addGate(gated, ['cache'], 'holdfast:1');
  addGate(gated, ['tmp'], 'holdfast:2');
  expect(gated['spec']).toMatchObject({ initContainers: [{ image: 'holdfast:2' }, {}] });
  dropGate(gated);
  expect(gated).toEqual(pod());
});

/** Runs the script of a gate on this machine, whose files stand for those of the pod. */
function runGate(folder: string): ChildProcess {
  const gated = pod();
  addGate(gated, ['cache', 'tmp'], 'holdfast:1');
  const [gate] = list(fields(gated['spec'])['initContainers']).map(fields);
  const script = String(list(gate?.['command'])[2]).replaceAll(/\/gate(-word)?/g, `${folder}$&`);
  return spawn('sh', ['-c', script], { env: { ...process.env, HOLDFAST_GATES: 'cache tmp' } });
}

test.each([
  { opens: 'a file for each volume', files: ['gate/cache', 'gate/tmp'] },
  { opens: 'the word', files: ['gate-word/open'] },
])('$opens opens the gate, and nothing less', async ({ files }) => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-gate-'));
  await Promise.all(['gate', 'gate-word'].map((name) => mkdir(join(folder, name))));
  // The kubelet makes an empty file of an annotation that is not there.
  await writeFile(join(folder, 'gate-word/open'), '');
  await writeFile(join(folder, 'gate/cache'), '');
  const gate = runGate(folder);
  await sleep(1500);
  expect(gate.exitCode).toBe(null);
  await Promise.all(files.map((file) => writeFile(join(folder, file), 'now')));
  const [code] = (await once(gate, 'exit')) as [number];
  expect(code).toBe(0);
  await rm(folder, { recursive: true });
});

test('a pod without a gate is not changed', () => {
  const bare: KubernetesObject = { metadata: { name: 'a' }, spec: { containers: [] } };
  dropGate(bare);
  expect(bare).toEqual({ metadata: { name: 'a' }, spec: { containers: [] } });
});
