import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';

import { buildApp } from '../../../api/app.ts';
import { openTemporal } from '../../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../../api/runs/temporal.ts';
import { openObjectStore } from '../../../storage/object-store/open.ts';
import { LocationSet } from '../../../storage/location-set.ts';

// Goal: a preview that takes too long is told as that, and one that nobody waits for is given up. Method: a real
// Temporal, and a cluster whose worker seems to be there and never takes what is asked of it.

const PATH = '/api/v1/restores?dryRun=All';
const payload = {
  metadata: { name: `slow-${String(process.pid)}` },
  spec: { backupName: 'b', cluster: 'has-no-worker' },
};
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) {
    await close();
  }
});

class IdleWorkers extends TemporalRuns {
  override requireWorkers(): Promise<void> {
    return Promise.resolve();
  }
}

async function start(): Promise<{ app: FastifyInstance; temporal: TemporalRuns }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-preview-'));
  const line = openTemporal({ address: process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233' });
  const temporal = new IdleWorkers(line, 'default');
  const store = openObjectStore({ name: 'default', provider: 'folder', path: folder });
  const app = await buildApp({
    temporal,
    locations: new LocationSet({ fixed: [] }),
    store: () => store,
    logLevel: 'silent',
  });
  closers.push(
    () => app.close(),
    () => temporal.close(),
    () => rm(folder, { recursive: true }),
  );
  return { app, temporal };
}

/** How the runs of the previews of this test have ended, or that they have not. */
async function states(temporal: TemporalRuns): Promise<readonly string[]> {
  const query = 'WorkflowType = "previewRestore" AND ExecutionStatus = "Running"';
  const found: string[] = [];
  for await (const { workflowId, runId } of temporal.client.workflow.list({ query })) {
    if (workflowId.includes(payload.metadata.name)) {
      const { events } = await temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
      const isAsked = events?.some(
        (event) => event.workflowExecutionCancelRequestedEventAttributes,
      );
      found.push(isAsked === true ? 'asked to end' : 'running');
    }
  }
  return found;
}

test('a preview takes as long as its client waits, and says so when that is too short', async () => {
  const { app } = await start();
  const headers = { prefer: 'wait=1' };
  const answer = await app.inject({ method: 'POST', url: PATH, payload, headers });
  expect(answer.json()).toMatchObject({ status: 503, code: 'preview-timeout', retryable: true });
  expect(answer.json<{ detail: string }>().detail).toContain('"Prefer: wait=280"');
});

test('a preview is given up when its client has gone', async () => {
  const { app, temporal } = await start();
  await app.listen({ host: '127.0.0.1', port: 0 });
  // A server that listens on a port has an address of this shape.
  const { port } = app.server.address() as AddressInfo;
  const client = new AbortController();
  const asked = fetch(`http://127.0.0.1:${String(port)}${PATH}`, {
    method: 'POST',
    body: JSON.stringify(payload),
    headers: { 'content-type': 'application/json', prefer: 'wait=60' },
    signal: client.signal,
  });
  await expect.poll(() => states(temporal), { timeout: 30_000 }).toEqual(['running']);
  client.abort();
  await expect(asked).rejects.toThrow('aborted');
  await expect.poll(() => states(temporal), { timeout: 30_000 }).toEqual(['asked to end']);
});
