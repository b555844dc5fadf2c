import type { BackupResource, ExtendBackupRequest } from '../../domain/api-resource.ts';
import { parseDuration, recordTime } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import { isEndPhase } from '../../domain/phase.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import { requireWritable, type StorageLocation } from '../../domain/storage-location.ts';
import type { StoredBackup } from '../../domain/stored-run.ts';
import type { VeleroBackup } from '../../domain/velero-record.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import { expirationOf, readBackup } from '../../storage/catalogue.ts';
import { changeClaim } from '../../storage/change-claim.ts';
import { requireOwn } from '../../storage/location-owner.ts';
import { writeExpiration } from '../../storage/format/expiration.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import type { LookAtBackup } from '../contents/usable-backup.ts';
import { RequestFailure } from '../errors.ts';

/** Where backups are, and how one is looked at wherever it is. */
interface HoldSources {
  readonly location: (name: string) => StorageLocation | undefined;
  readonly store: (location: string) => ObjectStore;
  readonly look: LookAtBackup;
  /** Which Holdfast this is. */
  readonly installation: () => Promise<string>;
}

/** The last day that is written with four digits. */
const MS_MAX = Date.parse('9999-12-31T00:00:00Z');

interface Ended {
  readonly record: VeleroBackup;
  readonly claim: StoredBackup;
}

/**
 * Holds backups, releases them, and changes when their TTL is over. All of it is in the location, so that it outlives
 * Temporal. Each may be asked for again. Throws `location-read-only`, `location-owned`, `still-running`, `being-deleted`, `backup-not-usable`,
 * `not-found`, and what looking throws.
 */
export class HoldService {
  readonly #sources: HoldSources;

  constructor(sources: HoldSources) {
    this.#sources = sources;
  }

  /** Nothing deletes the backup from now on. The reason of an earlier hold is replaced. */
  async hold(key: RunKey, reason: string): Promise<BackupResource> {
    const now = recordTime(Date.now());
    const { claim } = await this.#ended(key);
    return this.#change(key, claim, (stored) =>
      stored.hold?.reason === reason
        ? stored
        : { ...stored, hold: { reason, since: stored.hold?.since ?? now } },
    );
  }

  async release(key: RunKey): Promise<BackupResource> {
    const { claim } = await this.#ended(key);
    return this.#change(key, claim, (stored) => {
      const { hold, ...released } = stored;
      return hold === undefined ? stored : released;
    });
  }

  /** Throws `invalid-request` for a time that is not later than the present one. */
  async extend(key: RunKey, request: ExtendBackupRequest): Promise<BackupResource> {
    const nowMs = Date.now();
    const expiration = recordTime(wantedMs(request, nowMs));
    const { record, claim } = await this.#ended(key);
    const extended = await this.#change(key, claim, (stored) => {
      const present = expirationOf({ record, claim: stored });
      requireLater(key.name, { present, expiration });
      return present === expiration
        ? stored
        : { ...stored, extension: { expiration, since: recordTime(nowMs) } };
    });
    await writeExpiration(this.#sources.store(key.location), key.name, expiration);
    return extended;
  }

  /** The parts of an ended backup that Holdfast has made. */
  async #ended(key: RunKey): Promise<Ended> {
    const { store, look, location, installation } = this.#sources;
    requireWritable(location(key.location));
    await requireOwn(store(key.location), {
      ...{ location: key.location, installation: await installation() },
    });
    const { phase } = (await look(key)).status;
    const { name } = key;
    if (!isEndPhase(phase)) {
      throw phase === 'Deleting'
        ? deletedFailure(name)
        : new Failure('still-running', `the backup ${name} is ${phase}; wait for its end`);
    }
    const { record, claim } = (await readBackup(store(key.location), name)) ?? {};
    if (record === undefined || claim === undefined) {
      const why =
        record === undefined
          ? 'has left nothing that could be kept'
          : 'was made by Velero, which deletes it when its time is over';
      throw new Failure('backup-not-usable', `the backup ${name} ${why}`, { subject: name });
    }
    return { record, claim };
  }

  /** Changes the claim of the backup that was looked at, and gives the backup as it is then. */
  async #change(
    key: RunKey,
    { runUid }: StoredBackup,
    change: (stored: StoredBackup) => StoredBackup,
  ): Promise<BackupResource> {
    const { store, look } = this.#sources;
    const { name, location } = key;
    const changed = await changeClaim(store(location), { name, runUid }, (stored) => {
      if (stored.deletion !== undefined) {
        throw deletedFailure(name);
      }
      return change(stored);
    });
    if (changed === undefined) {
      throw new Failure('not-found', `location ${location} has no backup named ${name} any more`);
    }
    return look(key);
  }
}

function deletedFailure(name: string): Failure {
  const text = `the deletion of the backup ${name} has begun; nothing keeps it any more`;
  return new Failure('being-deleted', text, { subject: name });
}

/** Until when the backup is to be kept, in milliseconds since 1970. */
function wantedMs({ ttl, expiration }: ExtendBackupRequest, nowMs: number): number {
  if ((ttl === undefined) === (expiration === undefined)) {
    throw new RequestFailure([fieldError('/ttl', 'or /expiration must be given, and not both')]);
  }
  const ms = ttl === undefined ? Date.parse(expiration ?? '') : nowMs + parseDuration(ttl, 'ttl');
  if (!(ms < MS_MAX)) {
    const pointer = ttl === undefined ? '/expiration' : '/ttl';
    throw new RequestFailure([fieldError(pointer, 'must be a time before the year 10000')]);
  }
  return ms;
}

function requireLater(
  name: string,
  { present, expiration }: { present: string | undefined; expiration: string },
): void {
  if (present === undefined) {
    const text = `the TTL of the backup ${name} has no end; hold it, so that no keep rule deletes it either`;
    throw new Failure('backup-not-usable', text, { subject: name });
  }
  if (Date.parse(expiration) < Date.parse(present)) {
    const text = `the backup ${name} is kept until ${present}, and ${expiration} is sooner; it can only be extended`;
    throw new Failure('invalid-request', text, { subject: 'expiration' });
  }
}
