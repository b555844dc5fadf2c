import { forEachInPool } from '../activities/in-pool.ts';
import { openCluster } from '../activities/kubernetes/client.ts';
import type { KubernetesObject } from '../domain/item.ts';
import { fillNamespace, SECRET } from '../test/support/cluster-fixture.ts';
import { Installation } from '../test/support/installation.ts';
import { deleteNamespace, kubectl } from '../test/support/kubectl.ts';
import type { Result } from './results.ts';

const SECRETS = 5000;
const IN_FLIGHT = 32;
const TIMES_RAW = 2;
const NAMESPACE = 'bench-secrets';

/** Restore of 5,000 Secrets against a bare loop that creates the same with 32 in flight. */
export async function restoreSecrets(): Promise<Result[]> {
  const installation = await Installation.start();
  try {
    await fillNamespace(NAMESPACE, { type: SECRET, count: SECRETS, bytes: 200 });
    await installation.createBackup('b', [NAMESPACE]);
    await installation.ended('backups', 'b');
    const objects = await secrets();
    await deleteNamespace(NAMESPACE);
    const raw = await bareLoop(objects);
    await deleteNamespace(NAMESPACE);

    const started = performance.now();
    await installation.createRestore('r', { backupName: 'b' });
    const { status } = await installation.ended('restores', 'r');
    const seconds = (performance.now() - started) / 1000;
    if (status.phase !== 'Completed') {
      throw new Error(`the restore ended as ${status.phase}`);
    }
    return [
      {
        name: 'restore-5000-secrets',
        value: seconds,
        unit: 's',
        ratio: seconds / raw,
        against: `the bare loop (${raw.toFixed(2)} s)`,
        target: `at most ${String(TIMES_RAW)} times`,
        isMet: seconds <= TIMES_RAW * raw,
      },
    ];
  } finally {
    await installation.stop();
    await deleteNamespace(NAMESPACE);
  }
}

async function secrets(): Promise<KubernetesObject[]> {
  const text = await kubectl('-n', NAMESPACE, 'get', 'secrets', '-o', 'json');
  const { items } = JSON.parse(text) as { items: KubernetesObject[] };
  return items.map(({ metadata, ...content }) => ({
    ...content,
    metadata: { name: metadata.name, namespace: NAMESPACE },
  }));
}

async function bareLoop(objects: readonly KubernetesObject[]): Promise<number> {
  await kubectl('create', 'namespace', NAMESPACE);
  const cluster = openCluster(undefined);
  async function* each(): AsyncGenerator<KubernetesObject> {
    for (const object of objects) {
      yield await Promise.resolve(object);
    }
  }
  const started = performance.now();
  await forEachInPool(each(), IN_FLIGHT, async (object) => {
    await cluster.create(SECRET, object);
  });
  const seconds = (performance.now() - started) / 1000;
  await cluster.close();
  return seconds;
}
