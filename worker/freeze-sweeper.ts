import { setTimeout as sleep } from 'node:timers/promises';

import { sweepFreezes, type Swept } from '../activities/hooks/sweep-freezes.ts';
import type { Cluster } from '../activities/kubernetes/port.ts';
import { Failure } from '../domain/failure.ts';
import { writeLog } from './log.ts';

/** Pause between two sweeps: a pod is thawed so much after its deadline at the latest. */
const PERIOD_MS = 5000;

/** How grave the ends are that are not as they should be. */
const LEVELS: Partial<Record<Swept['end'], string>> = { Failed: 'warn', GivenUp: 'error' };

/**
 * Thaws pods that hooks of backups froze for too long, for as long as the process lives: neither the backup nor Temporal
 * need be there for that. A cluster that does not answer is asked again.
 */
export async function sweepFreezesForever(
  cluster: Cluster,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const busy = new Set<string>();
  while (!signal.aborted) {
    try {
      // The thaws that it begins end by themselves.
      await sweepFreezes(
        { cluster, namespace },
        {
          ...{ signal, busy },
          onSwept: (swept) => {
            writeLog(LEVELS[swept.end] ?? 'info', 'a freeze is overdue', { ...swept });
          },
        },
      );
    } catch (error) {
      const code = error instanceof Failure ? error.code : 'internal';
      writeLog('warn', 'freezes cannot be looked at', { code });
    }
    await sleep(PERIOD_MS, undefined, { signal }).catch(() => undefined);
  }
}
