import { setTimeout as sleep } from 'node:timers/promises';

import { RESTORES, BACKUPS } from '../../api/runs/kinds.ts';
import { RunService } from '../../api/runs/service.ts';
import { openTemporal } from '../../api/runs/temporal-line.ts';
import { TemporalRuns } from '../../api/runs/temporal.ts';
import type { RunVolumes } from '../../domain/api-resource.ts';
import { isEndPhase } from '../../domain/phase.ts';
import type { Installation } from './installation.ts';

const PAUSE_MS = 50;

/**
 * What is told of the volumes of a run until it has ended. Looks more often than the API does, which shows everybody
 * what it saw within a second: what lasts shorter would be missed.
 */
export async function watchedVolumes(
  installation: Installation,
  plural: 'backups' | 'restores',
  name: string,
): Promise<RunVolumes[]> {
  const line = openTemporal({ address: installation.temporalAddress });
  const store = installation.store();
  const sources = {
    temporal: new TemporalRuns(line, 'default'),
    store: () => store,
    location: () => undefined,
  };
  const service =
    plural === 'backups' ? new RunService(BACKUPS, sources) : new RunService(RESTORES, sources);
  const seen: RunVolumes[] = [];
  try {
    for (;;) {
      const { status } = await service.get({ location: 'default', name }, performance.now());
      if (isEndPhase(status.phase)) {
        return seen;
      }
      seen.push(...(status.volumes === undefined ? [] : [status.volumes]));
      await sleep(PAUSE_MS);
    }
  } finally {
    store.close();
    await line.close();
  }
}
