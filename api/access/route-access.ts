import type { AccessNeed, AccessVerb } from '../../domain/access/access-need.ts';
import { backupNeeds, restoreNeeds, scheduleNeeds } from '../../domain/access/run-access.ts';
import type { RunResource, ScheduleResource } from '../../domain/api-resource.ts';
import { Failure } from '../../domain/failure.ts';
import type { RequestAccess } from './request-access.ts';

/** Something that is looked up to know who may have to do with it. */
export type Governed = RunResource | ScheduleResource;

/** What governs access: the cluster whose RBAC is asked, and Holdfast's own namespace in it. */
export interface Realm {
  readonly ownCluster: string;
  readonly ownNamespace: string;
  /** Uid of `kube-system`, which tells it from clusters that have its name. Throws what the cluster throws. */
  readonly clusterUid: () => Promise<string>;
}

/** Codes of what is not there, which those who may not know it are told in other words. */
const ABSENT_CODES: ReadonlySet<string> = new Set(['not-found', 'unknown-location']);

/** Stands for every cluster but the one whose RBAC is asked. */
const ANOTHER_CLUSTER = '';

/** What a caller needs who has to do with a backup, a restore or a schedule. */
export async function needsOf(
  thing: Governed,
  verb: AccessVerb,
  realm: Realm,
): Promise<AccessNeed[]> {
  const { name } = thing.metadata;
  const ownCluster = (await isOfRealm(thing, realm)) ? realm.ownCluster : ANOTHER_CLUSTER;
  const access = { verb, ownCluster, ...(verb === 'list' ? {} : { name }) };
  switch (thing.kind) {
    case 'Backup':
      return backupNeeds(thing.spec, access);
    case 'Restore':
      return restoreNeeds(thing.spec, access);
    case 'Schedule':
      return scheduleNeeds(thing.spec, access);
  }
}

/** Which things a route is about, and what is done with them. */
export interface ThingAccess {
  readonly kind: Governed['kind'];
  readonly name: string;
  readonly verb: AccessVerb;
  /** A part of it that has a rule of its own. */
  readonly part?: 'log' | undefined;
  readonly look: () => Promise<Governed>;
}

/**
 * Lets those pass who may do something with one thing. To everybody else it makes no difference whether the thing is
 * there. Throws `forbidden`, and what looking throws.
 */
export async function requireThing(
  access: RequestAccess,
  realm: Realm,
  { kind, name, verb, part, look }: ThingAccess,
): Promise<void> {
  if (await access.meets(ofPart(everywhere(kind, verb, name), part))) {
    return;
  }
  const of = part === undefined ? '' : `the ${part} of `;
  const what = `${verb} ${of}the ${kind.toLowerCase()} ${name}`;
  let thing: Governed;
  try {
    thing = await look();
  } catch (error) {
    if (error instanceof Failure && ABSENT_CODES.has(error.code)) {
      access.refuse(what);
    }
    throw error;
  }
  if (!(await access.meets(ofPart(await needsOf(thing, verb, realm), part)))) {
    access.refuse(what);
  }
}

/** The needs of who has to do with a part of a run in its namespaces; of the cluster they are those of the whole run. */
function ofPart(needs: readonly AccessNeed[], part: 'log' | undefined): readonly AccessNeed[] {
  const isWhole = ({ resource }: AccessNeed): boolean => resource.startsWith('cluster');
  return part === undefined
    ? needs
    : needs.map((need) => (isWhole(need) ? need : { ...need, subresource: part }));
}

/**
 * Whether the namespaces of a thing are those of the cluster whose RBAC is asked. Clusters share names, and a location may
 * come from anywhere: what has ended says which one it was; what nobody has noted is of another.
 */
export async function isOfRealm(thing: Governed, realm: Realm): Promise<boolean> {
  if (thing.kind === 'Schedule') {
    return thing.spec.template.cluster === realm.ownCluster;
  }
  const { clusterUid } = thing.metadata;
  const isLive = thing.status.temporal !== undefined;
  return clusterUid === undefined ? isLive : clusterUid === (await realm.clusterUid());
}

/** What those need who may do something with all things of a kind. */
function everywhere(kind: Governed['kind'], verb: AccessVerb, name?: string): AccessNeed[] {
  const named = name === undefined ? {} : { name };
  switch (kind) {
    case 'Backup':
      return [
        { verb, resource: 'backups', ...named },
        { verb, resource: 'clusterbackups', ...named },
      ];
    case 'Restore':
      return [
        { verb, resource: 'restores', ...named },
        { verb, resource: 'clusterrestores', ...named },
      ];
    case 'Schedule':
      return [
        { verb, resource: 'schedules', ...named },
        ...(verb === 'create' || verb === 'update' ? everywhere('Backup', 'create') : []),
      ];
  }
}

/** What a caller needs who asks for a run. */
export function newRunNeeds(
  spec: RunResource['spec'],
  { ownCluster }: Pick<Realm, 'ownCluster'>,
): AccessNeed[] {
  const access = { verb: 'create', ownCluster } as const;
  return 'backupName' in spec ? restoreNeeds(spec, access) : backupNeeds(spec, access);
}
