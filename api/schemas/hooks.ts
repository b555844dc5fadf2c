import { Type } from 'typebox';

import { ApiVersion, FailureReportSchema } from './run.ts';

export const HooksSummarySchema = Type.Object(
  { attempted: Type.Integer(), failed: Type.Integer() },
  { description: 'Hooks of pods that were run, of an ended run.' },
);

const HookRun = Type.Object({
  namespace: Type.String(),
  pod: Type.String(),
  phase: Type.Enum(['pre', 'post']),
  source: Type.String({ description: '`annotations`, or the hook of the request: `spec <name>`.' }),
  container: Type.Optional(Type.String()),
  command: Type.Optional(Type.Array(Type.String())),
  onError: Type.Enum(['Continue', 'Fail']),
  startTimestamp: Type.String({ format: 'date-time' }),
  completionTimestamp: Type.String({ format: 'date-time' }),
  outcome: Type.Enum(['Succeeded', 'Failed']),
  by: Type.Optional(
    Type.String({ description: 'Who ran it, where that was not the backup itself.' }),
  ),
  exitCode: Type.Optional(Type.Integer()),
  isNotBegun: Type.Optional(
    Type.Boolean({ description: 'Whether the command was never started.' }),
  ),
  mayGoOn: Type.Optional(
    Type.Boolean({
      description: 'Whether it had not ended when its time was over, and may go on.',
    }),
  ),
  code: Type.Optional(Type.String({ description: 'Why it failed, by the code of a failure.' })),
  message: Type.Optional(Type.String({ description: 'Why it failed.' })),
  places: Type.Optional(
    Type.Array(Type.String(), {
      description: 'Where a hook is written that cannot be used as it is.',
    }),
  ),
  stdout: Type.Optional(Type.String({ description: 'What it has written, shortened.' })),
  stderr: Type.Optional(Type.String()),
  dropped: Type.Optional(Type.Integer({ description: 'Bytes of its output that were left out.' })),
});

const POD_FIELDS = {
  namespace: Type.String(),
  pod: Type.String(),
  failure: Type.Optional(FailureReportSchema),
  runs: Type.Array(HookRun),
};

export const RestoreHookList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('RestoreHookList'),
    items: Type.Array(Type.Object(POD_FIELDS)),
  },
  { $id: 'RestoreHookList', description: 'What became of the hooks of restored pods.' },
);

export const BackupHookList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('BackupHookList'),
    items: Type.Array(
      Type.Object({
        ...POD_FIELDS,
        notRun: Type.Optional(
          Type.Array(Type.String(), { description: 'Hooks that were not run, and why.' }),
        ),
        isHeld: Type.Optional(
          Type.Boolean({
            description:
              'Whether the pod was as its pre hooks made it until its volumes were copied; left out without pre hooks.',
          }),
        ),
      }),
    ),
  },
  { $id: 'BackupHookList', description: 'What became of the hooks of the pods of a backup.' },
);
