import type { KubernetesObject, ResourceType } from '../../domain/item.ts';
import type { RestoreRules } from '../../domain/restore/restore-rules.ts';
import { type Wanted, wantedObject } from '../../domain/restore/wanted-object.ts';
import type { RestoreSpec } from '../../domain/restore.ts';

/** A restore of everything that puts namespace `shop` into `copy`. */
export const SPEC: RestoreSpec = {
  cluster: 'local',
  backupName: 'b',
  includedNamespaces: ['*'],
  excludedNamespaces: [],
  namespaceMapping: { shop: 'copy' },
};

interface Request {
  readonly spec?: Partial<RestoreSpec>;
  readonly rules?: Partial<RestoreRules>;
}

/** A type by its `resource.group`. */
export function typeNamed(name: string): ResourceType {
  const [resource = '', ...group] = name.split('.');
  return { group: group.join('.'), version: 'v1', resource, kind: resource, isNamespaced: true };
}

/** What a restore makes of an object of a type, `resource.group`, while volume `kept` is restored as it was. */
export function wantedOf(
  type: string,
  object: KubernetesObject,
  { spec = {}, rules = {} }: Request = {},
): Wanted {
  return wantedObject(typeNamed(type), object, {
    spec: { ...SPEC, ...spec },
    rules: { storageClassMapping: {}, imageMapping: {}, statusTypes: [], modifiers: [], ...rules },
    marks: { backupLabel: 'b', restoreLabel: 'r', runUid: 'uid' },
    keptVolumes: new Set(['kept']),
  });
}

/** The same object without the marks of the restore, which all objects have. */
export function unmarked(wanted: Wanted): unknown {
  if (wanted.kind !== 'wanted') {
    return wanted;
  }
  const { metadata, ...content } = wanted.object;
  return {
    metadata: { ...metadata, ...own('labels', metadata), ...own('annotations', metadata) },
    ...content,
  };
}

const MARK = /^(velero\.io\/(backup|restore)-name|holdfast\.dev\/restore-uid)$/;

function own(field: 'labels' | 'annotations', metadata: KubernetesObject['metadata']) {
  const words = Object.entries(metadata[field] ?? {}).filter(([key]) => !MARK.test(key));
  return { [field]: words.length === 0 ? undefined : Object.fromEntries(words) };
}
