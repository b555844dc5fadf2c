import { setTimeout as sleep } from 'node:timers/promises';

import type { BackupResource } from '../../domain/api-resource.ts';
import { recordTime } from '../../domain/duration.ts';
import { freezeLeaseName, leaseOfFreeze } from '../../domain/hooks/freeze.ts';
import { applyYaml } from './applied-yaml.ts';
import type { Installation } from './installation.ts';
import { kubectl } from './kubectl.ts';
import { applyVolumePod, type VolumePod } from './volume-pods.ts';

const HOUR_MS = 3_600_000;
const LOOK_MS = 100;

/**
 * Starts a backup of the namespace of a pod with hooks, and replaces the pod when the backup has planned these and before
 * it runs them: until then another backup seems to have frozen the pod. Gives the uid of the new one.
 */
export async function backUpReplaced(
  installation: Installation,
  name: string,
  pod: VolumePod & { readonly as?: string },
): Promise<string> {
  const { namespace, as = pod.name } = pod;
  const uidOf = (one: string): Promise<string> =>
    kubectl('-n', namespace, 'get', 'pod', one, '-o', 'jsonpath={.metadata.uid}');
  const uid = await uidOf(pod.name);
  await holdPod({ namespace, name: pod.name, uid }, installation.ownNamespace);
  await installation.createBackup(name, [namespace]);
  const states = async (): Promise<string> => {
    const path = `/backups/${name}`;
    return JSON.stringify((await installation.request<BackupResource>('GET', path)).body.status);
  };
  while (!/is frozen by|the pre hooks of the pod/.test(await states())) {
    await sleep(LOOK_MS);
  }
  await kubectl('-n', namespace, 'delete', 'pod', pod.name, '--wait');
  await applyVolumePod({ ...pod, name: as });
  await kubectl('-n', installation.ownNamespace, 'delete', 'lease', freezeLeaseName(uid));
  return uidOf(as);
}

/** Notes that another backup has frozen a pod, as Holdfast does. */
async function holdPod(
  pod: { readonly namespace: string; readonly name: string; readonly uid: string },
  ownNamespace: string,
): Promise<void> {
  const times = { since: recordTime(Date.now()), deadline: recordTime(Date.now() + HOUR_MS) };
  const freeze = { pod, run: 'backup/default/other', runUid: 'other', ...times, undo: [] };
  const documents = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ownNamespace } },
    leaseOfFreeze(freeze, ownNamespace),
  ];
  await applyYaml(documents.map((one) => JSON.stringify(one)).join('\n---\n'));
}
