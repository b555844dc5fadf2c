import type { FastifyRequest } from 'fastify';

import type { AccessNeed, AccessVerb } from '../../domain/access/access-need.ts';
import { Failure } from '../../domain/failure.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import type { RequestAccess } from './request-access.ts';
import { type Governed, isOfRealm, needsOf, type Realm, requireThing } from './route-access.ts';

/**
 * Looks at things of one kind, as a request for them does. `since` is as in `SharedLooks`: without it a run under way may
 * be shown as it was seconds ago, and its name may have been given to somebody else's since.
 */
export interface Looks {
  readonly backup: (key: RunKey, since?: number) => Promise<Governed>;
  readonly restore: (key: RunKey, since?: number) => Promise<Governed>;
  readonly schedule: (name: string) => Promise<Governed>;
  /** Names of backups of a location that begin with a text. */
  readonly backupNames: (location: string, start: string) => Promise<readonly string[]>;
}

/** What those have who may see all that backups hold. */
const READ_ANY_BACKUP: readonly AccessNeed[] = [
  { verb: 'get', resource: 'backups' },
  { verb: 'get', resource: 'backups', subresource: 'data' },
  { verb: 'get', resource: 'clusterbackups' },
];
/** What those have who may delete all backups. */
const DELETE_ANY_BACKUP: readonly AccessNeed[] = [
  { verb: 'delete', resource: 'backups' },
  { verb: 'delete', resource: 'clusterbackups' },
];
/** Name of a backup as its schedule gives it; see `domain/schedules`. */
const SCHEDULED_NAME = /^(.+)-\d{14}(?:-\d+)?$/;

/** A run, or a part of it, and what is done with it. */
interface AskedRun {
  readonly kind: 'Backup' | 'Restore';
  readonly verb: AccessVerb;
  readonly part?: 'log';
  readonly key: RunKey;
}

type Guard = (request: FastifyRequest) => Promise<void>;

/** Says for each route who may use it. */
export class RouteGuards {
  readonly realm: Realm;
  readonly #looks: Looks;

  constructor(realm: Realm, looks: Looks) {
    this.realm = realm;
    this.#looks = looks;
  }

  /** Lets those pass who may do something with the backup, or the restore, of the path. */
  run(kind: 'Backup' | 'Restore', verb: AccessVerb): Guard {
    return (request) => this.requireRun(request.access, { kind, verb, key: keyOf(request) });
  }

  /** Lets those pass who may read the log of the backup, or the restore, of the path. */
  log(kind: 'Backup' | 'Restore'): Guard {
    return (request) =>
      this.requireRun(request.access, { kind, verb: 'get', part: 'log', key: keyOf(request) });
  }

  /** The same for a run that is not that of the path. */
  async requireRun(access: RequestAccess, { kind, verb, part, key }: AskedRun): Promise<void> {
    const look = kind === 'Backup' ? this.#looks.backup : this.#looks.restore;
    // Whoever changes something is asked about what is there now.
    const since = verb === 'get' ? undefined : performance.now();
    const thing = { kind, verb, part, name: key.name, look: () => look(key, since) };
    await requireThing(access, this.realm, thing);
  }

  /**
   * Lets those pass who may restore from a backup, beside what its namespaces ask for: without rights in the whole cluster,
   * nobody comes to what is of a cluster that only has the name of this one. Throws `forbidden`.
   */
  async requireSource(
    access: RequestAccess,
    location: string,
    { backupName, scheduleName }: Pick<RestoreSpec, 'backupName' | 'scheduleName'>,
  ): Promise<void> {
    if (await access.meets(READ_ANY_BACKUP)) {
      return;
    }
    if (scheduleName !== undefined) {
      const hint = 'name the backup in spec.backupName instead of its schedule';
      await access.require(READ_ANY_BACKUP, hint);
    }
    const key = { location, name: backupName };
    const backup = await orNothing(this.#looks.backup(key, performance.now()));
    if (backup === undefined || !(await isOfRealm(backup, this.realm))) {
      access.refuse(`restore from the backup ${backupName}`);
    }
  }

  /**
   * Throws `forbidden` for a backup that has a name as a schedule of somebody else gives it: it would be taken for one of
   * that, and keep it from making its own.
   */
  async requireName(access: RequestAccess, name: string): Promise<void> {
    const scheduleName = SCHEDULED_NAME.exec(name)?.[1];
    const schedule =
      scheduleName === undefined ? undefined : await orNothing(this.#looks.schedule(scheduleName));
    if (schedule !== undefined) {
      await access.require(await needsOf(schedule, 'update', this.realm));
    }
  }

  /** Throws `secrets-forbidden` unless the caller may see the values of Secrets of the backup of the path. */
  async requireData(request: FastifyRequest): Promise<void> {
    const { access } = request;
    const key = keyOf(request);
    const backup = await this.#looks.backup(key, performance.now());
    const needs = (await needsOf(backup, 'get', this.realm)).map((need) => ({
      ...need,
      subresource: 'data',
    }));
    if (!(await access.meets(needs))) {
      const text = `${access.subject.username} may not get backups.holdfast.dev/data in all namespaces of the backup ${key.name}; ask without secrets=reveal`;
      throw new Failure('secrets-forbidden', text, { subject: 'secrets' });
    }
  }

  /** Lets those pass who may do something with the schedule of the path. */
  schedule(verb: AccessVerb): Guard {
    return async ({ access, params }) => {
      const { name } = params as { name: string };
      const look = (): Promise<Governed> => this.#looks.schedule(name);
      await requireThing(access, this.realm, { kind: 'Schedule', verb, name, look });
    };
  }

  /** Throws `forbidden` where there is a schedule that the caller may not change. */
  async requireReplaced(access: RequestAccess, name: string): Promise<void> {
    const schedule = await orNothing(this.#looks.schedule(name));
    await access.require(
      schedule === undefined ? [] : await needsOf(schedule, 'update', this.realm),
    );
  }

  /** Lets those pass who may do something with Holdfast itself, as the rules in its own namespace say. */
  installation(need: Omit<AccessNeed, 'namespace' | 'name'>): Guard {
    return async ({ access, params }) => {
      const { name } = params as { name?: string };
      const named = name === undefined ? {} : { name };
      await access.require([{ ...need, namespace: this.realm.ownNamespace, ...named }]);
    };
  }

  /** Says which things of a list its reader may see. */
  visible(
    access: RequestAccess,
  ): <Thing extends Governed>(things: readonly Thing[]) => Promise<Thing[]> {
    return (things) => access.visible(things, (thing) => needsOf(thing, 'list', this.realm));
  }

  /**
   * Throws `forbidden` for a schedule with the name of an earlier one whose backups the caller may not delete: its keep
   * rules count them, and would.
   */
  async requireNoHeirs(access: RequestAccess, name: string, location: string): Promise<void> {
    if (await access.meets(DELETE_ANY_BACKUP)) {
      return;
    }
    const names = await this.#looks.backupNames(location, `${name}-`);
    const own = names.filter((backup) => SCHEDULED_NAME.exec(backup)?.[1] === name);
    for (const backup of own) {
      const made = await orNothing(this.#looks.backup({ location, name: backup }));
      const needs = made === undefined ? [] : await needsOf(made, 'delete', this.realm);
      const hint = `backups of an earlier schedule ${name} are there, and keep rules would delete them; choose another name`;
      await access.require(needs, hint);
    }
  }
}

function keyOf({ params, query }: FastifyRequest): RunKey {
  const { name } = params as { name: string };
  const { location } = query as { location?: string };
  if (location === undefined) {
    // Who is let pass for one location must not come to another one.
    throw new Failure('internal', 'the location of a request is not known before its sender is');
  }
  return { location, name };
}

/** What a look shows; undefined for what is not there. */
async function orNothing<Thing>(look: Promise<Thing>): Promise<Thing | undefined> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') {
      return undefined;
    }
    throw error;
  }
}
