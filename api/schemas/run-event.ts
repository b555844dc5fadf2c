import { Type } from 'typebox';

const EVENTS = ['phase', 'progress', 'done', 'problem', 'gone'];
const EventId = Type.Optional(
  Type.String({ description: 'To be sent as Last-Event-ID; of events with a run.' }),
);

/** A line of a stream. */
export const RunEventSchema = Type.Object(
  {
    event: Type.String({ enum: EVENTS }),
    id: EventId,
    data: Type.Object({}, { additionalProperties: true, description: 'The run, or the problem.' }),
  },
  { description: 'An event of a run.' },
);

/** One event of a stream as `text/event-stream` has it: its fields by their names, as OpenAPI 3.2 describes such streams. */
export const ServerSentEventSchema = Type.Object({
  id: EventId,
  event: Type.String({ enum: EVENTS }),
  data: Type.String({
    contentMediaType: 'application/json',
    description: 'The run, or the problem.',
  }),
});
