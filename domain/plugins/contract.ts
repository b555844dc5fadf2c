import { type Static, Type } from 'typebox';

import { CONTRACT, ITEMS_PER_CALL, OPERATIONS_PER_CALL } from './contract-v1.ts';

/**
 * The JSON that goes in and out of the activities of a plugin: one source for the types, the checks of what comes back, and
 * the schemas in docs/plugin-contract-v1.json.
 */
const NAME_MAX = 253;
const TEXT_MAX = 1000;
const LIST_MAX = 1000;
const VALUES_MAX = 10_000;

/** What comes from a plugin may have fields of a later contract; they are not looked at. */
const name = (description: string) =>
  Type.String({ minLength: 1, maxLength: NAME_MAX, description });
const text = (description: string) => Type.String({ maxLength: TEXT_MAX, description });
const names = (description: string) =>
  Type.Array(name('A name.'), { maxItems: LIST_MAX, description });

const DNS_LABEL = Type.String({
  pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$',
  description: 'Lower-case letters, digits and "-", at most 63.',
});

const ItemSchema = Type.Object(
  {
    group: Type.String({
      maxLength: NAME_MAX,
      description: 'API group; empty for the core group.',
    }),
    version: Type.Optional(name('Version of the group, such as v1.')),
    resource: name('Plural, lower case: deployments.'),
    namespace: Type.String({ maxLength: NAME_MAX, description: 'Empty for cluster-scoped items.' }),
    name: name('Name of the item.'),
  },
  { description: 'One Kubernetes object, by name.' },
);

const RunSchema = Type.Object(
  {
    kind: Type.Enum(['Backup', 'Restore']),
    location: Type.String({ description: 'Storage location of the run.' }),
    name: Type.String(),
    uid: Type.String({ description: 'Of this run; a later run of the same name has another one.' }),
    cluster: Type.String(),
    backup: Type.Optional(
      Type.Object(
        { location: Type.String(), name: Type.String(), uid: Type.Optional(Type.String()) },
        { description: 'Of a restore: the backup that it is made from.' },
      ),
    ),
  },
  { description: 'The run on whose behalf a plugin is called.' },
);

const CALL_FIELDS = {
  contract: Type.Literal(CONTRACT),
  plugin: Type.String({ description: 'Name under which the plugin is registered.' }),
  run: RunSchema,
};

// --- describePlugin ---

const LabelSelectorSchema = Type.Object(
  {
    matchLabels: Type.Optional(
      Type.Unsafe<Record<string, string>>(
        Type.Object({}, { additionalProperties: Type.String(), maxProperties: LIST_MAX }),
      ),
    ),
    matchExpressions: Type.Optional(
      Type.Array(
        Type.Object({
          key: name('Key of a label.'),
          operator: Type.Enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
          values: Type.Optional(Type.Array(Type.String(), { maxItems: LIST_MAX })),
        }),
        { maxItems: LIST_MAX },
      ),
    ),
  },
  { description: 'As of the API server; all of it must hold.' },
);

const SelectorSchema = Type.Object(
  {
    includedNamespaces: Type.Optional(
      names(
        'Names of namespaces, or patterns; all when left out. Cluster-scoped items always match.',
      ),
    ),
    excludedNamespaces: Type.Optional(names('Names of namespaces, or patterns.')),
    includedResources: Type.Optional(
      names('Types as plural.group (persistentvolumeclaims, deployments.apps); all when left out.'),
    ),
    excludedResources: Type.Optional(names('Types as plural.group.')),
    labelSelector: Type.Optional(LabelSelectorSchema),
  },
  { description: "Which items an action wants to see; Velero's AppliesTo." },
);

const ActionSchema = Type.Object({
  name: DNS_LABEL,
  selector: Type.Optional(SelectorSchema),
  onError: Type.Optional(
    Type.Enum(['Fail', 'Continue'], {
      description:
        'Fail (default): an item for which the action fails is left out, and told as an error. Continue: it is taken as it is, and told as a warning.',
    }),
  ),
});

export const PluginDescriptionSchema = Type.Object(
  {
    contract: Type.Literal(CONTRACT),
    version: Type.Optional(text('Version of the plugin itself, for people.')),
    backupActions: Type.Optional(Type.Array(ActionSchema, { maxItems: 20 })),
    restoreActions: Type.Optional(Type.Array(ActionSchema, { maxItems: 20 })),
    deletesBackups: Type.Optional(
      Type.Boolean({
        description:
          'Whether deleteBackup is called for backups that the plugin had no operation in.',
      }),
    ),
    publicKey: Type.Optional(
      Type.String({
        maxLength: 100,
        description:
          'X25519 key as SubjectPublicKeyInfo in DER and base64. With it restoreItems gets the objects themselves, sealed for that key.',
      }),
    ),
  },
  { description: 'Answer of describePlugin.' },
);

export const DescribePluginSchema = Type.Object(
  { contract: Type.Literal(CONTRACT), plugin: CALL_FIELDS.plugin, cluster: Type.String() },
  { description: 'Argument of describePlugin.' },
);

// --- backupItems, restoreItems ---

const ItemCallSchema = Type.Object({
  requestId: Type.String({
    description: 'Of this run, action and item: a call that is made again has the same one.',
  }),
  item: ItemSchema,
  uid: Type.Optional(Type.String({ description: 'Uid of the object when it was listed.' })),
  target: Type.Optional(
    Type.Object(
      { namespace: Type.String(), name: Type.String() },
      { description: 'Of a restore: where the item goes, if that is another namespace or name.' },
    ),
  ),
});

export const ItemsCallSchema = Type.Object(
  {
    ...CALL_FIELDS,
    action: Type.String(),
    replyKey: Type.String({
      description:
        'X25519 key of the run, as publicKey: what holds values of objects is sealed for it.',
    }),
    items: Type.Array(ItemCallSchema, { maxItems: ITEMS_PER_CALL }),
    sealedObjects: Type.Optional(
      Type.String({
        description:
          'Of a restore, for plugins with a publicKey: base64 of the sealed JSON array of the objects, in the order of the items.',
      }),
    ),
  },
  { description: 'Argument of backupItems and of restoreItems.' },
);

const PatchSchema = Type.Array(
  Type.Object({
    op: Type.Enum(['add', 'remove', 'replace', 'move', 'copy', 'test']),
    path: Type.String({ maxLength: VALUES_MAX }),
    from: Type.Optional(Type.String({ maxLength: VALUES_MAX })),
    value: Type.Optional(Type.Unknown()),
  }),
  {
    maxItems: LIST_MAX,
    description:
      'JSON patch (RFC 6902) of the item. Operations with a value only in a sealed answer.',
  },
);

const OperationSchema = Type.Object(
  {
    id: name('Of the operation, as the plugin knows it; may be the requestId.'),
    description: Type.Optional(text('What it does, for people.')),
  },
  { description: 'Something that goes on after the call, and that the run waits for.' },
);

export const ItemAnswerSchema = Type.Object({
  requestId: name('Of the item that this is the answer for.'),
  patch: Type.Optional(PatchSchema),
  skip: Type.Optional(text('Why the item is left out.')),
  additionalItems: Type.Optional(
    Type.Array(ItemSchema, {
      maxItems: LIST_MAX,
      description: 'Items that the run takes as well.',
    }),
  ),
  waitForAdditionalItems: Type.Optional(
    Type.Boolean({ description: 'Of a restore: the item waits until these are there and ready.' }),
  ),
  operation: Type.Optional(OperationSchema),
  error: Type.Optional(
    text(
      'Why the action failed for this item. An operation beside it is cancelled; nothing else is looked at then.',
    ),
  ),
});

export const ItemsAnswerSchema = Type.Object(
  {
    items: Type.Optional(Type.Array(ItemAnswerSchema, { maxItems: ITEMS_PER_CALL })),
    sealed: Type.Optional(
      Type.String({ description: 'Base64 of the JSON array of items, sealed for the replyKey.' }),
    ),
  },
  {
    description:
      'Answer of backupItems and of restoreItems. An item without an answer stays as it is.',
  },
);

// --- operationStatus, cancelOperation, deleteBackup ---

const OperationReferenceSchema = Type.Object({
  requestId: Type.String(),
  id: Type.Optional(
    Type.String({ description: 'Left out where the call that began it was never answered.' }),
  ),
  action: Type.String(),
  item: ItemSchema,
});

export const OperationsCallSchema = Type.Object(
  {
    ...CALL_FIELDS,
    operations: Type.Array(OperationReferenceSchema, { maxItems: OPERATIONS_PER_CALL }),
  },
  {
    description: 'Argument of operationStatus, cancelOperation and deleteBackup.',
  },
);

const ProgressSchema = Type.Object({
  done: Type.Number({ minimum: 0 }),
  total: Type.Optional(Type.Number({ minimum: 0 })),
  unit: Type.Optional(text('bytes, files, or any other word.')),
  description: Type.Optional(text('What is done now, for people.')),
});

export const OperationStatusSchema = Type.Object({
  requestId: name('Of the operation.'),
  phase: Type.Enum(['Running', 'Completed', 'Failed', 'Cancelled']),
  progress: Type.Optional(ProgressSchema),
  error: Type.Optional(text('Why it failed.')),
});

export const OperationsAnswerSchema = Type.Object(
  { operations: Type.Array(OperationStatusSchema, { maxItems: OPERATIONS_PER_CALL }) },
  {
    description:
      'Answer of operationStatus when all have ended; else the detail of a failure of type OperationRunning, so that Temporal asks again.',
  },
);

export type PluginDescription = Static<typeof PluginDescriptionSchema>;
export type PluginAction = Static<typeof ActionSchema>;
export type PluginSelector = Static<typeof SelectorSchema>;
export type PluginItem = Static<typeof ItemSchema>;
export type PluginRun = Static<typeof RunSchema>;
export type ItemCall = Static<typeof ItemCallSchema>;
export type ItemsCall = Static<typeof ItemsCallSchema>;
export type ItemAnswer = Static<typeof ItemAnswerSchema>;
export type OperationReference = Static<typeof OperationReferenceSchema>;
export type OperationsCall = Static<typeof OperationsCallSchema>;
export type OperationStatus = Static<typeof OperationStatusSchema>;
type DescribePlugin = Static<typeof DescribePluginSchema>;

/** The activities of a plugin, as a workflow calls them. What comes back is checked before it is believed. */
export interface PluginActivities {
  /** Says what the plugin does. */
  describePlugin(call: DescribePlugin): Promise<unknown>;
  /** Is told of items that a backup is about to take; may begin operations. May be called again with the same items. */
  backupItems(call: ItemsCall): Promise<unknown>;
  /** Is told of items that a restore is about to create. */
  restoreItems(call: ItemsCall): Promise<unknown>;
  /** Says how far operations are; throws `OPERATION_RUNNING` with an `OperationsAnswer` while one runs. */
  operationStatus(call: OperationsCall): Promise<unknown>;
  /**
   * Ends operations; one that has ended, or was never begun, is no failure. A request that is cancelled must not be begun
   * later: the call for it may still be on its way.
   */
  cancelOperation(call: OperationsCall): Promise<unknown>;
  /** Removes what the plugin keeps of a backup; what is gone is no failure. */
  deleteBackup(call: OperationsCall): Promise<unknown>;
}
