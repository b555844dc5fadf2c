import { Type } from 'typebox';

/** A line of a stream. */
export const RunEventSchema = Type.Object(
  {
    event: Type.String({ enum: ['phase', 'progress', 'done', 'problem', 'gone'] }),
    id: Type.Optional(
      Type.String({ description: 'To be sent as Last-Event-ID; of events with a run.' }),
    ),
    data: Type.Object({}, { additionalProperties: true, description: 'The run, or the problem.' }),
  },
  { description: 'An event of a run.' },
);
