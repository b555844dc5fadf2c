import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { rootFaults, veleroFaults } from './velero-format.ts';

// Goal: the checker of Velero's format says nothing about a good backup, and finds each fault. Method: a backup made with
// `tar` and by hand after Velero's own, and one change of it for each rule.

const run = promisify(execFile);
const CONFIG = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"shop"}}';
const VOLUME = '{"apiVersion":"v1","kind":"PersistentVolume","metadata":{"name":"pv-1"}}';
const WEB =
  '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"}}';
const CONFIG_PATH = 'resources/configmaps/namespaces/shop/a.json';
const CONFIG_TWIN = 'resources/configmaps/v1-preferredversion/namespaces/shop/a.json';
const VOLUME_PATH = 'resources/persistentvolumes/cluster/pv-1.json';
const VOLUME_TWIN = 'resources/persistentvolumes/v1-preferredversion/cluster/pv-1.json';

/** What a test may change of a good backup. */
interface Draft {
  /** Entries of the tarball in their order; a path without a text is a folder. */
  entries: [path: string, text?: string][];
  mode: string;
  record: { metadata: Part; spec: Part; status: Part } & Part;
  /** Texts of files that are compressed, by what stands behind the name. */
  texts: Record<string, string>;
  /** Files as they are. */
  files: Record<string, string>;
}
type Part = Record<string, unknown>;

function goodDraft(): Draft {
  return {
    entries: [
      ['metadata/version', '1.1.0\n'],
      [CONFIG_PATH, CONFIG],
      [CONFIG_TWIN, CONFIG],
      [VOLUME_PATH, VOLUME],
      [VOLUME_TWIN, VOLUME],
      ['resources/deployments.apps/namespaces/shop/web.json', WEB],
      ['resources/deployments.apps/v1-preferredversion/namespaces/shop/web.json', WEB],
      [
        'resources/deployments.apps/v1beta1/namespaces/shop/web.json',
        WEB.replace('apps/v1', 'apps/v1beta1'),
      ],
    ],
    mode: '0755',
    record: {
      kind: 'Backup',
      apiVersion: 'velero.io/v1',
      metadata: {
        ...{ name: 'b', namespace: 'velero', uid: 'u' },
        labels: { 'velero.io/storage-location': 'default' },
        annotations: {
          'velero.io/source-cluster-k8s-gitversion': 'v1.33.1',
          'velero.io/source-cluster-k8s-major-version': '1',
          'velero.io/source-cluster-k8s-minor-version': '33',
        },
      },
      spec: {
        ...{ ttl: '720h0m0s', includedNamespaces: ['*'], storageLocation: 'default' },
        ...{ hooks: {}, metadata: {} },
      },
      status: {
        ...{ version: 1, formatVersion: '1.1.0', phase: 'PartiallyFailed' },
        ...{ startTimestamp: '2026-01-01T00:00:00Z', completionTimestamp: '2026-01-01T00:00:01Z' },
        expiration: '2026-01-31T00:00:00Z',
        progress: { totalItems: 3, itemsBackedUp: 3 },
        ...{ warnings: 1, errors: 1, hookStatus: {} },
      },
    },
    texts: {
      '-logs.gz': 'time="2026-01-01T00:00:00Z" level=info msg="Backup started" backup=velero/b\n',
      '-results.gz': '{"warnings":{"namespaces":{"shop":["w"]}},"errors":{"velero":["e"]}}',
      '-resource-list.json.gz':
        '{"apps/v1/Deployment":["shop/web"],"apps/v1beta1/Deployment":["shop/web"],"v1/ConfigMap":["shop/a"],"v1/PersistentVolume":["pv-1"]}',
      '-itemoperations.json.gz': '[]',
      '-volumesnapshots.json.gz': '[]',
      '-podvolumebackups.json.gz': '[]',
      '-volumeinfo.json.gz': '[{"pvName":"pv-1","skipped":true,"skippedReason":"policy"}]',
      '-index.json.gz': '',
      '-coverage.json.gz': '{}',
      '-run-log.json.gz': '',
    },
    files: { 'holdfast.json': '{}' },
  };
}

async function tarball({ entries, mode }: Draft): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-draft-'));
  for (const [path, text] of entries) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    if (text !== undefined) {
      await writeFile(join(folder, path), text);
    }
  }
  const names = entries.map(([path]) => path);
  const options = ['--no-recursion', `--mode=${mode}`, '--hard-dereference', '-C', folder];
  const { stdout } = await run('tar', ['-cz', ...options, ...names], { encoding: 'buffer' });
  await rm(folder, { recursive: true });
  return stdout;
}

async function faultsOf(draft: Draft): Promise<string[]> {
  const files = new Map<string, Buffer>([['b.tar.gz', await tarball(draft)]]);
  files.set('velero-backup.json', Buffer.from(JSON.stringify(draft.record, undefined, 2)));
  for (const [suffix, text] of Object.entries(draft.texts)) {
    files.set(`b${suffix}`, gzipSync(text));
  }
  for (const [key, text] of Object.entries(draft.files)) {
    files.set(key, Buffer.from(text));
  }
  return veleroFaults('b', files);
}

test('a good backup has no fault', async () => {
  expect(await faultsOf(goodDraft())).toEqual([]);
});

/** Puts another text under a path of the tarball. */
function rewrite(draft: Draft, path: string, text: string): void {
  draft.entries = draft.entries.map((entry) => (entry[0] === path ? [path, text] : entry));
}

function replaceBoth(draft: Draft, text: string): void {
  rewrite(draft, CONFIG_PATH, text);
  rewrite(draft, CONFIG_TWIN, text);
}

const DAMAGED: readonly [fault: string, damage: (draft: Draft) => void][] = [
  // Keys.
  ['b-logs.gz is missing', (draft) => delete draft.texts['-logs.gz']],
  ['b-index.json.gz is missing', (draft) => delete draft.texts['-index.json.gz']],
  ['holdfast.json is missing', (draft) => delete draft.files['holdfast.json']],
  ['b-notes.gz does not belong here', (draft) => (draft.texts['-notes.gz'] = '')],
  ['-logs.gz: is no gzip file', (draft) => (draft.files['b-logs.gz'] = 'plain')],
  // Tarball.
  ['.tar.gz: tar cannot read it', (draft) => (draft.files['b.tar.gz'] = 'plain')],
  ['the first entry is not metadata/version', (draft) => draft.entries.reverse()],
  [
    'the version is not 1.1.0',
    (draft) => {
      rewrite(draft, 'metadata/version', '1.1.0');
    },
  ],
  ['with mode 0755: -rw-r--r--', (draft) => (draft.mode = '0644')],
  ['resources/ is no regular file', (draft) => draft.entries.push(['resources'])],
  [`${VOLUME_PATH} is there twice`, (draft) => draft.entries.push([VOLUME_PATH, VOLUME])],
  ['no path that Velero parses', (draft) => draft.entries.push(['resources/a/b/c.json', '{}'])],
  ['no path that Velero parses', (draft) => draft.entries.push(['metadata/other', '{}'])],
  ['has no twin in a preferred version', (draft) => draft.entries.splice(4, 1)],
  ['has no twin without a version', (draft) => draft.entries.splice(3, 1)],
  [
    'and its twin differ',
    (draft) => {
      rewrite(draft, CONFIG_TWIN, CONFIG.replace('}}', '},"data":{}}'));
    },
  ],
  [
    'a.json is no JSON object',
    (draft) => {
      replaceBoth(draft, '{');
    },
  ],
  [
    'a.json is not compact',
    (draft) => {
      replaceBoth(draft, `${CONFIG}\n`);
    },
  ],
  [
    'a.json has no kind',
    (draft) => {
      replaceBoth(draft, CONFIG.replace('"kind":"ConfigMap",', ''));
    },
  ],
  [
    'a.json has another name',
    (draft) => {
      replaceBoth(draft, CONFIG.replace('"a"', '"b"'));
    },
  ],
  [
    'a.json has another namespace',
    (draft) => {
      replaceBoth(draft, CONFIG.replace('"shop"', '"x"'));
    },
  ],
  [
    'a.json is of another group',
    (draft) => {
      replaceBoth(draft, CONFIG.replace('"v1"', '"x/v1"'));
    },
  ],
  [
    'a.json is of another version',
    (draft) => {
      replaceBoth(draft, CONFIG.replace('"v1"', '"v2"'));
    },
  ],
  // Record.
  ['velero-backup.json: is no JSON object', (draft) => (draft.files['velero-backup.json'] = '[]')],
  ['is not pretty', (draft) => (draft.files['velero-backup.json'] = JSON.stringify(draft.record))],
  ['extra is no field', (draft) => (draft.record['extra'] = 1)],
  ['is no Backup of velero.io/v1', (draft) => (draft.record['kind'] = 'Restore')],
  ['metadata.name is not the name of the folder', ({ record }) => (record.metadata['name'] = 'c')],
  ['has no label of a location', ({ record }) => (record.metadata['labels'] = {})],
  [
    'has no annotation velero.io/source-cluster',
    ({ record }) => (record.metadata['annotations'] = {}),
  ],
  ['metadata.uid is missing', ({ record }) => delete record.metadata['uid']],
  ['spec: cluster is no field', ({ record }) => (record.spec['cluster'] = 'local')],
  ['spec.hooks is missing', ({ record }) => delete record.spec['hooks']],
  ['spec.ttl has the wrong form', ({ record }) => (record.spec['ttl'] = '30 days')],
  ['spec.ttl has the wrong form', ({ record }) => (record.spec['ttl'] = '48h')],
  [
    'spec.snapshotVolumes has the wrong form',
    ({ record }) => (record.spec['snapshotVolumes'] = 'no'),
  ],
  [
    'spec.includedNamespaces has the wrong form',
    ({ record }) => (record.spec['includedNamespaces'] = '*'),
  ],
  [
    'spec.labelSelector has the wrong form',
    ({ record }) => (record.spec['labelSelector'] = { app: 'x' }),
  ],
  ['status: failure is no field', ({ record }) => (record.status['failure'] = {})],
  [
    'status.formatVersion has the wrong form',
    ({ record }) => (record.status['formatVersion'] = '1.2'),
  ],
  ['status.phase has the wrong form', ({ record }) => (record.status['phase'] = 'Cancelled')],
  [
    'status.expiration has the wrong form',
    ({ record }) => (record.status['expiration'] = '2026-01-01T00:00:00.000Z'),
  ],
  ['status.progress has the wrong form', ({ record }) => (record.status['progress'] = {})],
  [
    'failureReason does not go with the phase',
    ({ record }) => (record.status['failureReason'] = 'x'),
  ],
  ['the record counts other errors', ({ record }) => (record.status['errors'] = 2)],
  ['b.tar.gz does not belong here', ({ record }) => (record.status['phase'] = 'Failed')],
  // Other files.
  ['does not end with a line', ({ texts }) => (texts['-logs.gz'] = 'x')],
  ['no line of logrus: {', ({ texts }) => (texts['-logs.gz'] = '{}\n')],
  ['-results.gz: is no JSON object', ({ texts }) => (texts['-results.gz'] = '[]')],
  ['-results.gz: notes is no field', ({ texts }) => (texts['-results.gz'] = '{"notes":{}}')],
  [
    'errors.other is no field',
    ({ texts }) => (texts['-results.gz'] = '{"errors":{"other":["e"]}}'),
  ],
  ['errors has an empty list', ({ texts }) => (texts['-results.gz'] = '{"errors":{"velero":[]}}')],
  [
    'errors.namespaces is empty',
    ({ texts }) => (texts['-results.gz'] = '{"errors":{"namespaces":{}}}'),
  ],
  [
    'types are not sorted',
    ({ texts }) => (texts['-resource-list.json.gz'] = '{"b":["x"],"a":["y"]}'),
  ],
  [
    'names of a are not sorted',
    ({ texts }) => (texts['-resource-list.json.gz'] = '{"a":["y","x"]}'),
  ],
  ['list.json.gz: is not compact', ({ texts }) => (texts['-resource-list.json.gz'] = '{ }')],
  [
    'PersistentVolume pv-1 is not in the list',
    ({ texts }) => (texts['-resource-list.json.gz'] = '{}'),
  ],
  ['a x is not in the archive', ({ texts }) => (texts['-resource-list.json.gz'] = '{"a":["x"]}')],
  ['-volumeinfo.json.gz: is no JSON array', ({ texts }) => (texts['-volumeinfo.json.gz'] = '{}')],
  [
    '-volumeinfo.json.gz: pv is no field',
    ({ texts }) => (texts['-volumeinfo.json.gz'] = '[{"pv":"x"}]'),
  ],
  [
    '-volumeinfo.json.gz: names a persistent volume twice',
    ({ texts }) => (texts['-volumeinfo.json.gz'] = '[{"pvName":"pv-1"},{"pvName":"pv-1"}]'),
  ],
  [
    '-itemoperations.json.gz: has no object',
    ({ texts }) => (texts['-itemoperations.json.gz'] = '[1]'),
  ],
  [
    '-volumesnapshots.json.gz: is no JSON array',
    ({ texts }) => (texts['-volumesnapshots.json.gz'] = ''),
  ],
  [
    '-podvolumebackups.json.gz: is no JSON array',
    ({ texts }) => (texts['-podvolumebackups.json.gz'] = '{}'),
  ],
];

test.each(DAMAGED)('a damaged backup has the fault "%s"', async (fault, damage) => {
  const draft = goodDraft();
  damage(draft);
  const faults = await faultsOf(draft);
  expect(faults.filter((one) => one.includes(fault))).not.toEqual([]);
});

test('a file at the root of a location that Velero does not know is a fault', () => {
  const known = ['backups/b/b.tar.gz', 'restores/r/holdfast.json', 'metadata/x', 'kopia/shop/y'];
  expect(rootFaults([...known, 'holdfast/x', 'notes.txt'])).toEqual(['holdfast/x', 'notes.txt']);
});
