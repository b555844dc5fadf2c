import { Failure } from '../domain/failure.ts';
import type { ClusterHoldings } from '../domain/location-inventory.ts';
import type { ApiClient } from './client/api-client.ts';
import type { FoundPlace } from './recover-place.ts';

/** Which cluster was lost, and which takes its place. */
export interface LostOptions {
  readonly fromCluster?: string;
  readonly cluster?: string;
}

/** The cluster whose backups are meant. A location without them is not kept for that. */
export async function lostCluster(
  client: ApiClient,
  { resource, isNew }: FoundPlace,
  options: LostOptions,
): Promise<ClusterHoldings> {
  const { name } = resource.metadata;
  const { clusters } = await client.locations.inventory(name);
  try {
    return meantCluster(clusters, name, options);
  } catch (error) {
    if (isNew) {
      await client.locations.delete(name);
    }
    throw error;
  }
}

/** Whose backups are meant: those of the only cluster, apart from the new one. Throws `backup-not-found` and `invalid-request`. */
function meantCluster(
  clusters: readonly ClusterHoldings[],
  location: string,
  { fromCluster, cluster }: LostOptions,
): ClusterHoldings {
  const all = clusters.filter(({ backups }) => backups > 0);
  const names = all.map(({ name }) => name).join(', ');
  const others = all.filter(({ name }) => name !== cluster);
  const meant =
    fromCluster === undefined
      ? [others, all].find(({ length }) => length > 0)
      : all.filter(({ name }) => name === fromCluster);
  const [lost, other] = meant ?? [];
  if (other !== undefined) {
    const text = `the location ${location} has backups of several clusters: ${names}; name the lost one with --from-cluster`;
    throw new Failure('invalid-request', text, { subject: 'from-cluster' });
  }
  if (lost === undefined) {
    const what =
      fromCluster === undefined || names === ''
        ? 'has no backups that Holdfast made; look at bucket and prefix'
        : `has backups of: ${names}; and none of ${fromCluster}`;
    throw new Failure('backup-not-found', `the location ${location} ${what}`);
  }
  return lost;
}
