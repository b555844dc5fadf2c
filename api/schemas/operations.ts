import { Type } from 'typebox';

/** How long operations of plugins are waited for, in a request and in what is told of a run. */
export const OPERATION_FIELDS = {
  itemOperationTimeout: Type.String({
    description: 'How long operations of plugins are waited for; 4h0m0s when left out.',
    maxLength: 64,
  }),
};

/** An operation of a plugin that runs, as the plugin told of it last. */
const OperationProgressSchema = Type.Object({
  requestId: Type.String(),
  done: Type.Optional(Type.Number()),
  total: Type.Optional(Type.Number()),
  unit: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
});

export const OperationsSchema = Type.Object(
  {
    total: Type.Integer(),
    completed: Type.Integer(),
    failed: Type.Integer(),
    deadline: Type.Optional(Type.String({ format: 'date-time' })),
    running: Type.Optional(Type.Array(OperationProgressSchema)),
  },
  { description: 'Operations of plugins; while they are waited for, some that run.' },
);
