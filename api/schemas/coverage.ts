import { Type } from 'typebox';

import { COVERAGE_REASONS } from '../../domain/coverage.ts';
import { ApiVersion } from './run.ts';

const Reason = Type.String({
  enum: Object.keys(COVERAGE_REASONS),
  description: 'Why something is not in the backup; docs/coverage.md explains each.',
});
const Counts = Type.Object({}, { additionalProperties: Type.Integer() });

const VOLUME_FIELDS = {
  namespace: Type.String(),
  pod: Type.Optional(Type.String()),
  volume: Type.Optional(Type.String()),
  claim: Type.Optional(Type.String()),
  persistentVolume: Type.Optional(Type.String()),
  source: Type.String(),
  action: Type.String({ enum: ['fs-backup', 'snapshot', 'none'] }),
  reason: Type.Optional(Reason),
  copy: Type.Optional(
    Type.Object(
      {
        outcome: Type.Enum(['Complete', 'Incomplete', 'Empty']),
        files: Type.Integer(),
        bytes: Type.Integer(),
        level: Type.Enum(['Engine', 'Counts', 'ReadBack']),
        isHeld: Type.Optional(
          Type.Boolean({
            description:
              'Whether the pod was as its pre hooks made it until the copy ended; left out where it has none.',
          }),
        ),
      },
      { description: 'What was copied, and how far that is proven.' },
    ),
  ),
};

export const Coverage = Type.Object(
  {
    version: Type.Literal(1),
    isShortened: Type.Optional(Type.Literal(true)),
    items: Type.Object({ expected: Type.Integer(), captured: Type.Integer() }),
    types: Type.Array(
      Type.Object({
        type: Type.String({ description: 'Plural and group: deployments.apps.' }),
        apiVersion: Type.String(),
        kind: Type.String(),
        expected: Type.Integer(),
        captured: Type.Integer(),
        reason: Type.Optional(Reason),
        leftOut: Type.Optional(
          Type.Array(
            Type.Object({
              reason: Reason,
              items: Type.Integer(),
              examples: Type.Array(Type.String()),
              texts: Type.Optional(
                Type.Array(Type.String(), {
                  description:
                    'What plugins say of why: the first 5 texts, of 300 characters each.',
                }),
              ),
            }),
          ),
        ),
        namespaces: Type.Optional(Counts),
      }),
    ),
    groups: Type.Array(Type.Object({ group: Type.String(), reason: Reason })),
    namespaces: Type.Array(Type.Object({ name: Type.String(), reason: Reason })),
    volumes: Type.Object({
      captured: Type.Integer(),
      items: Type.Array(Type.Object(VOLUME_FIELDS)),
      leftOut: Counts,
    }),
    hooks: Type.Array(
      Type.Object({ namespace: Type.String(), pod: Type.String(), hook: Type.String() }),
    ),
    ambiguousNames: Type.Array(
      Type.Object({
        name: Type.String(),
        taken: Type.String(),
        others: Type.Array(Type.String()),
      }),
    ),
  },
  {
    $id: 'Coverage',
    description: 'What a backup should hold, what it holds, and why they differ.',
  },
);

export const BackupPreview = Type.Object(
  {
    apiVersion: Type.String(),
    kind: Type.Literal('BackupPreview'),
    metadata: Type.Object({ name: Type.String(), location: Type.String() }),
    coverage: Type.Ref('Coverage'),
  },
  { $id: 'BackupPreview', description: 'What a backup would hold, were it made now.' },
);

export const BackupVolumeList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('BackupVolumeList'),
    items: Type.Array(
      Type.Object({
        name: Type.String({ description: 'Of the claim, or of the pod and its volume.' }),
        ...VOLUME_FIELDS,
        node: Type.Optional(Type.String({ description: 'On which it was read.' })),
        engine: Type.Optional(Type.Object({ kind: Type.String(), version: Type.String() })),
        startTimestamp: Type.Optional(Type.String({ format: 'date-time' })),
        completionTimestamp: Type.Optional(Type.String({ format: 'date-time' })),
      }),
    ),
  },
  { $id: 'BackupVolumeList', description: 'What became of the volumes of a backup.' },
);
