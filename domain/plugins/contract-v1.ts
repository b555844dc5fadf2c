/** Version of the contract between Holdfast and a plugin: the activities that a plugin's worker serves. */
export const CONTRACT = 'v1';

/** Names of the activities; a plugin registers them on its task queue. */
export const PLUGIN_ACTIVITIES = [
  'describePlugin',
  'backupItems',
  'restoreItems',
  'operationStatus',
  'cancelOperation',
  'deleteBackup',
] as const;

/** Type of the failure with which `operationStatus` says that it wants to be asked again. */
export const OPERATION_RUNNING = 'OperationRunning';

/** Type of a failure whose message a plugin has written for people: of others, messages are not told. */
export const PLUGIN_FAILURE = 'PluginFailure';

/** What plugins add is shown to plugins, and what those add again; so many times they are asked in all. */
export const ROUNDS_MAX = 5;
/** Items of one call at most. */
export const ITEMS_PER_CALL = 100;
/**
 * Operations of one call at most. Temporal keeps 4 KiB of a failure beside an activity that is tried again, and progress is
 * read there.
 */
export const OPERATIONS_PER_CALL = 20;
/** What a plugin says of operations, as JSON in UTF-8; more than this is refused. */
export const STATUS_BYTES_MAX = 64 * 1024;
/** An answer, or what a call carries, as JSON in UTF-8; more than this is refused. */
export const ANSWER_BYTES_MAX = 512 * 1024;
