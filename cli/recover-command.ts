import { Command } from 'commander';

import { Failure } from '../domain/failure.ts';
import type { ClusterHoldings } from '../domain/location-inventory.ts';
import type { ApiClient } from './client.ts';
import { type ClusterOptions, told, withCluster } from './cluster-key.ts';
import { EXIT } from './exit-codes.ts';
import { clientOf, type GlobalOptions, withApi, withOutput } from './global-options.ts';
import { checksText } from './location-output.ts';
import { dataText } from './output.ts';
import { type KeyOptions, recoverKey } from './recover-key.ts';
import { findPlace, type PlaceOptions, withPlace } from './recover-place.ts';
import { type Recovery, recoveryText } from './recover-output.ts';

interface RecoverOptions
  extends Omit<GlobalOptions, 'location'>, ClusterOptions, KeyOptions, PlaceOptions {
  readonly fromCluster?: string;
  readonly cluster?: string;
}

/**
 * `recover`: takes a new cluster to where a restore can begin, from the bucket and the exported key. May be run again:
 * what is done is left as it is. Nothing is changed before all of it was found to be there.
 */
export function recoverCommand(): Command {
  return withPlace(withCluster(withOutput(withApi(new Command('recover')))))
    .description(
      'after the loss of a cluster: find its backups, put its key in place, and bring its schedules back',
    )
    .option('--key-file <file>', 'the exported master key; "-" is standard input')
    .option('--without-volumes', 'go on without the key, and so without the data of volumes')
    .option('--from-cluster <name>', 'the lost cluster, where the location has several')
    .option('--cluster <name>', 'name of the new cluster, if it is not that of the lost one')
    .action((options: RecoverOptions, self: Command) => told(self, () => recover(options)));
}

async function recover(options: RecoverOptions): Promise<void> {
  const client = clientOf(options);
  const found = await findPlace(client, options);
  const location = found.metadata.name;
  const { clusters } = await client.inventory(location);
  const lost = lostCluster(clusters, location, options);
  // A check writes, and so do schedules that come back.
  const isReadOnly = found.spec.readOnly === true;
  const checked = isReadOnly ? found : await client.checkLocation(location);
  if (checked.status?.phase === 'Unavailable') {
    process.stdout.write(checksText(checked));
    process.exitCode = EXIT.failed;
    return;
  }
  const { samples, ...holdings } = lost;
  const key = await recoverKey({ ...holdings, samples }, options);
  const recovery: Recovery = {
    ...{ location, phase: checked.status?.phase ?? 'ReadOnly', lost: holdings },
    ...{ cluster: options.cluster ?? lost.name, key },
    schedules: isReadOnly ? [] : await recoverSchedules(client, location, { lost, options }),
  };
  process.stdout.write(
    options.output === 'table' ? recoveryText(recovery) : dataText(recovery, options.output),
  );
}

/** Whose backups are meant: those of the only cluster, apart from the new one. Throws `backup-not-found` and `invalid-request`. */
function lostCluster(
  clusters: readonly ClusterHoldings[],
  location: string,
  { fromCluster, cluster }: Pick<RecoverOptions, 'fromCluster' | 'cluster'>,
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

/** Brings the schedules of the lost cluster back, paused; those that are back already stay as they are. */
async function recoverSchedules(
  client: ApiClient,
  location: string,
  { lost, options }: { readonly lost: ClusterHoldings; readonly options: RecoverOptions },
): Promise<Recovery['schedules']> {
  const { names } = await client.recoverSchedules({
    ...{ location, cluster: lost.name, paused: true },
    ...(options.cluster === undefined ? {} : { asCluster: options.cluster }),
  });
  const meant = [lost.name, options.cluster];
  const { items } = await client.schedules();
  return items
    .filter(({ spec }) => spec.location === location && meant.includes(spec.template.cluster))
    .map(({ metadata, spec, status }) => ({
      ...{ name: metadata.name, phase: status.phase, cluster: spec.template.cluster },
      isNew: names.includes(metadata.name),
    }));
}
