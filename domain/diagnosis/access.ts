import type { Access } from './facts.ts';

const ALL = { group: '*', resource: '*' };
const RBAC = 'rbac.authorization.k8s.io';

/** What backups and restores do to objects of any type. */
const OBJECT_VERBS = ['get', 'list', 'create', 'patch', 'delete'] as const;

/** The same for all types at once: who may do these may do them to each type. */
export const EVERY_TYPE: readonly Access[] = OBJECT_VERBS.map((verb) => ({ verb, ...ALL }));

/** What Holdfast does besides. */
export function particularAccess(ownNamespace: string): readonly Access[] {
  const secrets = { group: '', resource: 'secrets', namespace: ownNamespace };
  const exec = { group: '', resource: 'pods', subresource: 'exec' };
  const definitions = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
  const grants = ['roles', 'clusterroles'].flatMap((resource) =>
    ['bind', 'escalate'].map((verb) => ({ verb, group: RBAC, resource })),
  );
  return [
    ...['get', 'create'].flatMap((verb) => [
      { verb, ...secrets },
      { verb, ...exec },
    ]),
    { verb: 'create', ...definitions },
    ...grants,
  ];
}

/** A request, for people: `create pods/exec`, `get secrets in holdfast`. */
export function accessText({ verb, group, resource, subresource, namespace }: Access): string {
  const type = group === '' || group === '*' ? resource : `${resource}.${group}`;
  const leaf = subresource === undefined ? '' : `/${subresource}`;
  const where = namespace === undefined ? '' : ` in ${namespace}`;
  return `${verb} ${type === '*' ? 'every type' : type}${leaf}${where}`;
}
