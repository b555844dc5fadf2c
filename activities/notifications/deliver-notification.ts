import { Context, log } from '@temporalio/activity';

import { recordTime } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import type { EndpointSpec, EndpointStatus } from '../../domain/notifications/endpoint.ts';
import type { KeptEndpoint } from '../../domain/notifications/endpoint-resource.ts';
import type { CloudEvent } from '../../domain/notifications/event.ts';
import { pauseMs } from '../../domain/notifications/retry-plan.ts';
import { RELEASE } from '../../domain/release.ts';
import type { Delivered, DeliverNotificationInput } from '../notification-contract.ts';
import type { NotificationDependencies } from './dependencies.ts';
import { readEndpointSecret } from './endpoint-secret.ts';
import { type EventAnswer, postEvent } from './post-event.ts';
import { webhookHeaders } from './signature.ts';

const GONE = 410;

/** See `NotificationActivities.deliverNotification`. */
export async function deliverNotification(
  deps: NotificationDependencies,
  { endpoint: name, event, plan }: DeliverNotificationInput,
): Promise<Delivered> {
  const kept = await deps.endpoints.read(name);
  if (kept === undefined) {
    return { outcome: 'EndpointDeleted' };
  }
  const { attempt } = Context.current().info;
  const moment = { time: recordTime(Date.now()), id: event.id, type: event.type };
  try {
    const { status, retryAfterMs } = await send(deps, kept, event);
    requireTaken(name, { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
    await note(deps, name, { state: 'Delivering', lastDelivery: moment, lastFailure: null });
    return { outcome: 'Delivered', status };
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    const { code, message, retryAfterMs: askedMs } = error;
    const state = kept.status.state === 'Failing' ? 'Failing' : 'Retrying';
    await note(deps, name, { state, lastFailure: { ...moment, message } });
    const asked = askedMs === undefined ? {} : { askedMs };
    throw new Failure(code, message, {
      ...{ subject: name, cause: error },
      retryAfterMs: pauseMs(plan, { attempt, random: Math.random(), ...asked }),
    });
  }
}

async function send(
  deps: NotificationDependencies,
  { name, spec, problem }: KeptEndpoint,
  event: CloudEvent,
): Promise<EventAnswer> {
  if (spec === undefined) {
    const why = problem?.message ?? 'it cannot be used';
    throw new Failure('notification-failed', `the endpoint ${name} cannot be used: ${why}`);
  }
  const body = JSON.stringify(event);
  return postEvent({
    ...{ url: spec.url, body, caCert: spec.caCert, guard: deps.guard },
    signal: Context.current().cancellationSignal,
    headers: await headersOf(deps, spec, { id: event.id, body }),
  });
}

async function headersOf(
  deps: NotificationDependencies,
  { secretRef }: EndpointSpec,
  { id, body }: { readonly id: string; readonly body: string },
): Promise<Readonly<Record<string, string>>> {
  const secret =
    secretRef === undefined
      ? { keys: [], headers: {} }
      : await readEndpointSecret(deps.readSecret, secretRef.name);
  const timestampSeconds = Math.floor(Date.now() / 1000);
  return {
    ...secret.headers,
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'user-agent': `Holdfast/${RELEASE}`,
    ...webhookHeaders({ id, timestampSeconds, body }, secret.keys),
  };
}

/** Throws `endpoint-gone` for an answer after which no other is to be expected, and `notification-failed`. */
function requireTaken(name: string, { status, retryAfterMs }: EventAnswer): void {
  if (status >= 200 && status < 300) {
    return;
  }
  if (status === GONE) {
    throw new Failure('endpoint-gone', `the endpoint ${name} answers that it is gone (HTTP 410)`);
  }
  const what = status >= 300 && status < 400 ? 'a redirect, which is not followed' : 'no success';
  throw new Failure(
    'notification-failed',
    `the endpoint ${name} answers HTTP ${String(status)}: ${what}`,
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
}

/** What is known of a delivery counts, whether it can be noted or not. */
async function note(
  { endpoints }: NotificationDependencies,
  name: string,
  status: { readonly [Field in keyof EndpointStatus]?: EndpointStatus[Field] | null },
): Promise<void> {
  try {
    await endpoints.note(name, status);
  } catch (error) {
    const code = error instanceof Failure ? error.code : 'internal';
    log.warn('what came of a notification was not noted', { endpoint: name, code });
  }
}
