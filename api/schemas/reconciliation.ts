import { Type } from 'typebox';

import { ORPHAN_KINDS, ORPHAN_OUTCOMES } from '../../domain/orphan.ts';
import { RECONCILIATION_PHASES, REMOVALS } from '../../domain/reconciliation.ts';
import { ApiVersion, FailureReportSchema, LabelName, oneOf, STRICT } from './run.ts';

const SPEC_FIELDS = {
  cluster: LabelName,
  removal: oneOf(REMOVALS, 'All removes what is found; None, when left out, changes nothing.'),
};

export const ReconciliationParams = Type.Object({ location: LabelName }, STRICT);
export const ReconciliationQuery = Type.Object({ cluster: Type.Optional(LabelName) }, STRICT);
export const CreateReconciliationQuery = Type.Object(
  { location: Type.Optional(LabelName) },
  STRICT,
);

export const CreateReconciliation = Type.Object(
  { spec: Type.Optional(Type.Partial(Type.Object(SPEC_FIELDS, STRICT), STRICT)) },
  { ...STRICT, $id: 'CreateReconciliation' },
);

const OrphanSchema = Type.Object({
  kind: oneOf(Object.keys(ORPHAN_KINDS), 'What it is.'),
  place: Type.String({
    description: 'Its key, what its keys begin with, or namespace and name of a pod.',
  }),
  reason: Type.String(),
  run: Type.Optional(
    Type.Object({
      kind: oneOf(['Backup', 'Restore'], 'The run that left it.'),
      name: Type.String(),
      runUid: Type.String(),
    }),
  ),
  repository: Type.Optional(
    Type.Object(
      { clusterUid: Type.String(), namespace: Type.String() },
      { description: 'The repository that it is in.' },
    ),
  ),
  since: Type.Optional(Type.String({ format: 'date-time' })),
  objects: Type.Optional(Type.Integer()),
  sizeBytes: Type.Optional(Type.Integer()),
  removal: Type.Optional(
    Type.String({ description: 'What its removal does; nothing removes what has none.' }),
  ),
  outcome: Type.Optional(
    oneOf(ORPHAN_OUTCOMES, 'What became of its removal; Requested: it goes in its time.'),
  ),
  failure: Type.Optional(FailureReportSchema),
});

export const Reconciliation = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('Reconciliation'),
    metadata: Type.Object({
      location: Type.String(),
      uid: Type.String(),
      creationTimestamp: Type.String({ format: 'date-time' }),
    }),
    spec: Type.Object(SPEC_FIELDS),
    status: Type.Object({
      phase: oneOf(RECONCILIATION_PHASES, 'Whether it goes on.'),
      orphans: Type.Optional(Type.Array(OrphanSchema)),
      isMore: Type.Optional(
        Type.Boolean({
          description: 'There are more, which another one tells when these are gone.',
        }),
      ),
      failure: Type.Optional(FailureReportSchema),
    }),
  },
  { $id: 'Reconciliation' },
);
