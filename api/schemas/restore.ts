import { Type } from 'typebox';

import { PRIORITIES_MAX } from '../../domain/restore/restore-priorities.ts';
import { EXISTING_POLICIES, RESTORE_VERBS } from '../../domain/restore.ts';
import { RestoreHooksSchema } from './hook-spec.ts';
import { HooksSummarySchema } from './hooks.ts';
import { OPERATION_FIELDS, OperationsSchema } from './operations.ts';
import { CyclesSchema, LeftOutSchema } from './restore-preview.ts';
import {
  ApiVersion,
  FailureReportSchema,
  LabelName,
  ListMetadata,
  Metadata,
  NewMetadata,
  oneOf,
  RunName,
  STATUS_FIELDS,
  STRICT,
} from './run.ts';
import { FILTER_FIELDS, nameList, NAMESPACE_FIELDS, textMap } from './selection.ts';

const PRIORITIES_LENGTH_MAX = 10_000;
const DURATION_LENGTH_MAX = 50;

const OTHER_SOURCES = {
  scheduleName: RunName,
  allowPartiallyFailed: Type.Boolean({
    description: 'With scheduleName: one that is PartiallyFailed will do, if it is the newest.',
  }),
  retryOf: RunName,
};

/** Where a restore takes its items from; one of the names is given. */
const SOURCE_FIELDS = { backupName: RunName, ...OTHER_SOURCES };

const OPTIONAL_FIELDS = {
  cluster: LabelName,
  includedNamespaces: NAMESPACE_FIELDS.includedNamespaces,
  excludedNamespaces: NAMESPACE_FIELDS.excludedNamespaces,
  namespaceMapping: Type.Record(LabelName, LabelName, {
    description: 'Namespace of the backup to namespace of the cluster.',
  }),
};

/** What narrows a restore beside its namespaces, and what orders it. */
const NARROWING_FIELDS = {
  includedResources: FILTER_FIELDS.includedResources,
  excludedResources: FILTER_FIELDS.excludedResources,
  includeClusterResources: FILTER_FIELDS.includeClusterResources,
  labelSelector: FILTER_FIELDS.labelSelector,
  orLabelSelectors: FILTER_FIELDS.orLabelSelectors,
  restoreResourcePriorities: Type.String({
    description: `Types that are restored first, and after "-" those that are restored last; ${String(PRIORITIES_MAX)} at most.`,
    maxLength: PRIORITIES_LENGTH_MAX,
  }),
};

/** What a restore does with an object that is there, and how long it waits. */
const APPLY_FIELDS = {
  existingResourcePolicy: oneOf(
    EXISTING_POLICIES,
    'What becomes of an object that is there and differs; none when left out.',
  ),
  resourceTimeout: Type.String({
    description: 'How long the restore waits for one thing; a Go duration, 10m0s when left out.',
    maxLength: DURATION_LENGTH_MAX,
  }),
  resourceModifier: Type.Object(
    { kind: Type.Literal('configmap'), name: RunName },
    {
      ...STRICT,
      description: "The ConfigMap of Holdfast's own namespace that holds resource modifiers.",
    },
  ),
};

const PLAN_FIELDS = {
  planDigest: Type.String({
    description:
      'Digest of a plan: the restore writes nothing unless it would do what the plan says.',
    pattern: '^sha256:[0-9a-f]{64}$',
  }),
};

/** What a restore changes of the objects of the backup. */
const RULE_FIELDS = {
  storageClassMapping: textMap(
    "Storage class of the backup to storage class of the cluster; when left out, that of Velero's ConfigMap.",
  ),
  imageMapping: textMap(
    "Part of an image's name to what stands there instead; when left out, that of Velero's ConfigMap.",
  ),
  restoreStatus: Type.Object(
    Type.Partial(
      Type.Object({
        includedResources: nameList('Types whose status is restored; all when empty.'),
        excludedResources: nameList('Types whose status is not restored.'),
      }),
    ).properties,
    { ...STRICT, description: 'Restores the status of objects too.' },
  ),
  preserveNodePorts: Type.Boolean({
    description: 'Services keep all their node ports, and not only those that somebody asked for.',
  }),
};

const SPEC_FIELDS = {
  ...NARROWING_FIELDS,
  ...RULE_FIELDS,
  ...APPLY_FIELDS,
  ...PLAN_FIELDS,
  ...OPERATION_FIELDS,
  hooks: RestoreHooksSchema,
};

export const CreateRestore = Type.Object(
  {
    metadata: NewMetadata,
    spec: Type.Object(
      {
        ...Type.Partial(Type.Object({ ...SOURCE_FIELDS, ...OPTIONAL_FIELDS, ...SPEC_FIELDS }))
          .properties,
      },
      STRICT,
    ),
  },
  { ...STRICT, $id: 'CreateRestore' },
);

export const Restore = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('Restore'),
    metadata: Metadata,
    spec: Type.Object({
      backupName: Type.String({
        description: 'Empty until the newest backup of a schedule is found.',
      }),
      ...OPTIONAL_FIELDS,
      namespaceMapping: Type.Object({}, { additionalProperties: Type.String() }),
      ...Type.Partial(Type.Object({ ...OTHER_SOURCES, ...SPEC_FIELDS })).properties,
    }),
    status: Type.Object({
      ...STATUS_FIELDS,
      counts: Type.Optional(
        Type.Object(Object.fromEntries(RESTORE_VERBS.map((verb) => [verb, Type.Integer()]))),
      ),
      hooks: Type.Optional(HooksSummarySchema),
      operations: Type.Optional(OperationsSchema),
      leftOut: Type.Optional(LeftOutSchema),
      cycles: Type.Optional(CyclesSchema),
      tooDeep: Type.Optional(
        Type.Integer({
          description: 'Custom resources that were applied together with some of their owners.',
        }),
      ),
      failedVolumes: Type.Optional(
        Type.Array(FailureReportSchema, {
          description: 'Volumes that did not get their data, each with the reason; the first 100.',
        }),
      ),
    }),
  },
  { $id: 'Restore' },
);

export const RestoreList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('RestoreList'),
    metadata: ListMetadata,
    items: Type.Array(Type.Ref('Restore')),
  },
  { $id: 'RestoreList' },
);
