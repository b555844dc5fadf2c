import { Type } from 'typebox';

import { ENDPOINT_STATES } from '../../domain/notifications/endpoint.ts';
import { ApiVersion, FailureReportSchema, LabelName, oneOf, STRICT } from './run.ts';

export const NotificationEndpointParams = Type.Object({ name: LabelName }, STRICT);
/** There are no parameters. */
export const NotificationEndpointQuery = Type.Object({}, STRICT);
export const TestEndpointQuery = Type.Object({ cluster: Type.Optional(LabelName) }, STRICT);

export const WriteNotificationEndpoint = Type.Object(
  {
    apiVersion: Type.Optional(ApiVersion),
    kind: Type.Optional(Type.Literal('NotificationEndpoint')),
    metadata: Type.Object({ name: LabelName }, STRICT),
    // The fields are checked where they are read.
    spec: Type.Record(Type.String(), Type.Unknown(), {
      description: 'url, events, schedules, locations, secretRef and caCert, as answers have them.',
    }),
  },
  STRICT,
);

const Names = (description: string) => Type.Optional(Type.Array(Type.String(), { description }));

const MOMENT = {
  time: Type.String({ format: 'date-time' }),
  id: Type.String({ description: 'Of the event.' }),
  type: Type.String({ description: 'Of the event.' }),
};

export const NotificationEndpoint = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('NotificationEndpoint'),
    metadata: Type.Object({
      name: Type.String(),
      uid: Type.String(),
      generation: Type.Integer({ description: 'Counts the changes of the spec.' }),
    }),
    spec: Type.Object({
      url: Type.Optional(Type.String({ description: 'Left out of one that cannot be used.' })),
      events: Names('Names of events, or all of a kind: restore.*. All when left out.'),
      schedules: Names('Only events of what these schedules make.'),
      locations: Names('Only events of these storage locations.'),
      secretRef: Type.Optional(
        Type.Object(
          { name: Type.String() },
          { description: 'The Secret with signing keys and headers; unsigned when left out.' },
        ),
      ),
      caCert: Type.Optional(Type.String({ description: 'PEM.' })),
    }),
    status: Type.Object({
      state: oneOf(ENDPOINT_STATES, 'Failing: an event was given up; Retrying: none yet.'),
      lastDelivery: Type.Optional(Type.Object(MOMENT)),
      lastFailure: Type.Optional(
        Type.Object(
          { ...MOMENT, message: Type.String() },
          { description: 'Left out when an event was delivered since.' },
        ),
      ),
      problem: Type.Optional(FailureReportSchema),
    }),
  },
  { $id: 'NotificationEndpoint' },
);

export const NotificationEndpointList = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('NotificationEndpointList'),
    items: Type.Array(Type.Ref('NotificationEndpoint')),
  },
  { $id: 'NotificationEndpointList' },
);

export const NotificationTest = Type.Object(
  {
    apiVersion: ApiVersion,
    kind: Type.Literal('NotificationTest'),
    metadata: Type.Object({ name: Type.String() }),
    eventId: Type.String(),
    outcome: oneOf(['Delivered', 'Failed'], 'What became of the event.'),
    httpStatus: Type.Optional(Type.Integer({ description: 'That the receiver answered.' })),
    failure: Type.Optional(FailureReportSchema),
  },
  { $id: 'NotificationTest' },
);
