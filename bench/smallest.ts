import { CONFIG_MAP, fillNamespace } from '../test/support/cluster-fixture.ts';
import { Installation } from '../test/support/installation.ts';
import { deleteNamespace } from '../test/support/kubectl.ts';
import type { Result } from './results.ts';

const NAMESPACE = 'bench-smallest';
const RUNS = 7;
const LIMIT_SECONDS = 1.2;
/** What Velero 1.17 took on the machine of the test bed. */
const VELERO_SECONDS = 1.04;

/** The smallest backup, from the request to its end as the API shows it: the median of some runs. */
export async function smallestBackup(): Promise<Result[]> {
  const installation = await Installation.start();
  try {
    await fillNamespace(NAMESPACE, { type: CONFIG_MAP, count: 1, bytes: 100 });
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const started = performance.now();
      await installation.createBackup(`b${String(run)}`, [NAMESPACE]);
      await installation.ended('backups', `b${String(run)}`);
      times.push((performance.now() - started) / 1000);
    }
    const median = times.sort((left, right) => left - right)[Math.floor(RUNS / 2)] ?? 0;
    return [
      {
        name: 'smallest-backup',
        value: median,
        unit: 's',
        ratio: median / VELERO_SECONDS,
        against: 'Velero 1.17 (1.04 s, measured apart)',
        target: `within ${String(LIMIT_SECONDS)} s`,
        isMet: median <= LIMIT_SECONDS,
      },
    ];
  } finally {
    await installation.stop();
    await deleteNamespace(NAMESPACE);
  }
}
