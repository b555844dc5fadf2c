import type { API_VERSION } from './api-resource.ts';
import type { ItemReference } from './item.ts';
import type { RestoreOutcome } from './restore/restore-outcome.ts';

/** One object of a backup, without its content. */
export interface BackupItem extends ItemReference {
  readonly version: string;
  readonly kind: string;
  readonly uid: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of the object's JSON. */
  readonly sizeBytes: number;
}

/** Answer of `GET /backups/{name}/items`: one page, in the order of the backup. */
export interface BackupItemList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'BackupItemList';
  readonly metadata: {
    /** Present when there is another page; pass it back as it is. */
    readonly continue?: string;
    /** Items behind this page; left out where only looking at each of them would tell. */
    readonly remainingItemCount?: number;
  };
  readonly items: readonly BackupItem[];
}

/** Answer of `GET /restores/{name}/items`: one page, in the order in which they were restored, shard by shard. */
export interface RestoreItemList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'RestoreItemList';
  /** `continue` is present when there is another page; pass it back as it is. */
  readonly metadata: { readonly continue?: string };
  readonly items: readonly RestoreOutcome[];
}
