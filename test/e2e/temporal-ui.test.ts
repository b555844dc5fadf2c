import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { RunResource } from '../../domain/api-resource.ts';
import { backupWorkflowId, deleteWorkflowId } from '../../domain/workflow-id.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract.ts';
import { FaultProxy } from '../support/fault-proxy.ts';
import { Installation } from '../support/installation.ts';

// Goal: who looks at the Temporal UI sees what was asked, by whom and where, how far it is, and finds the way to Holdfast
// and back. Method: a real installation; what the UI shows is asked of Temporal as the UI asks it, also while a proxy in
// front of the S3 server holds a run.

/** A namespace that every cluster has, with few objects. */
const NAMESPACE = 'default';
/** Who sends requests where nobody is asked who calls. */
const CALLER = 'system:unauthenticated';
const DAY_MS = 24 * 3_600_000;
let proxy: FaultProxy;
let installation: Installation;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  proxy = await FaultProxy.start(process.env['S3_ENDPOINT'] ?? '');
  installation = await Installation.start({ s3Endpoint: proxy.url });
  connection = await Connection.connect({ address: installation.temporalAddress });
  client = new Client({ connection });
});

beforeEach(() => {
  proxy.faults = [];
});

afterAll(async () => {
  await connection.close();
  await installation.stop();
  proxy.stop();
});

/** What the UI shows above the history of a workflow. */
async function shown(workflowId: string) {
  const handle = client.workflow.getHandle(workflowId);
  const described = await handle.describe();
  const { currentDetails } = await handle.query<{ currentDetails: string }>(
    '__temporal_workflow_metadata',
  );
  const [summary, details] = [await described.staticSummary(), await described.staticDetails()];
  return { described, summary, details, current: currentDetails };
}

async function backUp(name: string): Promise<RunResource> {
  expect((await installation.createBackup(name, [NAMESPACE])).status).toBe(202);
  return installation.ended('backups', name);
}

/** The first link of a text in markdown. */
function linkIn(text: string | undefined): string {
  return /\]\((.+?)\)/.exec(text ?? '')?.[1] ?? 'none';
}

test('a run that is over says what it was and how it ended, and the way leads to Holdfast and back', async () => {
  const { status } = await backUp('shown');
  const id = backupWorkflowId({ location: 'default', name: 'shown' });
  const { described, summary, details, current } = await shown(id);
  expect(described).toMatchObject({
    type: 'backup',
    memo: { spec: { cluster: installation.name, includedNamespaces: [NAMESPACE] } },
  });
  expect(summary).toBe(`Backup shown of cluster ${installation.name}`);
  const attributes = described.typedSearchAttributes;
  expect(Object.values(SEARCH_ATTRIBUTES).map((attribute) => attributes.get(attribute))).toEqual([
    ...['Backup', 'shown', installation.name],
    'Completed',
  ]);
  expect(current).toMatch(/^\*\*Completed\*\* · \d+ items$/);
  expect(details?.split('\n').slice(0, 6)).toEqual([
    'Backup `shown` in location `default`',
    '',
    `- Cluster: \`${installation.name}\``,
    `- Takes: namespaces \`${NAMESPACE}\``,
    '- Kept for: `720h0m0s`',
    '- Waits for plugins for: `4h0m0s`',
  ]);
  expect(details).toContain(`- Asked for by: \`${CALLER}\``);

  const followed = (await (await fetch(linkIn(details))).json()) as RunResource;
  expect(followed.metadata).toMatchObject({ name: 'shown', uid: described.runId });
  const { temporal } = followed.status;
  expect(temporal).toMatchObject({ workflowId: id, runId: described.runId });
  expect(temporal?.url).toContain(`/workflows/${encodeURIComponent(id)}/${described.runId}/`);
  const keptMs = Date.parse(temporal?.availableUntil ?? '') - (described.closeTime?.getTime() ?? 0);
  // The development server forgets after a day.
  expect(Math.round(keptMs / DAY_MS)).toBe(1);
  expect(status.phase).toBe('Completed');
});

test('activities say in words what they do', async () => {
  await backUp('in-words');
  const id = backupWorkflowId({ location: 'default', name: 'in-words' });
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  const summaries = (events ?? [])
    .filter(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled != null)
    .map(({ userMetadata }) => userMetadata?.summary)
    .map((summary) => summary != null && defaultPayloadConverter.fromPayload<string>(summary));
  expect(summaries).toEqual([
    'Check the request, claim the name',
    'Discover, count and cut shards',
    expect.stringMatching(/^Write and read back about \d+ items$/),
    'Write the record: Completed',
    'Remove plan and shards',
  ]);
});

test('a run under way says which step it is in, since when, and how many items there are', async () => {
  const release = proxy.hold('held.tar.gz');
  expect((await installation.createBackup('held', [NAMESPACE])).status).toBe(202);
  const id = backupWorkflowId({ location: 'default', name: 'held' });
  const look = async () => (await shown(id)).current;
  await expect.poll(look).toMatch(/^\*\*InProgress\*\* · Write and read back/);
  const current = await look();
  expect(current).toMatch(/\n- Step: export, since \d{4}-\S+Z\n- Items: 0 of about \d+$/);
  const { status } = (await installation.look('backups', 'held')) ?? {};
  expect(status?.temporal).toMatchObject({ workflowId: id });
  expect(status?.temporal).not.toHaveProperty('availableUntil');
  release();
  await installation.ended('backups', 'held');
});

test('a deletion says what it deletes, and who asked for it', async () => {
  await backUp('deleted');
  expect((await installation.request('DELETE', '/backups/deleted')).status).toBe(202);
  const id = deleteWorkflowId('Backup', { location: 'default', name: 'deleted' });
  const { summary, details } = await shown(id);
  expect(summary).toBe('Delete backup deleted');
  expect(details).toBe(
    [
      'Deletes the backup `deleted` in location `default`',
      '',
      `- Cluster: \`${installation.name}\``,
      `- Asked for by: \`${CALLER}\``,
    ].join('\n'),
  );
});

test('a schedule, what it starts, and the backups of it say whose they are', async () => {
  const template = { cluster: installation.name, includedNamespaces: [NAMESPACE] };
  const body = { metadata: { name: 'yearly' }, spec: { schedule: '0 0 1 1 *', template } };
  expect((await installation.request('POST', '/schedules', body)).status).toBe(201);
  await installation.request('POST', '/schedules/yearly:trigger', {});
  const schedule = client.schedule.getHandle('schedule/yearly');
  const action = (await schedule.describe()).action;
  expect(action.staticDetails).toContain('- When: `0 0 1 1 *` in the time zone `UTC`');
  expect((await fetch(linkIn(action.staticDetails))).status).toBe(200);

  const started = async () => {
    const query = "WorkflowType = 'backup' AND WorkflowId STARTS_WITH 'backup/default/yearly-'";
    for await (const { workflowId } of client.workflow.list({ query })) {
      return workflowId;
    }
    return '';
  };
  await expect.poll(started, { timeout: 15_000 }).not.toBe('');
  const { details } = await shown(await started());
  expect(details).toContain('- Schedule: `yearly`\n');
  expect(details).toContain('- Asked for by: `schedule yearly`\n');
  const followed = (await (await fetch(linkIn(details))).json()) as RunResource;
  expect(followed.spec).toMatchObject({ scheduleName: 'yearly' });
});
