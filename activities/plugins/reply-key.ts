import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';

import { fields } from '../../domain/fields.ts';
import { pluginReplyKey } from '../../domain/object-key.ts';
import { readJsonGz, readJsonGzIfThere, writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { SealOpener } from '../../storage/seal-opener.ts';

/** Makes the key with which plugins seal what they answer to a run, unless an earlier attempt has made it. */
export async function ensureReplyKey(
  store: ObjectStore,
  runFolder: string,
  runUid: string,
): Promise<void> {
  const key = pluginReplyKey(runFolder, runUid);
  if ((await readJsonGzIfThere(store, key)) === undefined) {
    const { privateKey } = generateKeyPairSync('x25519');
    const der = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
    await writeJsonGz(store, key, { privateKey: der });
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
