import { Failure } from '../domain/failure.ts';
import type { ClusterHoldings } from '../domain/location-inventory.ts';
import { type ClusterOptions, openKeys } from './cluster-key.ts';
import { readSource } from './yaml-object.ts';

export interface KeyOptions {
  readonly keyFile?: string;
  readonly withoutVolumes?: true;
}

/** What became of the master key: `NotNeeded` where no volume was copied. */
export type KeyState = 'Created' | 'Unchanged' | 'NotNeeded' | 'LeftOut';

/**
 * Sees that the cluster has the master key that opens what was copied; puts it there from a file. It is tried before it
 * is put anywhere. Throws `master-key-missing`, `repository-password`, and what `importMasterKey` throws.
 */
export async function recoverKey(
  lost: ClusterHoldings,
  options: KeyOptions & ClusterOptions,
): Promise<KeyState> {
  if (lost.repositories === 0) {
    return 'NotNeeded';
  }
  if (options.withoutVolumes === true) {
    return 'LeftOut';
  }
  const { cluster, masterKey, opensRepository } = await openKeys(options);
  const { namespace, keyFile } = options;
  const requireOpening = async (key: string, whose: string): Promise<void> => {
    const opened = await Promise.all(lost.samples.map((sample) => opensRepository(key, sample)));
    if (!opened.includes(true)) {
      throw wrongKey(lost, whose);
    }
  };
  try {
    if (keyFile !== undefined) {
      const { content, source } = await readSource(keyFile);
      await requireOpening(content, `the master key of ${source}`);
      const done = await masterKey.importMasterKey(cluster, namespace, content);
      return done === 'created' ? 'Created' : 'Unchanged';
    }
    const key = await masterKey.readMasterKey(cluster, namespace);
    await requireOpening(key, `the master key in the namespace ${namespace}`);
    return 'Unchanged';
  } catch (error) {
    throw isMissing(error) ? missingKey(lost, error) : error;
  } finally {
    await cluster.close();
  }
}

function isMissing(error: unknown): error is Failure {
  return error instanceof Failure && error.code === 'master-key-missing';
}

function missingKey({ name, repositories }: ClusterHoldings, cause: Failure): Failure {
  const text = `data of volumes of the cluster ${name} is in ${String(repositories)} repositories, which only its master key opens: name the file that was exported with --key-file; where it is lost, --without-volumes goes on without this data`;
  return new Failure('master-key-missing', text, { cause });
}

function wrongKey({ name, samples }: ClusterHoldings, whose: string): Failure {
  const { clusterUid = '', namespace = '' } = samples[0] ?? {};
  const text = `${whose} is not that of the cluster ${name}: it does not open its repositories, such as restic/v1/${clusterUid}/${namespace}; nothing was changed. Name the file that was exported from that cluster with --key-file`;
  return new Failure('repository-password', text);
}
