import { groupResource, type KubernetesObject, type ResourceType } from '../../domain/item.ts';
import { ACCOUNT_UID, accountOf, isTokenSecret } from '../../domain/restore/token-secret.ts';
import type { Cluster } from '../kubernetes/port.ts';

const ACCOUNT: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'serviceaccounts',
  kind: 'ServiceAccount',
  isNamespaced: true,
};

/**
 * A token secret with the uid of the account that is there now, as the token controller would put it. Without it the
 * controller takes the secret for one of the account of that name whose deletion it has still to deal with, and deletes
 * it (`IsServiceAccountToken` in Kubernetes' pkg/serviceaccount).
 */
export async function boundToken(
  cluster: Pick<Cluster, 'read'>,
  type: ResourceType,
  object: KubernetesObject,
): Promise<KubernetesObject> {
  if (groupResource(type) !== 'secrets' || !isTokenSecret(object)) {
    return object;
  }
  const { metadata } = object;
  const { namespace = '' } = metadata;
  const account = await cluster.read(ACCOUNT, { ...ACCOUNT, namespace, name: accountOf(object) });
  const uid = account?.metadata.uid;
  return uid === undefined
    ? object
    : {
        ...object,
        metadata: { ...metadata, annotations: { ...metadata.annotations, [ACCOUNT_UID]: uid } },
      };
}
