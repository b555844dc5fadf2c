import type { API_VERSION } from '../api-resource.ts';
import type { FailureReport } from '../failure.ts';
import type { Fields } from '../fields.ts';
import type { Revision } from '../revision.ts';
import type { EndpointSpec, EndpointStatus } from './endpoint.ts';

/** A notification endpoint as it is kept; signing keys and headers are no part of it. */
export interface NotificationEndpointResource {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'NotificationEndpoint';
  readonly metadata: Revision & { readonly name: string };
  /** Nothing for one that cannot be used. */
  readonly spec: Partial<EndpointSpec>;
  readonly status: EndpointStatus & {
    /** Why it cannot be used. */
    readonly problem?: FailureReport | undefined;
  };
}

export interface NotificationEndpointResourceList {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'NotificationEndpointList';
  readonly items: readonly NotificationEndpointResource[];
}

/** Body of `POST /notification-endpoints` and `PUT /notification-endpoints/{name}`. */
export interface WriteEndpointRequest {
  readonly metadata: { readonly name: string };
  /** Fields of `EndpointSpec`. */
  readonly spec: Fields;
}

/** Answer of `POST /notification-endpoints/{name}:test`: what became of the event that was sent. */
export interface NotificationTest {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'NotificationTest';
  readonly metadata: { readonly name: string };
  /** Id of the event. */
  readonly eventId: string;
  readonly outcome: 'Delivered' | 'Failed';
  /** HTTP status that the receiver answered; of one that was delivered. */
  readonly httpStatus?: number | undefined;
  readonly failure?: FailureReport | undefined;
}
