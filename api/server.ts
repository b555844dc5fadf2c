import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';

import type { FastifyInstance } from 'fastify';

import { openClusterIfAny } from '../activities/kubernetes/client.ts';
import { liveNamespaces } from '../activities/kubernetes/live-namespaces.ts';
import { LocationRegistry } from '../activities/locations/location-registry.ts';
import { EndpointRegistry } from '../activities/notifications/endpoint-registry.ts';
import { secretReader } from '../activities/own-secrets.ts';
import { Failure } from '../domain/failure.ts';
import { KEPT_BYTES_MAX, keepRecords } from '../storage/kept-records.ts';
import { LocationSet } from '../storage/location-set.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import { openObjectStore } from '../storage/object-store/open.ts';
import { openAuditLog } from './access/audit.ts';
import { openAccessControl } from './access/control.ts';
import { buildApp } from './app.ts';
import { type ApiConfig, readConfig } from './config.ts';
import { buildMetricsApp } from './metrics/app.ts';
import { Observer } from './metrics/observer.ts';
import { Metrics } from './metrics/registry.ts';
import { ProtectionLook, type ProtectionSources } from './namespaces/look.ts';
import { openTemporal } from './runs/temporal-line.ts';
import { TemporalRuns } from './runs/temporal.ts';
import { Readiness } from './status/readiness.ts';

const EXIT_CONFIG = 2;
/** As in a worker: what long lists leave behind is collected before it is four times what lives. */
const HEAP_GROWTH_PERCENT = 60;

/** Listens until the process is asked to end; requests that are under way are answered. */
async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${String(HEAP_GROWTH_PERCENT)}`);
  const config = await orExit(() => readConfig(process.env));
  const line = openTemporal(config.temporal.connection);
  const temporal = new TemporalRuns(line, config.temporal.namespace);
  const cluster = openClusterIfAny(config.kubeContext);
  const registry = cluster && new LocationRegistry(cluster, config.namespace);
  const readSecret = cluster && secretReader(cluster, config.namespace);
  const locations = new LocationSet({
    fixed: config.locations,
    open: (location) => openObjectStore(location, readSecret),
    ...(registry === undefined ? {} : { source: registry }),
  });
  const store = keepRecords((name) => locations.store(name), KEPT_BYTES_MAX);
  // What the API needs of the cluster is what it reads there.
  const askCluster = cluster && (() => locations.refresh());
  const readiness = new Readiness({ temporal, locations, store, askCluster });
  const { ownCluster } = config.access;
  const protection = protectionOf(cluster, { locations, store, ownCluster });
  const metrics = config.metrics && new Metrics();
  const control = await orExit(() => openAccessControl(config.access, config.namespace, cluster));
  const auditLog = openAuditLog(config.access.auditLog, (error) => {
    process.stderr.write(`holdfast api: the audit log cannot be written: ${error.message}\n`);
  });
  const app = await buildApp({
    ownCluster,
    control,
    // Where nobody is asked, there are no callers to tell apart.
    rates: control && config.access.rates,
    auditLog,
    trustedProxies: config.access.trustedProxies,
    temporal,
    temporalAddress: config.temporal.connection.address,
    locations,
    locationKeeper: registry,
    endpointKeeper: cluster && new EndpointRegistry(cluster, config.namespace),
    readSecret,
    store,
    readiness,
    protection,
    metrics,
    uiUrl: config.temporal.uiUrl,
    publicUrl: config.publicUrl,
    patienceMs: config.patienceMs,
    isRevealAllowed: config.isRevealAllowed,
    logLevel: config.logLevel,
  });
  app.addHook('onClose', async () => {
    await temporal.close();
    await cluster?.close();
    await auditLog?.close();
  });
  endInOrder(readiness, { drainMs: config.drainMs, end: () => void app.close() });
  const begin =
    metrics &&
    (await prepareMetrics(app, metrics, {
      ...{ temporal, ownCluster, locations, store, protection, readiness },
    }));
  await app.listen({ host: config.host, port: config.port });
  await begin?.(config);
}

/** How well the namespaces of the API's own cluster are protected. */
function protectionOf(
  cluster: Parameters<typeof liveNamespaces>[0] | undefined,
  sources: Omit<ProtectionSources, 'liveNamespaces'>,
): ProtectionLook | undefined {
  return (
    cluster && new ProtectionLook({ ...sources, liveNamespaces: () => liveNamespaces(cluster) })
  );
}

interface MeasuredParts {
  readonly temporal: TemporalRuns;
  readonly ownCluster: string;
  readonly locations: LocationSet;
  readonly store: (location: string) => ObjectStore;
  readonly protection: ProtectionLook | undefined;
  readonly readiness: Readiness;
}

/** Builds what fills the metrics and shows them, which ends with the API; gives how to begin. */
async function prepareMetrics(
  app: FastifyInstance,
  metrics: Metrics,
  { readiness, ...sources }: MeasuredParts,
): Promise<(config: ApiConfig) => Promise<void>> {
  const observer = new Observer(metrics, sources);
  const { level: logLevel } = app.log;
  const shown = await buildMetricsApp({ metrics, readiness, logLevel });
  app.addHook('onClose', async () => {
    observer.stop();
    await shown.close();
  });
  return async ({ metrics: listener }) => {
    observer.start();
    await shown.listen(listener);
  };
}

interface Ending {
  /** How long the process goes on answering after SIGTERM. */
  readonly drainMs: number;
  readonly end: () => void;
}

/**
 * On SIGTERM the process is not ready any more, and goes on answering until whoever sends requests has noticed; a second
 * one, SIGINT and the end of `holdfast dev` end it at once. What is under way is answered in any case.
 */
function endInOrder(readiness: Readiness, { drainMs, end }: Ending): void {
  process.once('SIGTERM', () => {
    readiness.end();
    process.once('SIGTERM', end);
    void sleep(drainMs, undefined, { ref: false }).then(end);
  });
  process.once('SIGINT', end);
  if (process.send !== undefined) {
    // An API that was started by `holdfast dev` must not outlive it, however that ends.
    process.once('disconnect', end);
    // One that was asked to end by somebody else must not stay for the sake of the open channel.
    process.channel?.unref();
  }
}

/** What a part of the configuration gives; one that cannot be used ends the process, and says why. */
async function orExit<Value>(read: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    const message = error instanceof Failure ? error.message : String(error);
    process.stderr.write(`holdfast api: ${message}\n`);
    process.exit(EXIT_CONFIG);
  }
}

await main();
