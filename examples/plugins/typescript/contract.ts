// Contract v1 of Holdfast's plugins, as far as this plugin uses it. docs/plugin-contract-v1.json of Holdfast has all of it.

/** One Kubernetes object, by name: a plugin that wants to see it reads it from the cluster. */
export interface Item {
  /** API group; empty for the core group. */
  readonly group: string;
  /** Plural, lower case: `persistentvolumeclaims`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** The run on whose behalf the plugin is called. */
interface Run {
  readonly kind: 'Backup' | 'Restore';
  readonly location: string;
  readonly name: string;
  readonly uid: string;
  readonly cluster: string;
}

/** Argument of `backupItems` and of `restoreItems`; 100 items at most. */
export interface ItemsCall {
  readonly contract: 'v1';
  /** Name under which the plugin is registered. */
  readonly plugin: string;
  readonly run: Run;
  /** One of the names that `describePlugin` gave. */
  readonly action: string;
  /** What an answer says of the content of objects is sealed for this key: see seal.ts. */
  readonly replyKey: string;
  readonly items: readonly { readonly requestId: string; readonly item: Item }[];
}

/** An operation of a JSON patch, RFC 6902. */
interface PatchOperation {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test';
  path: string;
  from?: string;
  value?: unknown;
}

/** What the plugin says of one item. An item without an answer stays as it is. */
export interface ItemAnswer {
  requestId: string;
  patch?: PatchOperation[];
  /** Why the item is left out. */
  skip?: string;
  /** Items that the run takes as well. */
  additionalItems?: Item[];
  /** Something that goes on after the call, and that the run waits for. */
  operation?: { id: string; description?: string };
  /** Why the action failed for this item. */
  error?: string;
}

/** Answer of `backupItems` and of `restoreItems`: plain, or sealed. */
export type ItemsAnswer = { items: ItemAnswer[] } | { sealed: string };

/** Argument of `operationStatus`, `cancelOperation` and `deleteBackup`; 20 operations at most. */
export interface OperationsCall {
  readonly contract: 'v1';
  readonly plugin: string;
  readonly run: Run;
  readonly operations: readonly {
    readonly requestId: string;
    /** Left out where the call that began it was never answered. */
    readonly id?: string;
    readonly action: string;
    readonly item: Item;
  }[];
}

/** How far an operation is. */
export interface OperationStatus {
  requestId: string;
  phase: 'Running' | 'Completed' | 'Failed' | 'Cancelled';
  progress?: { done: number; total?: number; unit?: string };
  error?: string;
}

/** Answer of `operationStatus`. */
export interface OperationsAnswer {
  operations: OperationStatus[];
}
