import type { ScheduleDescription } from '@temporalio/client';
import pLimit from 'p-limit';

import {
  API_VERSION,
  type BackfillRequest,
  type RecoveredSchedules,
  type RetentionResource,
  type ScheduleResource,
  type TriggerRequest,
} from '../../domain/api-resource.ts';
import { canonicalJson } from '../../domain/canonical-json.ts';
import { recordTime } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import {
  isMeant,
  recoveredSchedule,
  type RecoverSchedulesRequest,
} from '../../domain/schedules/recovered-schedule.ts';
import { type ScheduleSpec, type StoredSchedule } from '../../domain/schedules/schedule.ts';
import type { Precondition } from '../../domain/revision.ts';
import { requireWritable } from '../../domain/storage-location.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import type { LocationSet } from '../../storage/location-set.ts';
import {
  listSchedules,
  type ReadSchedule,
  readSchedule,
  removeSchedule,
  writeSchedule,
} from '../../storage/schedule-files.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { RequestFailure } from '../errors.ts';
import { type Part, type Walk, walkList } from '../lists/walk.ts';
import type { RunSources } from '../runs/live.ts';
import { isRefusal, keptSchedule, keptSchedules, type Unread } from './kept-schedules.ts';
import { retentionOf } from './schedule-retention.ts';
import { ScheduleStates } from './schedule-states.ts';
import { newSchedule, withoutEmpty, writeOver } from './stored.ts';
import { TemporalSchedules } from './temporal-schedules.ts';

/** What is asked for schedules, and what is told about them. */
interface ScheduleSources extends RunSources {
  readonly locations: LocationSet;
}

/** Which schedules are listed. */
type ScheduleQuery = Omit<Walk<ScheduleResource>, 'read'>;

interface ListedSchedulePart extends Part<ScheduleResource> {
  /** Locations whose schedules are not among them. */
  readonly unread?: Unread;
}

/** A schedule that was made, or met. */
interface CreatedSchedule {
  readonly resource: ScheduleResource;
  readonly isNew: boolean;
}

/**
 * Schedules: Temporal keeps them and acts on them, and their locations hold a copy, from which they come back when Temporal
 * is lost. Throws `not-found`, `already-exists`, `unknown-location`, `location-read-only`, and what its parts throw.
 */
export class ScheduleService {
  readonly #sources: ScheduleSources;
  readonly #states: ScheduleStates;
  readonly #temporal: TemporalSchedules;

  constructor(sources: ScheduleSources) {
    this.#sources = sources;
    this.#states = new ScheduleStates(sources);
    this.#temporal = new TemporalSchedules(sources);
  }

  /** Makes a schedule, or gives the one that the same request made before. */
  async create(name: string, spec: ScheduleSpec): Promise<CreatedSchedule> {
    const store = this.#sources.store(spec.location);
    const there = await this.#find(name);
    if (there !== undefined) {
      requireKept(there.stored);
      if (canonicalJson(there.stored.spec) !== canonicalJson(spec)) {
        const text = `there is a schedule ${name} with another spec; replace it (PUT), or choose another name`;
        throw new Failure('already-exists', text, { subject: 'metadata.name' });
      }
      if (there.description === undefined) {
        this.#requireWritable(spec.location);
        await this.#temporal.start(there.stored);
      }
      return { resource: await this.get(name), isNew: false };
    }
    this.#requireWritable(spec.location);
    const stored = newSchedule(name, spec);
    await writeSchedule(store, stored);
    await this.#temporal.start(stored);
    return { resource: await this.get(name), isNew: true };
  }

  /** Gives a schedule another spec, or makes it. */
  async replace(
    name: string,
    spec: ScheduleSpec,
    precondition?: Precondition,
  ): Promise<CreatedSchedule> {
    const there = await this.#find(name);
    precondition?.(there?.stored);
    if (there === undefined) {
      return this.create(name, spec);
    }
    await this.#change(there, spec, precondition);
    return { resource: await this.get(name), isNew: false };
  }

  /** A schedule with all that is known of it. */
  async get(name: string): Promise<ScheduleResource> {
    const there = await this.#require(name);
    return this.#states.detailed(there);
  }

  /** A schedule as it is kept. */
  async kept(name: string): Promise<StoredSchedule> {
    return (await this.#require(name)).stored;
  }

  /** The schedules of all locations, a page of them; locations that do not answer are named. */
  async list(query: ScheduleQuery): Promise<ListedSchedulePart> {
    const { schedules, unread } = await keptSchedules(this.#sources);
    const read = async (after: string, limit: number): Promise<Part<ScheduleResource>> => {
      const later = schedules.filter(({ name }) => name > after);
      const page = later.slice(0, limit);
      const items = await this.#listed(page);
      return { items, next: later.length > limit ? page.at(-1)?.name : undefined };
    };
    const part = await walkList({ ...query, read });
    return { ...part, ...(unread.length === 0 ? {} : { unread }) };
  }

  async #listed(
    page: readonly { readonly name: string; readonly location: string }[],
  ): Promise<ScheduleResource[]> {
    const { store } = this.#sources;
    const entries = await pLimit(LOOKS_IN_FLIGHT).map(page, async ({ name, location }) => {
      const [read, description] = await Promise.all([
        readSchedule(store(location), name),
        this.#temporal.describe(name),
      ]);
      return read === undefined ? undefined : { stored: read.stored, description };
    });
    return this.#states.listed(entries.filter((entry) => entry !== undefined));
  }

  /**
   * Gives back to Temporal the schedules that locations have which are written to, and it does not know; names them.
   */
  async recover(request: RecoverSchedulesRequest): Promise<RecoveredSchedules> {
    const { store } = this.#sources;
    const recovered: string[] = [];
    for (const location of this.#recoverable(request)) {
      for (const name of await listSchedules(store(location))) {
        if (await this.#bringBack(name, { ...request, location })) {
          recovered.push(name);
        }
      }
    }
    return { apiVersion: API_VERSION, kind: 'RecoveredSchedules', names: recovered.sort() };
  }

  async #bringBack(
    name: string,
    request: RecoverSchedulesRequest & { readonly location: string },
  ): Promise<boolean> {
    const store = this.#sources.store(request.location);
    const [read, description] = await Promise.all([
      readSchedule(store, name),
      this.#temporal.describe(name),
    ]);
    if (read === undefined || description !== undefined || !isMeant(read.stored, request)) {
      return false;
    }
    const stored = recoveredSchedule(read.stored, request);
    if (stored !== read.stored) {
      await writeOver(store, stored, { read });
    }
    await this.#temporal.start(stored);
    return true;
  }

  /** Keeps a schedule from starting anything, or lets it go on. */
  async pause(
    name: string,
    how: { readonly paused: boolean; readonly note?: string },
    precondition?: Precondition,
  ): Promise<ScheduleResource> {
    const there = await this.#require(name);
    const { paused, note } = how;
    const spec = { ...there.stored.spec, paused, note };
    await this.#change(there, withoutEmpty(spec), precondition);
    return this.get(name);
  }

  /**
   * Starts a backup now, whatever the time. One that the overlap policy would skip is refused with `still-running`: Temporal
   * says nothing of it.
   */
  async trigger(name: string, request: TriggerRequest): Promise<ScheduleResource> {
    const { stored, description } = await this.#requireActive(name);
    const { overlapPolicy = stored.spec.overlapPolicy } = request;
    const [running] = description.info.runningActions;
    if (overlapPolicy === 'Skip' && running !== undefined) {
      const text = `a backup of the schedule ${name} is under way (${running.workflow.workflowId}), and the overlap policy Skip allows no other; wait for its end, or choose another overlapPolicy, such as BufferOne`;
      throw new Failure('still-running', text, { subject: name });
    }
    await this.#temporal.trigger(name, overlapPolicy);
    return this.get(name);
  }

  /** Makes the backups of times that are over. */
  async backfill(name: string, request: BackfillRequest): Promise<ScheduleResource> {
    const { startTime, endTime, overlapPolicy = 'BufferAll' } = request;
    const [start, end] = [new Date(startTime), new Date(endTime)];
    if (start >= end) {
      throw new RequestFailure([fieldError('/endTime', 'must be later than /startTime')]);
    }
    await this.#requireActive(name);
    await this.#temporal.backfill(name, { start, end }, overlapPolicy);
    return this.get(name);
  }

  /** Forgets a schedule. Its backups stay, and what runs goes on. */
  async delete(name: string, precondition?: Precondition): Promise<void> {
    const there = await this.#find(name);
    if (there === undefined) {
      await this.#forgetUnkept(name);
      return;
    }
    const { stored, read, description } = there;
    const store = this.#sources.store(stored.spec.location);
    this.#requireWritable(stored.spec.location);
    if (precondition !== undefined && stored.deletionTimestamp === undefined) {
      precondition(stored);
      // Who changes it at the same time finds another version from now on, or is refused.
      const deletionTimestamp = recordTime(Date.now());
      await writeOver(store, { ...stored, deletionTimestamp }, { read, precondition });
    }
    if (description !== undefined) {
      await this.#temporal.delete(name);
    }
    await removeSchedule(store, name);
  }

  /** Ends what Temporal does for a schedule that no location has any more. Throws `not-found`. */
  async #forgetUnkept(name: string): Promise<void> {
    if ((await this.#temporal.describe(name)) === undefined) {
      throw missing(name);
    }
    await this.#temporal.delete(name);
  }

  /** What would become of the backups of a schedule if they were looked at now. */
  async retention(name: string): Promise<RetentionResource> {
    const { stored } = await this.#require(name);
    return retentionOf(this.#sources.store(stored.spec.location), stored);
  }

  /** Writes the next state of a schedule to its location, and then to Temporal. */
  async #change(
    { stored: old, description, read }: Found,
    spec: ScheduleSpec,
    precondition: Precondition | undefined,
  ): Promise<void> {
    const { store } = this.#sources;
    precondition?.(old);
    requireKept(old);
    this.#requireWritable(old.spec.location);
    this.#requireWritable(spec.location);
    const stored: StoredSchedule = { ...old, generation: old.generation + 1, spec };
    const isMoved = old.spec.location !== spec.location;
    await writeOver(store(spec.location), stored, {
      read: isMoved ? undefined : read,
      precondition,
    });
    if (description === undefined) {
      await this.#temporal.start(stored);
    } else {
      await this.#tell(store(spec.location), stored);
    }
    if (isMoved) {
      await removeSchedule(store(old.spec.location), stored.name);
    }
  }

  /** Tells Temporal of a change, and of one that somebody else has made since, whose turn to tell it may have been before. */
  async #tell(store: ObjectStore, changed: StoredSchedule): Promise<void> {
    let told = changed;
    for (let tries = 1; tries <= TELLS_MAX; tries++) {
      await this.#temporal.update(told);
      const now = await readSchedule(store, told.name);
      if (now === undefined || now.stored.generation <= told.generation) {
        return;
      }
      told = now.stored;
    }
  }

  async #require(name: string): Promise<Found> {
    const found = await this.#find(name);
    if (found === undefined) {
      const text = `no location has the schedule ${name}, and Temporal acts on it still; delete it, or make it again`;
      throw (await this.#temporal.describe(name)) === undefined
        ? missing(name)
        : new Failure('not-found', text, { subject: name });
    }
    return found;
  }

  async #requireActive(name: string): Promise<Active> {
    const { description, ...found } = await this.#require(name);
    requireKept(found.stored);
    this.#requireWritable(found.stored.spec.location);
    if (description === undefined) {
      const text = `Temporal does not know the schedule ${name}, which its location has; send PUT /schedules/${name} with its spec to give it back`;
      throw new Failure('not-found', text, { subject: name });
    }
    return { ...found, description };
  }

  #recoverable({ location: asked }: RecoverSchedulesRequest): readonly string[] {
    const { locations } = this.#sources;
    if (asked !== undefined) {
      this.#requireWritable(asked);
      return [asked];
    }
    return locations.all.flatMap(({ name, readOnly }) => (readOnly === true ? [] : name));
  }

  #requireWritable(location: string): void {
    requireWritable(this.#sources.location(location));
  }

  /**
   * A schedule by name, in whichever location it is kept; undefined where no location has it. What a location has that
   * refuses to be read Temporal knows, or nobody does: else one such location would keep all names from being used.
   */
  async #find(name: string): Promise<Found | undefined> {
    const read = await this.#read(name);
    // A look at a schedule costs Temporal more than a read; a name that is free needs none.
    return read && { stored: read.stored, read, description: await this.#temporal.describe(name) };
  }

  async #read(name: string): Promise<ReadSchedule | undefined> {
    try {
      return await keptSchedule(this.#sources, name);
    } catch (error) {
      if (isRefusal(error) && (await this.#temporal.describe(name)) === undefined) {
        return undefined;
      }
      throw error;
    }
  }
}

/** Schedules of a list that are looked at at the same time. */
const LOOKS_IN_FLIGHT = 16;
/** How often Temporal is told of changes of others beside one's own; they tell it too. */
const TELLS_MAX = 5;

/** Throws `being-deleted` for a schedule whose deletion has begun. */
function requireKept({ name, deletionTimestamp }: StoredSchedule): void {
  if (deletionTimestamp !== undefined) {
    const text = `the deletion of the schedule ${name} has begun; send DELETE /schedules/${name} again where it stays`;
    throw new Failure('being-deleted', text, { subject: name });
  }
}

function missing(name: string): Failure {
  return new Failure('not-found', `there is no schedule ${name}`, { subject: name });
}

interface Found {
  readonly stored: StoredSchedule;
  readonly read: ReadSchedule;
  /** Undefined where Temporal does not know it. */
  readonly description: ScheduleDescription | undefined;
}

/** A schedule that Temporal knows. */
type Active = Found & { readonly description: ScheduleDescription };
