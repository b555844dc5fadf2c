import type { FastifyRequest } from 'fastify';

import type { AccessNeed, AccessVerb } from '../../domain/access/access-need.ts';
import { Failure } from '../../domain/failure.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';
import type { RequestAccess } from './request-access.ts';
import { type Governed, needsOf, type Realm, requireThing } from './route-access.ts';

/** Looks at things of one kind, as a request for them does. */
export interface Looks {
  readonly backup: (key: RunKey) => Promise<Governed>;
  readonly restore: (key: RunKey) => Promise<Governed>;
  readonly schedule: (name: string) => Promise<Governed>;
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

  /** The same for a run that is not that of the path. */
  async requireRun(
    access: RequestAccess,
    { kind, verb, key }: { kind: 'Backup' | 'Restore'; verb: AccessVerb; key: RunKey },
  ): Promise<void> {
    const look = kind === 'Backup' ? this.#looks.backup : this.#looks.restore;
    const thing = { kind, verb, name: key.name, look: () => look(key) };
    await requireThing(access, this.realm, thing);
  }

  /** Throws `secrets-forbidden` unless the caller may see the values of Secrets of the backup of the path. */
  async requireData(request: FastifyRequest): Promise<void> {
    const { access } = request;
    const key = keyOf(request);
    const backup = await this.#looks.backup(key);
    const needs = needsOf(backup, 'get', this.realm).map((need) => ({
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
    const schedule = await this.#looks.schedule(name).catch((error: unknown) => {
      if (error instanceof Failure && error.code === 'not-found') {
        return undefined;
      }
      throw error;
    });
    await access.require(schedule === undefined ? [] : needsOf(schedule, 'update', this.realm));
  }

  /** Lets those pass who may do something with Holdfast itself, as the rules in its own namespace say. */
  installation(need: Omit<AccessNeed, 'namespace' | 'name'>): Guard {
    return async ({ access, params }) => {
      const { name } = params as { name?: string };
      const named = name === undefined ? {} : { name };
      await access.require([{ ...need, namespace: this.realm.ownNamespace, ...named }]);
    };
  }

  /** Those things of a list that its reader may see. */
  async visible<Thing extends Governed>(
    access: RequestAccess,
    things: readonly Thing[],
  ): Promise<Thing[]> {
    return access.visible(things, (thing) => needsOf(thing, 'list', this.realm));
  }
}

function keyOf({ params, query }: FastifyRequest): RunKey {
  const { name } = params as { name: string };
  const { location = DEFAULT_LOCATION } = query as { location?: string };
  return { location, name };
}
