import { API_VERSION, type BackupHookList } from '../../domain/api-resource.ts';
import type { BackupItem, BackupItemList } from '../../domain/backup-contents.ts';
import type { IndexItem } from '../../domain/backup-index.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import { Failure } from '../../domain/failure.ts';
import { maskedJson } from '../../domain/mask-secret.ts';
import { backupKeys } from '../../domain/object-key.ts';
import { backupVolumes, type BackupVolumeList } from '../../domain/volumes/backup-volumes.ts';
import type { CopyRecord } from '../../domain/volumes/copy-record.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import type { BackupIndex } from '../../storage/format/held-index.ts';
import { ItemBrowser } from '../../storage/format/item-browser.ts';
import { openMaskedArchive } from '../../storage/format/masked-archive.ts';
import { readBodyText } from '../../storage/format/read-bodies.ts';
import { readJsonGzIfThere } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { continueToken, placeOfToken } from './continue-token.ts';
import { findLine, pageOf, type WantedItem } from './find-items.ts';
import { itemFilter, type ItemQuery } from './item-filter.ts';
import { readHooks } from './read-hooks.ts';
import { readCoverage } from './read-coverage.ts';
import { type LookAtBackup, requireUsable } from './usable-backup.ts';

export interface ContentsOptions {
  /** The store of a location. Throws `unknown-location`. */
  readonly store: (location: string) => ObjectStore;
  readonly look: LookAtBackup;
  /** Whether anybody may see the values of Secrets. */
  readonly isRevealAllowed: boolean;
}

export interface ItemListQuery extends ItemQuery {
  readonly limit: number;
  readonly continue?: string | undefined;
}

/** How something that may hold Secrets is read. */
export interface ReadHow {
  /** Whether values of Secrets are asked for as they are. */
  readonly isRevealed: boolean;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

export interface Download {
  readonly body: AsyncIterable<Uint8Array>;
  /** Left out when it is not known before the end. */
  readonly sizeBytes?: number;
}

/**
 * What ended backups hold. Throws `unknown-location`, `not-found`, `still-running`, `being-deleted`,
 * `backup-not-usable` for a backup without contents or index, `secrets-forbidden`, and what stores throw.
 */
export class ContentsService {
  readonly #options: ContentsOptions;
  readonly #browser = new ItemBrowser();

  constructor(options: ContentsOptions) {
    this.#options = options;
  }

  /** One page of the items; the tarball is not read. */
  async items(key: RunKey, query: ItemListQuery): Promise<BackupItemList> {
    const filter = itemFilter(query);
    const index = await this.#index(key);
    const { type, namespace, name, labelSelector } = query;
    const list = { version: index.version, filters: [type, namespace, name, labelSelector] };
    const from = placeOfToken(list, query.continue);
    const { items, next, remaining } = await pageOf(index, { filter, limit: query.limit, from });
    return {
      apiVersion: API_VERSION,
      kind: 'BackupItemList',
      metadata: {
        ...(next === undefined ? {} : { continue: continueToken(list, next) }),
        ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
      },
      items: items.map(listed),
    };
  }

  /** The JSON of one object, of which only its part of the tarball is read. */
  async item(key: RunKey, wanted: WantedItem, { isRevealed, signal }: ReadHow): Promise<string> {
    this.#requireAllowed(isRevealed);
    const line = await findLine(await this.#index(key), wanted);
    if (line === undefined) {
      throw noSuchItem(key, wanted);
    }
    const archiveKey = backupKeys(key.name).archive;
    const json = await readBodyText(this.#store(key), { archiveKey, line, signal });
    return isRevealed ? json : maskedJson(line, json);
  }

  /** The whole tarball. */
  async download(key: RunKey, { isRevealed, signal }: ReadHow): Promise<Download> {
    this.#requireAllowed(isRevealed);
    const store = this.#store(key);
    await requireUsable(store, key, this.#options.look);
    if (isRevealed) {
      return store.get(backupKeys(key.name).archive, { signal });
    }
    await this.#requireIndex(key);
    return { body: await openMaskedArchive(store, { name: key.name, signal }) };
  }

  /** What the backup should hold, what it holds, and why they differ. Throws like `readCoverage`. */
  async coverage(key: RunKey): Promise<CoverageReport> {
    const store = this.#store(key);
    await requireUsable(store, key, this.#options.look);
    return readCoverage(store, key.name);
  }

  /** What became of its volumes. Throws like `readCoverage`. */
  async volumes(key: RunKey): Promise<BackupVolumeList> {
    const { volumes } = await this.coverage(key);
    const stored = await readJsonGzIfThere(this.#store(key), backupKeys(key.name).volumes);
    // The file under this key is Holdfast's own.
    const records = (stored ?? []) as readonly CopyRecord[];
    const items = backupVolumes(volumes.items, records);
    return { apiVersion: API_VERSION, kind: 'BackupVolumeList', items };
  }

  /** What became of its hooks; of a backup under way, of those that have ended. Throws like `readHooks`. */
  async hooks(key: RunKey): Promise<BackupHookList> {
    const items = await readHooks(this.#store(key), key.name);
    return { apiVersion: API_VERSION, kind: 'BackupHookList', items };
  }

  #store({ location }: RunKey): ObjectStore {
    return this.#options.store(location);
  }

  /** The index of an ended backup. One that is in memory was that of an ended backup when it was read. */
  async #index(key: RunKey): Promise<BackupIndex> {
    const store = this.#store(key);
    const entry = await store.head(backupKeys(key.name).index);
    const backup = entry && { location: key.location, index: entry };
    if (backup === undefined || !this.#browser.knows(backup)) {
      await requireUsable(store, key, this.#options.look);
    }
    if (backup === undefined) {
      throw noIndex(key);
    }
    return this.#browser.open(store, backup);
  }

  async #requireIndex(key: RunKey): Promise<void> {
    if ((await this.#store(key).head(backupKeys(key.name).index)) === undefined) {
      throw noIndex(key);
    }
  }

  #requireAllowed(isRevealed: boolean): void {
    if (isRevealed && !this.#options.isRevealAllowed) {
      const text = 'this API does not show values of Secrets; ask without secrets=reveal';
      throw new Failure('secrets-forbidden', text, { subject: 'secrets' });
    }
  }
}

function listed({ bodyLength, labels, ...item }: IndexItem): BackupItem {
  const { group, version, resource, kind, namespace, name, uid } = item;
  return {
    ...{ group, version, resource, kind, namespace, name, uid },
    ...(labels === undefined ? {} : { labels }),
    sizeBytes: bodyLength,
  };
}

function noSuchItem({ name: backup }: RunKey, { type, namespace, name, version }: WantedItem) {
  const place = namespace === '' ? '' : ` in the namespace ${namespace}`;
  const which = version === undefined ? '' : ` of version ${version}`;
  const hint = namespace === '' ? '; if it has a namespace, name that too' : '';
  const text = `the backup ${backup} has no ${type} ${name}${which}${place}${hint}`;
  return new Failure('not-found', text);
}

function noIndex({ name }: RunKey): Failure {
  const text =
    `the backup ${name} has no index, as Velero's own have none, so its items cannot be told apart; ` +
    'download the whole of it with secrets=reveal';
  return new Failure('backup-not-usable', text, { subject: backupKeys(name).index });
}
