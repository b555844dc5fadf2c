import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';

import { Failure } from '../../domain/failure.ts';
import { fields } from '../../domain/fields.ts';
import { pluginReplyKey } from '../../domain/object-key.ts';
import { gzipText, readJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { SealOpener } from '../../storage/seal-opener.ts';

/** Makes the key with which plugins seal what they answer to a run; one that another attempt has made stays. */
export async function ensureReplyKey(
  store: ObjectStore,
  runFolder: string,
  runUid: string,
): Promise<void> {
  const { privateKey } = generateKeyPairSync('x25519');
  const der = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  const bytes = await gzipText(JSON.stringify({ privateKey: der }));
  try {
    await store.put(pluginReplyKey(runFolder, runUid), bytes, { isNew: true });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'precondition-failed') {
      throw error;
    }
  }
}

/** Opens what plugins sealed for a run, by the key that lies beside the objects of the run. */
export async function readReplyKey(
  store: ObjectStore,
  runFolder: string,
  runUid: string,
): Promise<SealOpener> {
  const { privateKey } = fields(await readJsonGz(store, pluginReplyKey(runFolder, runUid)));
  const der = Buffer.from(typeof privateKey === 'string' ? privateKey : '', 'base64');
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return new SealOpener({ privateKey: key, publicKey: createPublicKey(key) });
}
