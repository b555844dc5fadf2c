import { type Applied, applyManifest } from './applied-yaml.ts';
import { kubectl } from './kubectl.ts';

/**
 * Makes a namespace with a volume of every kind, and waits until its claims are bound and its pod runs. The manifest
 * `every-volume.yaml` names them after what they are:
 *
 * - Pod `running` mounts `empty-dir`, `host-folder`, `config-map`, `secret`, `projected`, `downward-api`, and the bound
 *   claims `host-path`, `local`, `opted-out` (by the pod's annotation) and `skipped-class` (of the storage class
 *   `<namespace>-skipped`, for a policy).
 * - Pod `waiting`, which no node takes, mounts `nfs`, `csi`, `ephemeral` and the claim `pending`.
 * - No pod mounts the claim `unmounted`, which is bound.
 *
 * The volume of a bound claim is `<namespace>-<claim>`.
 */
export async function applyEveryVolume(namespace: string): Promise<Applied> {
  const applied = await applyManifest('every-volume', namespace);
  try {
    const wait = ['-n', namespace, 'wait', '--timeout=120s'];
    await kubectl(
      ...[...wait, '--for=jsonpath={.status.phase}=Bound', 'pvc'],
      ...['host-path', 'local', 'opted-out', 'skipped-class', 'unmounted'],
    );
    await kubectl(...wait, '--for=condition=Ready', 'pod/running');
    await kubectl(...wait, '--for=jsonpath={.status.phase}=Pending', 'pvc/waiting-ephemeral');
  } catch (error) {
    await applied.remove();
    throw error;
  }
  return applied;
}
