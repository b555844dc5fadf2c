import { type Applied, applyManifest } from './applied-yaml.ts';
import { EmptyCluster } from './empty-cluster.ts';
import { kubectl } from './kubectl.ts';

/** What the manifests of the fixture put into its namespace, as kubectl names it; its custom resources left aside. */
export const SKEW_OBJECTS = [
  ...['configmap/settings', 'secret/key', 'serviceaccount/web', 'persistentvolumeclaim/data'],
  ...['service/web', 'role.rbac.authorization.k8s.io/reader'],
  ...['rolebinding.rbac.authorization.k8s.io/reader', 'deployment.apps/web'],
  ...['statefulset.apps/store', 'horizontalpodautoscaler.autoscaling/web'],
  ...['poddisruptionbudget.policy/web', 'ingress.networking.k8s.io/web'],
  ...['networkpolicy.networking.k8s.io/web', 'cronjob.batch/nightly'],
] as const;

/** Puts an ordinary application into a cluster, with two custom types that have two versions each. */
export async function applySkewFixture(namespace: string, kubeconfig?: string): Promise<Applied> {
  const definitions = await applyManifest('skew-definitions', namespace, kubeconfig);
  await establish(['gauges', 'dials'], namespace, kubeconfig);
  const objects = await applyManifest('skew', namespace, kubeconfig);
  return {
    remove: async () => {
      await objects.remove();
      await definitions.remove();
    },
  };
}

/** A control plane of another minor version, with an audit log, that serves the older version of a custom type. */
export async function startSkewCluster(
  kubernetes: string,
  namespace: string,
): Promise<EmptyCluster> {
  const cluster = await EmptyCluster.start({ kubernetes, hasControllers: true, hasAuditLog: true });
  try {
    await applyManifest('skew-old-definition', namespace, cluster.kubeconfig);
    await establish(['dials'], namespace, cluster.kubeconfig);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

async function establish(
  plurals: readonly string[],
  namespace: string,
  kubeconfig: string | undefined,
): Promise<void> {
  await kubectl(
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...['wait', '--for=condition=Established', '--timeout=60s', 'crd'],
    ...plurals.map((plural) => `${plural}.${namespace}.holdfast.test`),
  );
}
