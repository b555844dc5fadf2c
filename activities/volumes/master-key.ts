import { randomBytes } from 'node:crypto';

import { Failure } from '../../domain/failure.ts';
import { fields } from '../../domain/fields.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { ensureNamespace } from '../own-namespace.ts';
import { SECRET } from '../own-secrets.ts';

/** The Secret of Holdfast's own namespace from whose key every password of a repository is derived. */
export const MASTER_KEY_SECRET = 'holdfast-master-key';
const KEY_FIELD = 'key';
const KEY_BYTES = 32;
const KEY_TEXT = /^[0-9a-f]{64}$/;

type KeyCluster = Pick<Cluster, 'read' | 'create'>;

/** The master key, 64 hexadecimal digits. Throws `master-key-missing`, and `master-key-not-usable` for what is none. */
export async function readMasterKey(
  cluster: Pick<Cluster, 'read'>,
  namespace: string,
): Promise<string> {
  const secret = await cluster.read(SECRET, { ...SECRET, namespace, name: MASTER_KEY_SECRET });
  const subject = `secrets/${namespace}/${MASTER_KEY_SECRET}`;
  if (secret === undefined) {
    const text = `there is no Secret ${MASTER_KEY_SECRET} in the namespace ${namespace}; where volumes were copied before, import the one that was exported (holdfast keys import); else the first backup of a volume makes it`;
    throw new Failure('master-key-missing', text, { subject });
  }
  const data = fields(secret['data'])[KEY_FIELD];
  const text = typeof data === 'string' ? Buffer.from(data, 'base64').toString('utf8').trim() : '';
  if (!KEY_TEXT.test(text)) {
    const message = `the field ${KEY_FIELD} of the Secret ${MASTER_KEY_SECRET} must be 64 hexadecimal digits`;
    throw new Failure('master-key-not-usable', message, { subject });
  }
  return text;
}

/** Makes the master key unless there is one; one that is there is never replaced. */
export async function ensureMasterKey(cluster: KeyCluster, namespace: string): Promise<void> {
  const item = { ...SECRET, namespace, name: MASTER_KEY_SECRET };
  if ((await cluster.read(SECRET, item)) !== undefined) {
    return;
  }
  await putMasterKey(cluster, namespace, randomBytes(KEY_BYTES).toString('hex'));
}

/**
 * Gives a cluster the key of another installation. Throws `master-key-not-usable` for what is none, and
 * `already-exists` where there is another one.
 */
export async function importMasterKey(
  cluster: KeyCluster,
  namespace: string,
  text: string,
): Promise<'created' | 'unchanged'> {
  const key = text.trim();
  if (!KEY_TEXT.test(key)) {
    const message = 'a master key is 64 hexadecimal digits, as `holdfast keys export` prints them';
    throw new Failure('master-key-not-usable', message);
  }
  if (await putMasterKey(cluster, namespace, key)) {
    return 'created';
  }
  if ((await readMasterKey(cluster, namespace)) !== key) {
    const message = `the Secret ${MASTER_KEY_SECRET} in the namespace ${namespace} holds another master key, which is never replaced: copies of volumes that were made with it need it; export it, and delete the Secret if nothing was copied`;
    throw new Failure('already-exists', message);
  }
  return 'unchanged';
}

/** Puts a key where there is none, and makes the namespace for it; says whether it did. */
async function putMasterKey(cluster: KeyCluster, namespace: string, key: string): Promise<boolean> {
  await ensureNamespace(cluster, namespace);
  const { kind } = await cluster.create(SECRET, {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
    metadata: {
      name: MASTER_KEY_SECRET,
      namespace,
      labels: { 'app.kubernetes.io/name': 'holdfast', 'app.kubernetes.io/managed-by': 'holdfast' },
    },
    data: { [KEY_FIELD]: Buffer.from(key).toString('base64') },
  });
  return kind === 'created';
}
