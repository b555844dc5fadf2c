import { Type } from 'typebox';

import { PLAN_ACTIONS } from '../../domain/restore/restore-preview.ts';

const Counts = Type.Object(Object.fromEntries(PLAN_ACTIONS.map((one) => [one, Type.Integer()])));

const Change = Type.Object(
  {
    path: Type.String({ description: 'JSON pointer into the object.' }),
    op: Type.Enum(['add', 'remove', 'replace']),
    from: Type.Optional(Type.Unknown({ description: 'What is there; long values are cut.' })),
    to: Type.Optional(Type.Unknown({ description: 'What will be there; long values are cut.' })),
    value: Type.Optional(
      Type.Literal('changed', { description: 'In the place of values of a Secret.' }),
    ),
  },
  { description: 'One field that would change, or that differs.' },
);

/** What of a backup is not restored. */
export const LeftOutSchema = Type.Array(
  Type.Object({
    reason: Type.String(),
    type: Type.Optional(Type.String({ description: 'As in deployments.apps.' })),
    items: Type.Integer(),
  }),
  { description: 'Items of the backup that are not restored, by reason and type.' },
);

export const CyclesSchema = Type.Object(
  {
    count: Type.Integer(),
    items: Type.Array(Type.String(), { description: 'The first of them.' }),
  },
  { description: 'Custom resources that own each other in a circle, so that none can be first.' },
);

const Item = Type.Object({
  group: Type.String(),
  version: Type.String(),
  resource: Type.String(),
  namespace: Type.String({ description: 'As in the target cluster; empty if there is none.' }),
  name: Type.String(),
  action: Type.Enum([...PLAN_ACTIONS]),
  reason: Type.Optional(Type.String()),
  isChecked: Type.Optional(
    Type.Literal(false, { description: 'The cluster could not be asked; the reason says why.' }),
  ),
  diff: Type.Optional(Type.Array(Change)),
  moreChanges: Type.Optional(Type.Integer({ description: 'Changes that are not among `diff`.' })),
});

const RestorePlanReport = Type.Object({
  backupName: Type.String({ description: 'The backup that would be restored.' }),
  digest: Type.String({ description: 'For `spec.planDigest` of a restore that is bound to this.' }),
  counts: Counts,
  waves: Type.Array(Type.Object({ name: Type.String(), items: Type.Integer() })),
  leftOut: LeftOutSchema,
  cycles: CyclesSchema,
  tooDeep: Type.Integer({
    description: 'Custom resources that would be applied together with some of their owners.',
  }),
  items: Type.Array(Item),
  more: Type.Optional(Type.Partial(Counts)),
  isShortened: Type.Optional(
    Type.Literal(true, { description: 'Values, or whole diffs, are left out.' }),
  ),
});

export const RestorePreview = Type.Object(
  {
    apiVersion: Type.String(),
    kind: Type.Literal('RestorePreview'),
    metadata: Type.Object({ name: Type.String(), location: Type.String() }),
    plan: RestorePlanReport,
  },
  { $id: 'RestorePreview', description: 'What a restore would do, were it started now.' },
);
