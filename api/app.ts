import { randomUUID } from 'node:crypto';

import fastify, { type FastifyInstance } from 'fastify';

import type {
  BackupResource,
  CreateBackupRequest,
  CreateRestoreRequest,
  RestoreResource,
  RunResource,
} from '../domain/api-resource.ts';
import { DEFAULT_CLUSTER } from '../domain/backup.ts';
import { DEFAULT_NAMESPACE } from '../domain/names.ts';
import type { RunKey } from '../domain/workflow-id.ts';
import { backupNames } from '../storage/catalogue.ts';
import type { LocationSet } from '../storage/location-set.ts';
import { checkLocation } from '../storage/location-check.ts';
import type { ObjectStore } from '../storage/object-store/port.ts';
import type { SecretReader } from '../storage/object-store/secret-credentials.ts';
import { RestoreItems } from './contents/restore-items.ts';
import { ContentsService } from './contents/service.ts';
import type { LookAtBackup } from './contents/usable-backup.ts';
import type { Metrics } from './metrics/registry.ts';
import { measureRequests } from './metrics/requests.ts';
import type { LocationKeeper } from './locations/registry.ts';
import type { EndpointKeeper } from './notifications/registry.ts';
import type { ProtectionLook } from './namespaces/look.ts';
import { NamespaceService } from './namespaces/service.ts';
import { EndpointService } from './notifications/service.ts';
import { ReconcileService } from './reconcile/service.ts';
import { LocationService } from './locations/service.ts';
import { usesOf } from './locations/uses.ts';
import { DiagnosisService } from './diagnosis/service.ts';
import { PluginService } from './registry/plugin-service.ts';
import { type AuditLog, auditRequests } from './access/audit.ts';
import { type AccessControl, guardRoutes } from './access/guard.ts';
import { RouteGuards } from './access/route-guards.ts';
import { refuseIdleConditions } from './entity-tags.ts';
import { answerBrokenRequest } from './broken-requests.ts';
import { answerError, handleErrors } from './errors.ts';
import { Streams } from './events/streams.ts';
import { harden } from './plugins/hardening.ts';
import { knowLocations } from './plugins/known-locations.ts';
import { openApi } from './plugins/openapi.ts';
import { limitRates, type RateLimits } from './plugins/rate-limit.ts';
import { compileSerializersOnce } from './plugins/serializers.ts';
import { contentsRoutes } from './routes/contents.ts';
import { debugRoutes } from './routes/debug.ts';
import { namespaceRoutes } from './routes/namespaces.ts';
import { notificationEndpointRoutes } from './routes/notification-endpoints.ts';
import { pluginRoutes } from './routes/plugins.ts';
import { holdRoutes } from './routes/holds.ts';
import { healthRoutes } from './routes/health.ts';
import { statusRoutes } from './routes/status.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { reconciliationRoutes } from './routes/reconciliations.ts';
import { restoreItemRoutes } from './routes/restore-items.ts';
import { runEventRoutes } from './routes/run-events.ts';
import { runLogRoutes } from './routes/run-logs.ts';
import { locationInventoryRoutes } from './routes/location-inventory.ts';
import { storageLocationRoutes } from './routes/storage-locations.ts';
import { runRoutes } from './routes/runs.ts';
import { HoldService } from './runs/holds.ts';
import { BACKUPS, RESTORES } from './runs/kinds.ts';
import type { RunSources } from './runs/live.ts';
import { PreviewRuns } from './runs/preview-runs.ts';
import { BackupPreviews } from './runs/preview.ts';
import { RestorePreviews } from './runs/restore-preview.ts';
import { RunService } from './runs/service.ts';
import { completeRestoreSpec } from './runs/restore-source.ts';
import { backupSpec, restoreSpec } from './runs/spec.ts';
import type { TemporalRuns } from './runs/temporal.ts';
import { ScheduleService } from './schedules/service.ts';
import { Readiness } from './status/readiness.ts';
import { StatusService } from './status/service.ts';
import { CreateBackup } from './schemas/backup.ts';
import { CreateRestore } from './schemas/restore.ts';

/** A spec travels in a workflow's input, which has its limit too. */
const BODY_BYTES_MAX = 64 * 1024;
/** Velero's names have up to 253 characters, and `:cancel` may follow; the schema tells what is too long. */
const PARAM_LENGTH_MAX = 300;

/** Where nobody is asked who calls, nobody looks at these. */
const NO_REALM = { ownNamespace: DEFAULT_NAMESPACE, clusterUid: () => Promise.resolve('') };

/** The clients of an API process, and what it is told. */
export interface AppOptions {
  /** Name of the cluster that a request means which names none; `local` when left out. */
  readonly ownCluster?: string | undefined;
  readonly temporal: TemporalRuns;
  /** Host and port of Temporal, to be shown; not told when left out. */
  readonly temporalAddress?: string | undefined;
  readonly locations: LocationSet;
  /** The store of a location. Throws `unknown-location`. */
  readonly store: (location: string) => ObjectStore;
  /** Where locations are kept that requests make; none are without it. */
  readonly locationKeeper?: LocationKeeper | undefined;
  /** Where notification endpoints are kept; there are none without it. */
  readonly endpointKeeper?: EndpointKeeper | undefined;
  /** Reads the credentials of locations; without it those are refused that have them in a Secret. */
  readonly readSecret?: SecretReader | undefined;
  readonly uiUrl?: string | undefined;
  /** Where users reach the API, for links in the Temporal UI; there are none without it. */
  readonly publicUrl?: string | undefined;
  readonly patienceMs?: number | undefined;
  /** Who may call; everybody when left out. */
  readonly control?: AccessControl | undefined;
  /** How many requests callers may send; any number when left out. */
  readonly rates?: RateLimits | undefined;
  /** Where it is told who did what; nowhere when left out. */
  readonly auditLog?: AuditLog | undefined;
  /** Networks of proxies that are believed when they say whom they speak for; none when left out. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Whether values of Secrets are shown to who asks for them, where nobody is asked who calls; not when left out. */
  readonly isRevealAllowed?: boolean | undefined;
  /** Who knows whether the process should get requests, and hears that it ends; one without a cluster when left out. */
  readonly readiness?: Readiness | undefined;
  /** How well namespaces are protected; nobody knows without a cluster. */
  readonly protection?: ProtectionLook | undefined;
  /** Where requests are measured; they are not when left out. */
  readonly metrics?: Metrics | undefined;
  readonly logLevel: string;
}

/** Builds the API; it does not listen yet. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    logger: options.logLevel === 'silent' ? false : { level: options.logLevel },
    genReqId: () => randomUUID(),
    trustProxy: [...(options.trustedProxies ?? [])],
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    clientErrorHandler: answerBrokenRequest,
    ajv: {
      // What is not understood is refused, and never dropped or bent to fit.
      customOptions: { removeAdditional: false, allErrors: true, coerceTypes: false },
    },
  });
  // Bodies are JSON; the framework would take a text for one as well.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  handleErrors(app);
  measureRequests(app, options.metrics);
  await harden(app);
  if (options.auditLog !== undefined) {
    auditRequests(app, options.auditLog);
  }
  refuseIdleConditions(app);
  // The guard needs to know which location is meant, and the log hears also whom the guard does not know.
  knowLocations(app, options.locations);
  guardRoutes(app, options.control);
  if (options.rates !== undefined) {
    await limitRates(app, options.rates);
  }
  compileSerializersOnce(app);
  await openApi(app, { isTokenNeeded: options.control !== undefined });
  healthRoutes(app, options.readiness ?? new Readiness(options));
  const services = servicesOf(options);
  startRoutes(app, options, services);
  lookRoutes(app, options, services);
  installationRoutes(app, options, services);
  scheduleRoutes(app, { service: services.schedules, guards: services.guards });
  return app;
}

interface Services {
  readonly sources: RunSources;
  readonly backups: RunService<BackupResource>;
  readonly restores: RunService<RestoreResource>;
  readonly schedules: ScheduleService;
  readonly guards: RouteGuards;
}

function servicesOf(options: AppOptions): Services {
  const { locations, ownCluster = DEFAULT_CLUSTER } = options;
  const realm = options.control ?? { ...NO_REALM, ownCluster };
  const sources = {
    ...options,
    location: (name: string) => locations.all.find((location) => location.name === name),
  };
  const backups = new RunService(BACKUPS, sources);
  const restores = new RunService(RESTORES, sources);
  const schedules = new ScheduleService(sources);
  const guards = new RouteGuards(realm, {
    backup: (key, since) => backups.get(key, since),
    restore: (key, since) => restores.get(key, since),
    schedule: (name) => schedules.get(name),
    backupNames: (location, start) => backupNames(options.store(location), start),
  });
  return { sources, backups, restores, schedules, guards };
}

/** Runs, and what they would do. */
function startRoutes(app: FastifyInstance, options: AppOptions, services: Services): void {
  const { backups, restores, guards } = services;
  const { ownCluster } = guards.realm;
  const previewRuns = new PreviewRuns(options.temporal);
  const backupPreviews = new BackupPreviews(options, previewRuns);
  const restorePreviews = new RestorePreviews(options, previewRuns);
  runRoutes(app, {
    kind: 'Backup',
    plural: 'backups',
    ...{ service: backups, guards },
    specOf: (body: CreateBackupRequest) => backupSpec(body, ownCluster),
    preview: (key, spec, wait) => backupPreviews.preview(key, spec, wait),
    schemas: { body: CreateBackup },
  });
  runRoutes(app, {
    kind: 'Restore',
    plural: 'restores',
    ...{ service: restores, guards },
    specOf: (body: CreateRestoreRequest) => restoreSpec(body, ownCluster),
    complete: (key, body) =>
      completeRestoreSpec({ store: options.store(key.location), ownCluster }, key, body),
    preview: (key, spec, wait) => restorePreviews.preview(key, spec, wait),
    schemas: { body: CreateRestore },
  });
}

/** What runs have left, and how long it stays. */
function lookRoutes(app: FastifyInstance, options: AppOptions, services: Services): void {
  const { temporal, store, control } = options;
  const { sources, backups, restores, guards } = services;
  // Where callers are known, what they may do says whether they see Secrets.
  const isRevealAllowed = control !== undefined || options.isRevealAllowed === true;
  const look: LookAtBackup = (key) => backups.get(key);
  const installation = () => temporal.installation();
  holdRoutes(app, { service: new HoldService({ ...sources, look, installation }), guards });
  const contents = new ContentsService({ store, look, isRevealAllowed });
  contentsRoutes(app, { contents, guards });
  streamRoutes(app, options, services);
  const restoreItems = new RestoreItems({ store, look: (key) => restores.get(key) });
  restoreItemRoutes(app, { restoreItems, guards });
}

/** What goes on until a run has ended. */
function streamRoutes(
  app: FastifyInstance,
  { store }: AppOptions,
  { backups, restores, guards }: Services,
): void {
  const streams = new Streams(app);
  const kinds = [
    {
      ...({ kind: 'Backup', plural: 'backups' } as const),
      look: (key: RunKey) => backups.get(key),
      phasesOf: (run: RunResource) => backups.phasesOf(run),
    },
    {
      ...({ kind: 'Restore', plural: 'restores' } as const),
      look: (key: RunKey) => restores.get(key),
      phasesOf: (run: RunResource) => restores.phasesOf(run),
    },
  ];
  const routes = { guards, streams };
  runEventRoutes(app, { ...routes, kinds });
  runLogRoutes(app, { ...routes, kinds, store });
}

/** Holdfast itself. */
function installationRoutes(app: FastifyInstance, options: AppOptions, services: Services): void {
  const { temporal, store } = options;
  const { sources, guards } = services;
  const { ownCluster } = guards.realm;
  const locationService = locationsOf(options, sources);
  storageLocationRoutes(app, { service: locationService, guards });
  locationInventoryRoutes(app, { locations: locationService, store, guards });
  reconciliationRoutes(app, { service: new ReconcileService(sources), guards });
  const endpoints = new EndpointService(options);
  notificationEndpointRoutes(app, { service: endpoints, guards });
  const status = new StatusService({ ...options, ownCluster });
  const diagnosis = new DiagnosisService({
    ...{ temporal, status, locations: locationService, endpoints },
  });
  statusRoutes(app, { status, diagnosis, guards });
  debugRoutes(app, { temporal, guards });
  pluginRoutes(app, { service: new PluginService(temporal, ownCluster), guards });
  const { protection } = options;
  const namespaces = new NamespaceService(protection, ownCluster);
  namespaceRoutes(app, { service: namespaces });
}

function locationsOf(options: AppOptions, sources: RunSources): LocationService {
  const { temporal, locations, store, locationKeeper: keeper, readSecret } = options;
  return new LocationService({
    ...{ locations, keeper, store },
    usesOf: (location) => usesOf(sources, location),
    check: (location) => checkLocation(location, readSecret === undefined ? {} : { readSecret }),
    installation: () => temporal.installation(),
  });
}
