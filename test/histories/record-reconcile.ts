import { setTimeout as sleep } from 'node:timers/promises';

import { imagePod } from '../../activities/volumes/mount-pod.ts';
import type { ReconciliationResource } from '../../domain/reconciliation.ts';
import { backupKeys, planKey } from '../../domain/object-key.ts';
import { reconcileWorkflowId } from '../../domain/workflow-id.ts';
import { readClaim } from '../../storage/claim.ts';
import { applyYaml } from '../support/applied-yaml.ts';
import type { Recorder } from './record-plugins.ts';

/** A look that removes what a run that was cut off has left, and what one that has ended has. */
export async function recordReconciliation({ installation, record }: Recorder): Promise<void> {
  const { name: cluster } = installation;
  const store = installation.store();
  await installation.createBackup('with-work', ['default']);
  const { uid: runUid } = (await installation.ended('backups', 'with-work')).metadata;
  await store.put(planKey(backupKeys('with-work').folder, runUid), Buffer.from('left'));
  await installation.createBackup('cut-off', ['default']);
  await installation.ended('backups', 'cut-off');
  // As if the run had been cut off before its end.
  await store.remove([backupKeys('cut-off').record]);
  store.close();
  await removeAll(installation);
  await record('reconcile', reconcileWorkflowId('default', cluster));
}

/** A look that removes a pod of a run that has closed. */
export async function recordLeftovers({ installation, record }: Recorder): Promise<void> {
  const store = installation.store();
  await installation.createBackup('with-pod', ['default']);
  const { uid: runUid } = (await installation.ended('backups', 'with-pod')).metadata;
  const claim = await readClaim(store, backupKeys('with-pod').claim);
  store.close();
  const pod = imagePod({
    ...{ name: 'left', namespace: 'default', runUid, image: 'none' },
    owner: {
      workflowId: 'backup/default/with-pod',
      installation: claim?.stored.installation ?? '',
    },
  });
  await applyYaml(JSON.stringify(pod));
  await removeAll(installation);
  await record('reconcile-leftovers', reconcileWorkflowId('default', installation.name));
}

async function removeAll(installation: Recorder['installation']): Promise<void> {
  const { name: cluster } = installation;
  await installation.request('POST', '/reconciliations', { spec: { cluster, removal: 'All' } });
  const path = `/reconciliations/default?cluster=${cluster}`;
  for (;;) {
    const { body } = await installation.request<ReconciliationResource>('GET', path);
    if (body.status.phase !== 'InProgress') {
      return;
    }
    await sleep(100);
  }
}
