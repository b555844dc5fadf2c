import type { AccessNeed } from '../../domain/access/access-need.ts';
import { backupNeeds, scheduleNeeds } from '../../domain/access/run-access.ts';
import type {
  NamespaceResource,
  NamespaceResourceList,
  ProtectionCounts,
} from '../../domain/api-namespace.ts';
import { API_VERSION } from '../../domain/api-resource.ts';
import { compareText } from '../../domain/compare-text.ts';
import { recordTime } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import { type LiveNamespace, type Protection, protectionOf } from '../../domain/protection.ts';
import type { RequestAccess } from '../access/request-access.ts';
import { placeOf, tokenFor } from '../lists/page-token.ts';
import type { ProtectionLook, SeenProtection } from './look.ts';

const MS_PER_SECOND = 1000;

export interface NamespaceQuery {
  readonly staleAfterMs: number | undefined;
  readonly protection?: Protection | undefined;
  readonly limit: number;
  /** Of the page before it. */
  readonly token: string | undefined;
}

/**
 * The namespaces of the API's own cluster, and how well they are protected. Everybody sees those in which they may list
 * backups. Throws what the cluster throws.
 */
export class NamespaceService {
  readonly #look: ProtectionLook | undefined;
  readonly #ownCluster: string;

  constructor(look: ProtectionLook | undefined, ownCluster: string) {
    this.#look = look;
    this.#ownCluster = ownCluster;
  }

  /** A page of the namespaces that the caller may see, by name; and the counts of all of them. */
  async list(access: RequestAccess, query: NamespaceQuery): Promise<NamespaceResourceList> {
    const { limit, token, protection, staleAfterMs } = query;
    const question = { protection, staleAfter: String(staleAfterMs) };
    const after = placeOf(question, token) ?? '';
    const seen = await this.#see();
    const visible = await this.#visible(access, seen.namespaces);
    const all = visible
      .toSorted((left, right) => compareText(left.name, right.name))
      .map((namespace) => ({ namespace, found: found(namespace, seen, query.staleAfterMs) }));
    const asked = all.filter(
      ({ namespace, found: { protection: is } }) =>
        namespace.name > after && (protection === undefined || is === protection),
    );
    const page = asked.slice(0, limit);
    const last = asked.length > limit ? page.at(-1)?.namespace.name : undefined;
    return {
      ...{ apiVersion: API_VERSION, kind: 'NamespaceList' },
      metadata: {
        ...(last === undefined ? {} : { continue: tokenFor(question, last) }),
        ...(seen.unread.length === 0 ? {} : { unread: seen.unread }),
      },
      counts: countsOf(all.map(({ found: { protection: is } }) => is)),
      items: await Promise.all(
        page.map(({ namespace, found: known }) => this.#resource(access, namespace, known)),
      ),
    };
  }

  /** One namespace. Throws `not-found`. */
  async get(
    access: RequestAccess,
    name: string,
    staleAfterMs: number | undefined,
  ): Promise<NamespaceResource> {
    const seen = await this.#see();
    const namespace = seen.namespaces.find((one) => one.name === name);
    if (namespace === undefined) {
      throw new Failure('not-found', `the cluster has no namespace ${name}`, { subject: name });
    }
    return this.#resource(access, namespace, found(namespace, seen, staleAfterMs));
  }

  #see(): Promise<SeenProtection> {
    if (this.#look === undefined) {
      const text = 'the API has no kubeconfig, and so no cluster whose namespaces it could list';
      throw new Failure('no-cluster', text);
    }
    return this.#look.see();
  }

  /** Who may list backups in the whole cluster need not be looked up for each namespace. */
  async #visible(
    access: RequestAccess,
    namespaces: readonly LiveNamespace[],
  ): Promise<readonly LiveNamespace[]> {
    return (await access.meets([{ verb: 'list', resource: 'backups' }]))
      ? namespaces
      : access.visible(namespaces, ({ name }) => Promise.resolve([namespaceNeed(name)]));
  }

  async #resource(
    access: RequestAccess,
    { name, createdMs }: LiveNamespace,
    { protection, backup, schedule }: ReturnType<typeof found>,
  ): Promise<NamespaceResource> {
    const may = { verb: 'list', ownCluster: this.#ownCluster } as const;
    const isShown = backup !== undefined && (await access.meets(backupNeeds(backup.spec, may)));
    const ofSchedule =
      schedule !== undefined &&
      (await access.meets(scheduleNeeds({ template: schedule.template }, may)));
    return {
      ...{ apiVersion: API_VERSION, kind: 'Namespace' },
      metadata: { name, creationTimestamp: recordTime(createdMs) },
      status: {
        protection,
        ...(backup === undefined
          ? {}
          : {
              lastBackup: {
                ...(isShown ? { name: backup.name, location: backup.location } : {}),
                completionTimestamp: recordTime(backup.endMs),
                ageSeconds: Math.floor((Date.now() - backup.endMs) / MS_PER_SECOND),
              },
            }),
        ...(ofSchedule ? { schedule: schedule.name } : {}),
      },
    };
  }
}

/** What somebody needs who sees a namespace. */
export function namespaceNeed(namespace: string): AccessNeed {
  return { verb: 'list', resource: 'backups', namespace };
}

function found(
  namespace: LiveNamespace,
  { backups, schedules }: SeenProtection,
  staleAfterMs: number | undefined,
) {
  return protectionOf(namespace, { backups, schedules, nowMs: Date.now(), staleAfterMs });
}

function countsOf(all: readonly Protection[]): ProtectionCounts {
  const count = (which: Protection): number => all.filter((one) => one === which).length;
  return {
    total: all.length,
    ...{ covered: count('Covered'), stale: count('Stale'), uncovered: count('Uncovered') },
  };
}
