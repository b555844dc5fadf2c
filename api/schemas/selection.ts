import { Type } from 'typebox';

import { API_VERSIONS, VOLUME_VERIFICATIONS } from '../../domain/backup.ts';
import { RunName, STRICT } from './run.ts';

const LIST_LENGTH_MAX = 1000;
const NAME_LENGTH_MAX = 253;

const NAME = Type.String({ minLength: 1, maxLength: NAME_LENGTH_MAX });

/** How names are made is checked with the rest of the selection, so that one answer tells of all that is wrong. */
export function nameList(description: string) {
  return Type.Array(NAME, { description, maxItems: LIST_LENGTH_MAX });
}

/** Text to text. Not a record of the library, whose pattern for keys lets some pass without a look at their value. */
export function textMap(description: string) {
  return Type.Unsafe<Record<string, string>>(
    Type.Object(
      {},
      { description, additionalProperties: Type.String(), maxProperties: LIST_LENGTH_MAX },
    ),
  );
}

export const LabelSelector = Type.Object(
  {
    matchLabels: Type.Optional(textMap('Labels that an object has.')),
    matchExpressions: Type.Optional(
      Type.Array(
        Type.Object(
          {
            key: Type.String({ maxLength: 2 * NAME_LENGTH_MAX }),
            operator: Type.Enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
            values: Type.Optional(
              Type.Array(Type.String({ maxLength: NAME_LENGTH_MAX }), {
                maxItems: LIST_LENGTH_MAX,
              }),
            ),
          },
          STRICT,
        ),
        { maxItems: LIST_LENGTH_MAX },
      ),
    ),
  },
  { ...STRICT, description: 'As of the API server; all of it must hold.' },
);

/** The namespaces of a backup. */
export const NAMESPACE_FIELDS = {
  includedNamespaces: nameList(
    'Names of namespaces, or patterns with "*", "?" and "[a-c]"; "*" alone means all.',
  ),
  excludedNamespaces: nameList('Names of namespaces, or patterns.'),
};

/** What else narrows a backup. Names are Velero's. */
export const FILTER_FIELDS = {
  includedResources: nameList(
    'Types by plural, singular, kind or short name, with a group or not.',
  ),
  excludedResources: nameList('Types that are left out.'),
  includeClusterResources: Type.Boolean({
    description:
      'true: all cluster-scoped objects; false: none; left out: all with all namespaces, else the related ones.',
  }),
  includedClusterScopedResources: nameList('Cluster-scoped types; not beside includedResources.'),
  excludedClusterScopedResources: nameList('Cluster-scoped types that are left out.'),
  includedNamespaceScopedResources: nameList('Namespaced types; not beside includedResources.'),
  excludedNamespaceScopedResources: nameList('Namespaced types that are left out.'),
  labelSelector: LabelSelector,
  orLabelSelectors: Type.Array(LabelSelector, {
    description: 'An object must match one of them; not beside labelSelector.',
    maxItems: LIST_LENGTH_MAX,
  }),
  orderedResources: textMap('Type to the objects of it that come first: "shop/db-0,shop/db-1".'),
  resourcePolicy: Type.Object(
    { kind: Type.Literal('configmap'), name: RunName },
    { ...STRICT, description: "The ConfigMap of Holdfast's own namespace that holds policies." },
  ),
  apiVersions: Type.Enum([...API_VERSIONS], {
    description: 'All: other served versions than the preferred one are stored too.',
  }),
  snapshotVolumes: Type.Boolean({
    description:
      'false: no volume is snapshotted, and none is copied unless a policy, its pod or defaultVolumesToFsBackup asks for it.',
  }),
  defaultVolumesToFsBackup: Type.Boolean({
    description: 'true: volumes are copied unless their pods leave them out.',
  }),
  volumeVerification: Type.Enum([...VOLUME_VERIFICATIONS], {
    description:
      'Counts: files and bytes of each copy are compared with a walk over the volume; ReadBack, when left out: it is read again too.',
  }),
};
