import type { BackupHookList, RestoreHookList } from '../../domain/api-resource.ts';
import type { BackupItemList, RestoreItemList } from '../../domain/backup-contents.ts';
import type { CoverageReport } from '../../domain/coverage.ts';
import type { BackupVolumeList } from '../../domain/volumes/backup-volumes.ts';
import { pathOf, type Query, type Transport } from './transport.ts';

/** What backups hold, and what became of it in restores. */
export class ContentsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Items of a backup, page by page, up to a number of them; the list says whether there are more. */
  async items(name: string, query: Query, countMax?: number): Promise<BackupItemList> {
    return this.#transport.pages(`${pathOf('backups', name)}/items`, query, countMax);
  }

  /** Items of a restore, in the same manner. */
  async restoreItems(name: string, query: Query, countMax?: number): Promise<RestoreItemList> {
    return this.#transport.pages(`${pathOf('restores', name)}/items`, query, countMax);
  }

  /** The JSON of one object of a backup, as it was sent. */
  async item(
    name: string,
    { type, item }: { readonly type: string; readonly item: string },
    query: Query,
  ): Promise<string> {
    const path = `${pathOf('backups', name)}/items/${encodeURIComponent(type)}/${encodeURIComponent(item)}`;
    return this.#transport.text('GET', path, { query });
  }

  /** What a backup should hold, what it holds, and why they differ. */
  async coverage(name: string): Promise<CoverageReport> {
    return this.#transport.send('GET', `${pathOf('backups', name)}/coverage`, {});
  }

  /** What became of the volumes of a backup. */
  async backupVolumes(name: string): Promise<BackupVolumeList> {
    return this.#transport.send('GET', `${pathOf('backups', name)}/volumes`, {});
  }

  /** What became of the hooks of a backup. */
  async backupHooks(name: string): Promise<BackupHookList> {
    return this.#transport.send('GET', `${pathOf('backups', name)}/hooks`, {});
  }

  /** What became of the hooks of restored pods. */
  async restoreHooks(name: string): Promise<RestoreHookList> {
    return this.#transport.send('GET', `${pathOf('restores', name)}/hooks`, {});
  }

  /** The tarball of a backup; an error of the stream means that it is not whole. */
  download(name: string, query: Query, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    return this.#transport.stream(`${pathOf('backups', name)}/download`, query, signal);
  }
}
