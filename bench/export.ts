import { Client, Connection } from '@temporalio/client';

import type { BackupSpec } from '../domain/backup.ts';
import { CONFIG_MAP, fillNamespace } from '../test/support/cluster-fixture.ts';
import { Installation } from '../test/support/installation.ts';
import { deleteNamespace } from '../test/support/kubectl.ts';
import { peakMiB, resetPeak } from './memory.ts';
import { rawExport } from './raw-export.ts';
import type { Result } from './results.ts';

const NAMESPACES = 10;
const OBJECT_BYTES = 1000;
/** What Velero 1.17 took for 10,000 ConfigMaps on the machine of the test bed, in seconds. */
const VELERO_SECONDS = 11.6;

interface ExportTarget {
  readonly count: number;
  readonly timesRaw: number;
}

/** Export of 10,000 ConfigMaps of 1 kB in 10 namespaces. */
export async function export10000(): Promise<Result[]> {
  const { results, seconds } = await measure({ count: 10_000, timesRaw: 2 });
  return [
    ...results,
    {
      name: 'export-10000-against-velero',
      value: seconds,
      unit: 's',
      ratio: seconds / VELERO_SECONDS,
      against: 'Velero 1.17 (11.6 s, measured apart)',
      target: 'under 0.1 times',
      isMet: seconds < VELERO_SECONDS / 10,
    },
  ];
}

/** Export of 50,000 ConfigMaps of 1 kB in 10 namespaces, with memory and history. */
export async function export50000(): Promise<Result[]> {
  return (await measure({ count: 50_000, timesRaw: 1.6 })).results;
}

async function measure({
  count,
  timesRaw,
}: ExportTarget): Promise<{ results: Result[]; seconds: number }> {
  const namespaces = Array.from(
    { length: NAMESPACES },
    (_, index) => `bench-${String(count)}-${String(index)}`,
  );
  const installation = await Installation.start();
  const store = installation.store();
  try {
    for (const namespace of namespaces) {
      await fillNamespace(namespace, {
        type: CONFIG_MAP,
        count: count / NAMESPACES,
        bytes: OBJECT_BYTES,
      });
    }
    const spec: BackupSpec = {
      cluster: installation.name,
      includedNamespaces: namespaces,
      excludedNamespaces: [],
      ttl: '1h',
    };
    // The first of each warms connections and code; the better of two counts on a machine with other work.
    const raw = Math.min(await rawExport(store, spec), await rawExport(store, spec));
    await backUp(installation, 'warm', namespaces);
    resetPeak(installation.pidOf('worker'));
    const seconds = await backUp(installation, 'measured', namespaces);
    const name = `export-${String(count)}`;
    const history = await historyLength(installation, 'backup/default/measured');
    const memory = peakMiB(installation.pidOf('worker'));
    return {
      seconds,
      results: [
        {
          name,
          value: seconds,
          unit: 's',
          ratio: seconds / raw,
          against: `the raw export (${raw.toFixed(2)} s)`,
          target: `at most ${String(timesRaw)} times and 1 s`,
          isMet: seconds <= timesRaw * raw + 1,
        },
        figure(`${name}-worker-memory`, { value: memory, unit: 'MiB', limit: 350 }),
        figure(`${name}-history`, { value: history, unit: 'events', limit: 500 }),
      ],
    };
  } finally {
    store.close();
    await installation.stop();
    await Promise.all(namespaces.map(deleteNamespace));
  }
}

function figure(
  name: string,
  { value, unit, limit }: { value: number; unit: string; limit: number },
): Result {
  const target = `under ${String(limit)} ${unit}`;
  return {
    name,
    value,
    unit,
    ratio: value / limit,
    against: 'the limit',
    target,
    isMet: value < limit,
  };
}

async function backUp(
  installation: Installation,
  name: string,
  namespaces: readonly string[],
): Promise<number> {
  const started = performance.now();
  await installation.createBackup(name, namespaces);
  const { status } = await installation.ended('backups', name);
  if (status.phase !== 'Completed') {
    throw new Error(`the backup ended as ${status.phase}`);
  }
  return (performance.now() - started) / 1000;
}

async function historyLength(installation: Installation, workflowId: string): Promise<number> {
  const connection = await Connection.connect({ address: installation.temporalAddress });
  const { historyLength: events } = await new Client({ connection }).workflow
    .getHandle(workflowId)
    .describe();
  await connection.close();
  return events;
}
