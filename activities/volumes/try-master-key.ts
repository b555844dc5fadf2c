import type { RepositorySample } from '../../domain/location-inventory.ts';
import { repositoryPassword } from '../engine/repository-password.ts';
import { opensKeyFile } from '../engine/restic/key-file.ts';

/** Whether a master key opens a repository. Throws `master-key-not-usable` for what is none. */
export async function opensRepository(
  masterKey: string,
  { clusterUid, namespace, keyFiles }: RepositorySample,
): Promise<boolean> {
  const password = repositoryPassword(masterKey, { clusterUid, namespace });
  for (const file of keyFiles) {
    if (await opensKeyFile(Buffer.from(file, 'base64'), password)) {
      return true;
    }
  }
  return false;
}
