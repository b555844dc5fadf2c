import type { KubernetesObject } from '../domain/item.ts';
import { fillNamespace, SECRET } from '../test/support/cluster-fixture.ts';
import { Installation } from '../test/support/installation.ts';
import { deleteNamespace, kubectl } from '../test/support/kubectl.ts';
import { bareLoop } from './bare-loop.ts';
import type { Result } from './results.ts';

const SECRETS = 5000;
/** At least 80 % of the loop's rate. */
const TIMES_RAW = 1.25;
const NAMESPACE = 'bench-secrets';
const PATH = `/api/v1/namespaces/${NAMESPACE}/secrets`;

/** How often loop and restore take turns; a shared machine makes single turns differ by a tenth. */
const ROUNDS = 3;

/** Restore of 5,000 Secrets against a bare loop of plain HTTP that creates the same with 32 in flight, taking turns. */
export async function restoreSecrets(): Promise<Result[]> {
  const installation = await Installation.start();
  try {
    await fillNamespace(NAMESPACE, { type: SECRET, count: SECRETS, bytes: 200 });
    await installation.createBackup('b', [NAMESPACE]);
    await installation.ended('backups', 'b');
    const bodies = await secretBodies();
    await deleteNamespace(NAMESPACE);
    let raw = 0;
    let seconds = 0;
    for (let round = 1; round <= ROUNDS; round++) {
      await kubectl('create', 'namespace', NAMESPACE);
      raw += (await bareLoop(PATH, bodies)) / ROUNDS;
      await deleteNamespace(NAMESPACE);
      seconds += (await restored(installation, `r${String(round)}`)) / ROUNDS;
      await deleteNamespace(NAMESPACE);
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

/** Seconds from the request to the end of a restore. */
async function restored(installation: Installation, name: string): Promise<number> {
  const started = performance.now();
  await installation.createRestore(name, { backupName: 'b' });
  const { status } = await installation.ended('restores', name);
  if (status.phase !== 'Completed') {
    throw new Error(`the restore ended as ${status.phase}`);
  }
  return (performance.now() - started) / 1000;
}

async function secretBodies(): Promise<string[]> {
  const text = await kubectl('-n', NAMESPACE, 'get', 'secrets', '-o', 'json');
  const { items } = JSON.parse(text) as { items: KubernetesObject[] };
  return items.map(({ metadata, ...content }) =>
    JSON.stringify({ ...content, metadata: { name: metadata.name, namespace: NAMESPACE } }),
  );
}
