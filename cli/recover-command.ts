import { Command } from 'commander';

import type { ClusterHoldings } from '../domain/location-inventory.ts';
import type { StorageLocationResource } from '../domain/locations/api-location.ts';
import type { ApiClient } from './client/api-client.ts';
import { type ClusterOptions, told } from './cluster-key.ts';
import { EXIT } from './exit-codes.ts';
import { apiOf, type GlobalOptions, withApi, withNamelessOutput } from './global-options.ts';
import { checksText } from './location-output.ts';
import { lostCluster } from './lost-cluster.ts';
import { print } from './output/print.ts';
import { type KeyOptions, recoverKey } from './recover-key.ts';
import { findPlace, type FoundPlace, type PlaceOptions, withPlace } from './recover-place.ts';
import { type Recovery, recoveryText } from './recover-output.ts';

interface RecoverOptions
  extends
    Omit<GlobalOptions, 'location' | keyof ClusterOptions>,
    ClusterOptions,
    KeyOptions,
    PlaceOptions {
  readonly fromCluster?: string;
  readonly cluster?: string;
}

/**
 * `recover`: takes a new cluster to where a restore can begin, from the bucket and the exported key. May be run again:
 * what is done is left as it is. Nothing is changed before all of it was found to be there.
 */
export function recoverCommand(): Command {
  return withPlace(withNamelessOutput(withApi(new Command('recover'))))
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
  const client = apiOf(options);
  const found = await findPlace(client, options);
  const { name: location } = found.resource.metadata;
  const lost = await lostCluster(client, found, options);
  const { seen, phase } = await lookAt(client, found);
  if (phase === 'Unavailable') {
    process.stdout.write(checksText(seen));
    process.exitCode = EXIT.failed;
    return;
  }
  const { samples, ...holdings } = lost;
  const key = await recoverKey({ ...holdings, samples }, options);
  if (phase !== 'ReadOnly') {
    // It belonged to the Holdfast that was lost, and is written to by this one from now on.
    await client.locations.verb(location, 'adopt');
  }
  const recovery: Recovery = {
    ...{ location, phase, lost: holdings },
    ...{ cluster: options.cluster ?? lost.name, key },
    schedules:
      phase === 'ReadOnly' ? [] : await recoverSchedules(client, location, { lost, options }),
  };
  print(recovery, options, { text: () => recoveryText(recovery) });
}

/** A location as it is: checked, unless it is only looked at, or was checked when it was kept just now. */
async function lookAt(
  client: ApiClient,
  { resource, isNew }: FoundPlace,
): Promise<{ seen: StorageLocationResource; phase: Recovery['phase'] }> {
  const { metadata, spec } = resource;
  // A check writes, and so do schedules that come back.
  if (spec.provider !== undefined && spec.readOnly === true) {
    return { seen: resource, phase: 'ReadOnly' };
  }
  const seen = isNew ? resource : await client.locations.verb(metadata.name, 'check');
  return { seen, phase: seen.status?.phase ?? 'Available' };
}

/** Brings the schedules of the lost cluster back, paused; those that are back already stay as they are. */
async function recoverSchedules(
  client: ApiClient,
  location: string,
  { lost, options }: { readonly lost: ClusterHoldings; readonly options: RecoverOptions },
): Promise<Recovery['schedules']> {
  const { names } = await client.schedules.recover({
    ...{ location, cluster: lost.name, paused: true },
    ...(options.cluster === undefined ? {} : { asCluster: options.cluster }),
  });
  const meant = [lost.name, options.cluster];
  const { items } = await client.schedules.list();
  return items
    .filter(({ spec }) => spec.location === location && meant.includes(spec.template.cluster))
    .map(({ metadata, spec, status }) => ({
      ...{ name: metadata.name, phase: status.phase, cluster: spec.template.cluster },
      isNew: names.includes(metadata.name),
    }));
}
