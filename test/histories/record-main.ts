import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

import { CONFIG_MAP, fillNamespace } from '../support/cluster-fixture.ts';
import { type Fault, FaultProxy } from '../support/fault-proxy.ts';
import { Installation } from '../support/installation.ts';
import { deleteNamespace } from '../support/kubectl.ts';

/** Records a history of each workflow and each way it ends. Run it by `make histories` when a workflow is new. */
const namespace = 'history-recording';
const proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
const installation = await Installation.start({ s3Endpoint: proxy.url, patience: '5s' });
const connection = await Connection.connect({ address: installation.temporalAddress });
const client = new Client({ connection });

async function record(file: string, workflowId: string): Promise<void> {
  const history = await client.workflow.getHandle(workflowId).fetchHistory();
  const path = new URL(`./${file}.json`, import.meta.url);
  await writeFile(
    path,
    `${JSON.stringify(JSON.parse(historyToJSON(history)), withoutIdentity, 1)}\n`,
  );
}

/** Who served an event says nothing about the workflow. */
function withoutIdentity(key: string, value: unknown): unknown {
  return key === 'identity' ? undefined : value;
}

async function backUp(name: string, namespaces: string[]): Promise<void> {
  await installation.createBackup(name, namespaces);
  await installation.ended('backups', name);
}

await fillNamespace(namespace, { type: CONFIG_MAP, count: 1500, bytes: 50 });
await backUp('small', ['default']);
await backUp('sharded', [namespace]);
await backUp('refused', ['no-such-namespace']);
await restore('restored');
proxy.faults = [
  { method: 'GET', matches: (path) => path.endsWith('failed.tar.gz'), effect: 'flip' },
];
await backUp('failed', ['default']);
await installation.request('DELETE', '/backups/failed');
await client.workflow.getHandle('delete/default/failed').result();
proxy.faults = [slow('/cancelled/work/')];
await installation.createBackup('cancelled', [namespace]);
await cancelWhenHeld('backups', 'cancelled');

proxy.faults = [
  { method: 'GET', matches: (path) => path.endsWith('sharded.tar.gz'), effect: 'flip' },
];
await restore('failed');
proxy.faults = [slow('/cancelled/work/')];
await installation.createRestore('cancelled', restoreSpec('cancelled'));
await cancelWhenHeld('restores', 'cancelled');
await installation.createRestore('refused', { backupName: 'no-such-backup' });

for (const name of ['small', 'sharded', 'refused', 'failed', 'cancelled']) {
  await record(`backup-${name}`, `backup/default/${name}`);
}
for (const name of ['restored', 'refused', 'failed', 'cancelled']) {
  await record(name === 'restored' ? 'restore' : `restore-${name}`, `restore/default/${name}`);
}
await record('delete', 'delete/default/failed');
await record('preview', await previewed());
await connection.close();
await installation.stop();
proxy.stop();
const copies = ['restored', 'failed', 'cancelled'].map((name) => `${namespace}-${name}`);
await Promise.all([namespace, ...copies].map(deleteNamespace));
process.exit();

/** The workflow id of a preview. */
async function previewed(): Promise<string> {
  await installation.request('POST', '/backups?dryRun=All', {
    metadata: { name: 'previewed' },
    spec: { cluster: installation.name, includedNamespaces: ['default'] },
  });
  for (;;) {
    for await (const { workflowId } of client.workflow.list({
      query: "WorkflowType = 'preview'",
    })) {
      return workflowId;
    }
    await sleep(200);
  }
}

function slow(part: string): Fault {
  return { method: 'PUT', matches: (path) => path.includes(part), effect: 'delay', delayMs: 3000 };
}

function restoreSpec(name: string): object {
  return { backupName: 'sharded', namespaceMapping: { [namespace]: `${namespace}-${name}` } };
}

async function restore(name: string): Promise<void> {
  await installation.createRestore(name, restoreSpec(name));
  await installation.ended('restores', name);
}

async function cancelWhenHeld(plural: 'backups' | 'restores', name: string): Promise<void> {
  const before = proxy.hits;
  while (proxy.hits === before) {
    await sleep(20);
  }
  await installation.request('POST', `/${plural}/${name}:cancel`);
  await installation.ended(plural, name);
}
