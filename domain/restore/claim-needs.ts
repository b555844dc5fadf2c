import { type Fields, fields, list, nameOf } from '../fields.ts';
import { groupResource, type KubernetesObject, type ResourceType } from '../item.ts';
import { claimNameOf } from '../selection/related-items.ts';

/** Where the template of a type's pods is. */
const TEMPLATES: Readonly<Record<string, (spec: Fields) => unknown>> = {
  pods: (spec) => spec,
  'jobs.batch': podTemplate,
  'cronjobs.batch': (spec) => podTemplate(fields(fields(spec['jobTemplate'])['spec'])),
  'daemonsets.apps': podTemplate,
  'deployments.apps': podTemplate,
  'replicasets.apps': podTemplate,
  'statefulsets.apps': podTemplate,
  replicationcontrollers: podTemplate,
};

/**
 * The first of some claims, as `namespace/name`, that pods of an object would mount: named in its template, or made from
 * a template for claims as a StatefulSet names them. Undefined if there is none.
 */
export function neededClaim(
  type: ResourceType,
  object: KubernetesObject,
  claims: ReadonlySet<string>,
): string | undefined {
  const template = TEMPLATES[groupResource(type)];
  if (template === undefined || claims.size === 0) {
    return undefined;
  }
  const { namespace = '' } = object.metadata;
  const spec = fields(object['spec']);
  const named = list(fields(template(spec))['volumes']).flatMap(
    (volume) => claimNameOf(volume) ?? [],
  );
  const found = named.map((name) => `${namespace}/${name}`).find((key) => claims.has(key));
  return found ?? claimOfTemplate(object, spec, claims);
}

function podTemplate(spec: Fields): unknown {
  return fields(spec['template'])['spec'];
}

/** A StatefulSet calls its claims `<template>-<set>-<number>`. */
function claimOfTemplate(
  { metadata: { namespace = '', name } }: KubernetesObject,
  spec: Fields,
  claims: ReadonlySet<string>,
): string | undefined {
  const stems = list(spec['volumeClaimTemplates']).map(
    (template) => `${namespace}/${nameOf(fields(template)['metadata'])}-${name}-`,
  );
  return [...claims].find((claim) =>
    stems.some((stem) => claim.startsWith(stem) && /^\d+$/.test(claim.slice(stem.length))),
  );
}
