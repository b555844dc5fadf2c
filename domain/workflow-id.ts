/** A run's identity: location and name are its idempotency key. */
export interface RunKey {
  readonly location: string;
  readonly name: string;
}

/** A repository: the data of the volumes of one namespace of one cluster, in one location. */
export interface RepositoryKey {
  readonly location: string;
  readonly clusterUid: string;
  readonly namespace: string;
}

/** Task queue of the workers that run workflow code. */
export const WORKFLOW_TASK_QUEUE = 'holdfast';

/** Task queue of the activities that need one cluster's API and the storage locations. */
export function clusterTaskQueue(cluster: string): string {
  return `holdfast.cluster.${cluster}`;
}

/** Task queue of the agent of one node: the node's name, so that another attempt finds the same volumes. */
export function nodeTaskQueue(cluster: string, node: string): string {
  return `holdfast.node.${cluster}.${node}`;
}

/** Task queue of what notifies of a cluster: a receiver that does not answer keeps nothing else from being done. */
export function notificationTaskQueue(cluster: string): string {
  return `holdfast.notifications.${cluster}`;
}

/** Task queue of the workers of one plugin; they belong to whoever wrote the plugin. */
export function pluginTaskQueue(cluster: string, plugin: string): string {
  return `holdfast.plugin.${cluster}.${plugin}`;
}

/** The backup or restore that a workflow is of; undefined for every other workflow. */
export function runOfWorkflowId(
  workflowId: string,
): (RunKey & { readonly kind: 'Backup' | 'Restore' }) | undefined {
  const [, kind, location = '', name = ''] =
    /^(backup|restore)\/([^/]+)\/([^/]+)$/.exec(workflowId) ?? [];
  return kind === undefined
    ? undefined
    : { kind: kind === 'backup' ? 'Backup' : 'Restore', location, name };
}

/** The child of a backup or of a restore that handles one batch of its volumes. */
export function volumesWorkflowId(runId: string, batch: number): string {
  return `${volumesWorkflowIdPrefix(runId)}${String(batch)}`;
}

/** What the ids of all these children begin with. */
export function volumesWorkflowIdPrefix(runId: string): string {
  return `${runId}/volumes-`;
}

/**
 * The child of a run that asks plugins, waits for what they do, or ends that. With the uid of the run, since a child of one
 * that was terminated may not have ended when another run has the name; children of earlier releases have ids without.
 */
export function pluginsWorkflowId(
  runId: string,
  part: 'items' | `items-${string}` | 'operations' | 'cancel' | 'left',
  runUid?: string,
): string {
  return `${pluginsPrefix(runId)}${part}${runUid === undefined ? '' : `/${runUid}`}`;
}

/** Whether an id is that of the child of a run that waits for operations. */
export function isOperationsWorkflowId(runId: string, id: string): boolean {
  const own = pluginsWorkflowId(runId, 'operations');
  return id === own || id.startsWith(`${own}/`);
}

/** What the ids of all of them begin with. */
export function pluginsPrefix(runId: string): string {
  return `${runId}/plugin-`;
}

/** The guard of a pod that a run has frozen; it outlives the run. */
export function freezeGuardWorkflowId(
  runId: string,
  { podUid, runUid }: { readonly podUid: string; readonly runUid: string },
): string {
  return `${runId}/freeze/${podUid}/${runUid}`;
}

export function backupWorkflowId(key: RunKey): string {
  return `backup/${key.location}/${key.name}`;
}

export function restoreWorkflowId(key: RunKey): string {
  return `restore/${key.location}/${key.name}`;
}

export function runWorkflowId(kind: 'Backup' | 'Restore', key: RunKey): string {
  return kind === 'Backup' ? backupWorkflowId(key) : restoreWorkflowId(key);
}

export function deleteWorkflowId(kind: 'Backup' | 'Restore', key: RunKey): string {
  const stem = kind === 'Backup' ? 'delete' : 'delete-restore';
  return `${stem}/${key.location}/${key.name}`;
}

/** A preview is nobody's run: each has an id of its own. */
export function previewWorkflowId(key: RunKey, unique: string): string {
  return `preview/${key.location}/${key.name}/${unique}`;
}

/** Each request to the registry of plugins has an id of its own; without a name it is about all of them. */
export function pluginWorkflowId(
  cluster: string,
  name: string | undefined,
  unique: string,
): string {
  return name === undefined
    ? `plugins/${cluster}/${unique}`
    : `plugin/${cluster}/${name}/${unique}`;
}

/** Each look at a cluster has an id of its own. */
export function diagnoseWorkflowId(cluster: string, unique: string): string {
  return `diagnose/${cluster}/${unique}`;
}

/** The workflow that tells of an event; the event happens once. */
export function notifyWorkflowId(eventId: string): string {
  return `notify/${eventId}`;
}

/** The one that delivers it to an endpoint. */
export function deliverWorkflowId(eventId: string, endpoint: string): string {
  return `${notifyWorkflowId(eventId)}/${endpoint}`;
}

/** The workflow, and the Temporal Schedule, that deletes the backups of a cluster which have had their time. */
export function expiryId(cluster: string): string {
  return `expire/${cluster}`;
}

/** The workflow that looks for what dead runs of a cluster have left in a location. */
export function reconcileWorkflowId(location: string, cluster: string): string {
  return `reconcile/${location}/${cluster}`;
}

/** The workflow that says who may use a repository. */
export function repositoryWorkflowId({ location, clusterUid, namespace }: RepositoryKey): string {
  return `repository/${location}/${clusterUid}/${namespace}`;
}
