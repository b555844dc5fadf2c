import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';

import { restoreRequest } from '../../cli/create-restore.ts';
import { withGlobals } from '../../cli/global-options.ts';
import { parseRestoreFile } from '../../cli/restore-file.ts';
import { restoreFlags } from '../../cli/restore-flags.ts';

// Goal: a Velero Restore makes the same request here, what of it does nothing is said, and flags win over it.

const HEAD = { apiVersion: 'velero.io/v1', kind: 'Restore' };

/** What `velero restore create again --from-backup b … -o yaml` prints. */
const PRINTED = `apiVersion: velero.io/v1
kind: Restore
metadata:
  creationTimestamp: null
  name: again
  namespace: velero
spec:
  backupName: b
  excludedResources:
  - nodes
  hooks: {}
  includedNamespaces:
  - '*'
  itemOperationTimeout: 0s
  labelSelector: null
  namespaceMapping:
    shop: copy
  restorePVs: null
  scheduleName: ""
status: {}
`;

function parse(spec: object, more: object = {}) {
  return parseRestoreFile(stringify({ ...HEAD, metadata: { name: 'again' }, spec, ...more }), 'f');
}

test('what the command of Velero prints makes its request', () => {
  expect(parseRestoreFile(PRINTED, 'f')).toEqual({
    name: 'again',
    spec: {
      backupName: 'b',
      excludedResources: ['nodes'],
      includedNamespaces: ['*'],
      namespaceMapping: { shop: 'copy' },
    },
    withoutEffect: [],
  });
});

test('fields with an effect in Velero alone are named', () => {
  const spec = { restorePVs: true, uploaderConfig: { a: 1 } };
  const metadata = { labels: { team: 'a', 'velero.io/x': 'y' } };
  expect(parse(spec, { metadata })).toMatchObject({
    noted: { labels: { team: 'a' } },
    withoutEffect: ['metadata.labels.velero.io/x', 'spec.restorePVs', 'spec.uploaderConfig'],
  });
});

test('resource modifiers are named as the API names them, however Velero wrote it', () => {
  const resourceModifier = { apiGroup: null, kind: 'ConfigMap', name: 'changes' };
  expect(parse({ backupName: 'b', resourceModifier }).spec).toEqual({
    ...{ backupName: 'b', resourceModifier: { kind: 'configmap', name: 'changes' } },
  });
});

test('hooks are taken without the zeros that Velero writes, but for what is in a container', () => {
  const container = { name: 'wait', image: 'i', command: ['x'], timeout: '0s', tty: null };
  const hooks = (timeout: object, init: object): object => ({
    resources: [
      {
        name: 'load',
        postHooks: [
          { init: { initContainers: [container], ...init } },
          { exec: { command: ['load'], waitForReady: false, ...timeout } },
        ],
      },
    ],
  });
  const zeros = hooks({ execTimeout: '0s', waitTimeout: '0s' }, { timeout: '0s' });
  expect(parse({ hooks: zeros }).spec).toEqual({ hooks: hooks({}, {}) });
});

test('a Restore of ours has the fields of ours', () => {
  const spec = { retryOf: 'r', cluster: 'east', resourceTimeout: '1m' };
  const file = parse(spec, { apiVersion: 'holdfast.dev/v1', metadata: { location: 'far' } });
  expect(file).toEqual({ location: 'far', spec, withoutEffect: [] });
});

test.each<[said: string, spec: object, more?: object]>([
  ['must have kind Restore', {}, { kind: 'Backup' }],
  ['must have kind Restore', {}, { apiVersion: 'v1' }],
  ['has spec.retryOf, which is not a field', { retryOf: 'r' }],
  ['has metadata.nam, which is not a field', {}, { metadata: { nam: 'x' } }],
])('a file that %s is refused: %j', (said, spec, more) => {
  expect(() => parse(spec, more)).toThrow(said);
});

/** The request of a file with PRINTED and of flags. */
async function request(args: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-file-'));
  await writeFile(join(folder, 'r.yaml'), PRINTED);
  const command = restoreFlags(withGlobals(new Command('create')))
    .argument('[name]')
    .exitOverride();
  command.configureOutput({ writeErr: () => undefined });
  command.parse(['-f', join(folder, 'r.yaml'), ...args], { from: 'user' });
  try {
    return await restoreRequest(command.args[0], command, {});
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('flags win over the fields of the file, and another source over the one of the file', async () => {
  const kept = { includedNamespaces: ['*'], namespaceMapping: { shop: 'copy' } };
  expect(await request(['--exclude-resources', 'pods'])).toEqual({
    body: {
      metadata: { name: 'again' },
      spec: { ...kept, backupName: 'b', excludedResources: ['pods'] },
    },
  });
  expect(await request(['--from-schedule', 'nightly', '--location', 'far'])).toEqual({
    body: {
      metadata: { name: 'again' },
      spec: { ...kept, excludedResources: ['nodes'], scheduleName: 'nightly' },
    },
    location: 'far',
  });
});

test('a name beside another one in the file is a wrong flag', async () => {
  await expect(request(['other'])).rejects.toThrow('the argument is other, and metadata.name');
});
