import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

import { API_BASE } from '../../domain/api-resource.ts';
import { Backup, BackupList, CreateBackup } from '../schemas/backup.ts';
import { BackupPreview, BackupVolumeList, Coverage } from '../schemas/coverage.ts';
import { BackupItems } from '../schemas/contents.ts';
import { ExtendBackup, HoldBackup } from '../schemas/hold.ts';
import { BackupHookList, RestoreHookList } from '../schemas/hooks.ts';
import { CreateRestore, Restore, RestoreList } from '../schemas/restore.ts';
import { RestoreItems } from '../schemas/restore-items.ts';
import { RestorePreview } from '../schemas/restore-preview.ts';
import { Plugin, PluginDescription, PluginList, RegisterPlugin } from '../schemas/plugin.ts';
import { LocationInventory } from '../schemas/location-inventory.ts';
import {
  NotificationEndpoint,
  NotificationEndpointList,
  NotificationTest,
} from '../schemas/notification-endpoint.ts';
import { Namespace, NamespaceList } from '../schemas/namespace.ts';
import { StorageLocation, StorageLocationList } from '../schemas/storage-location.ts';
import { CreateReconciliation, Reconciliation } from '../schemas/reconciliation.ts';
import { Diagnosis, Status } from '../schemas/status.ts';
import { MergePatch, ProblemSchema } from '../schemas/run.ts';
import {
  CreateSchedule,
  RecoveredSchedules,
  Retention,
  Schedule,
  ScheduleList,
} from '../schemas/schedule.ts';
import { docsPage } from './docs-page.ts';
import { describeOperations } from './openapi-document.ts';

/** Schemas that several routes have. */
const SCHEMAS = [
  Backup,
  BackupList,
  CreateBackup,
  HoldBackup,
  ExtendBackup,
  Restore,
  RestoreList,
  CreateRestore,
  RestorePreview,
  RestoreItems,
  Coverage,
  BackupPreview,
  BackupItems,
  BackupHookList,
  BackupVolumeList,
  RestoreHookList,
  PluginDescription,
  Plugin,
  PluginList,
  RegisterPlugin,
  Schedule,
  ScheduleList,
  CreateSchedule,
  Retention,
  RecoveredSchedules,
  StorageLocation,
  StorageLocationList,
  Namespace,
  NamespaceList,
  NotificationEndpoint,
  NotificationEndpointList,
  NotificationTest,
  LocationInventory,
  Reconciliation,
  CreateReconciliation,
  Status,
  Diagnosis,
  MergePatch,
  ProblemSchema,
];

interface OpenApiOptions {
  /** Whether who calls is asked; else the document says that a token is welcome and not needed. */
  readonly isTokenNeeded: boolean;
}

/** Registers the shared schemas and serves the OpenAPI document that the routes make, and a page of it. */
export async function openApi(
  app: FastifyInstance,
  { isTokenNeeded }: OpenApiOptions,
): Promise<void> {
  for (const schema of SCHEMAS) {
    app.addSchema(schema);
  }
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        description: 'Durable backup and restore for Kubernetes.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        version: 'v1',
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: isTokenNeeded ? [{ bearer: [] }] : [{ bearer: [] }, {}],
    },
    transformObject: describeOperations,
    convertConstToEnum: false,
    refResolver: {
      // Every shared schema has a name; the plugin would number them otherwise.
      buildLocalReference: ({ $id }) => (typeof $id === 'string' ? $id : 'Unnamed'),
    },
  });
  app.get(
    `${API_BASE}/openapi.json`,
    { config: { access: 'public' }, schema: { hide: true } },
    () => app.swagger(),
  );
  await docsPage(app);
}
