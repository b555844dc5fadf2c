import { randomUUID } from 'node:crypto';

import { API_VERSION } from '../../domain/api-resource.ts';
import { recordTime } from '../../domain/duration.ts';
import { Failure } from '../../domain/failure.ts';
import type { Fields } from '../../domain/fields.ts';
import type {
  NotificationEndpointResource,
  NotificationEndpointResourceList,
  NotificationTest,
  WriteEndpointRequest,
} from '../../domain/notifications/api-endpoint.ts';
import { parseEndpoint } from '../../domain/notifications/endpoint.ts';
import type { Precondition } from '../../domain/revision.ts';
import type { KeptEndpoint } from '../../domain/notifications/endpoint-resource.ts';
import { pingEvent } from '../../domain/notifications/event.ts';
import { TEST_PLAN } from '../../domain/notifications/retry-plan.ts';
import { deliverWorkflowId } from '../../domain/workflow-id.ts';
import { fieldError } from '../../domain/selection/field-errors.ts';
import { DELIVER_NOTIFICATION_WORKFLOW, type DeliverInput } from '../../workflows/contract.ts';
import { RequestFailure } from '../errors.ts';
import { answerOf } from '../runs/answer-run.ts';
import type { TemporalRuns } from '../runs/temporal.ts';
import type { EndpointKeeper } from './registry.ts';

/** Longer than the one attempt may take. */
const TEST_WAIT_MS = 35_000;
const NOTHING_SENT: readonly string[] = ['notification-failed', 'endpoint-gone'];

/** An endpoint that was made, or met. */
interface WrittenEndpoint {
  readonly resource: NotificationEndpointResource;
  readonly isNew: boolean;
}

interface EndpointSources {
  readonly temporal: TemporalRuns;
  /** Undefined where the API has no cluster to keep them in. */
  readonly endpointKeeper?: EndpointKeeper | undefined;
}

/** The notification endpoints, as they are kept in the cluster of the API. Methods that need that throw `no-cluster`. */
export class EndpointService {
  readonly #sources: EndpointSources;

  constructor(sources: EndpointSources) {
    this.#sources = sources;
  }

  /** All of them, by name; none without a cluster. */
  async list(): Promise<NotificationEndpointResourceList> {
    const kept = (await this.#sources.endpointKeeper?.list()) ?? [];
    return {
      ...{ apiVersion: API_VERSION, kind: 'NotificationEndpointList' },
      items: kept.map(resourceOf),
    };
  }

  /** One of them. Throws `not-found`. */
  async get(name: string): Promise<NotificationEndpointResource> {
    const kept = await this.#sources.endpointKeeper?.read(name);
    if (kept === undefined) {
      throw missing(name);
    }
    return resourceOf(kept);
  }

  /** Keeps an endpoint, or gives the one that the same request made before. Throws `already-exists`. */
  async create({ metadata: { name }, spec }: WriteEndpointRequest): Promise<WrittenEndpoint> {
    const keeper = this.#keeper();
    requireUsable(spec);
    const made = await keeper.create(name, spec);
    if (made === 'other') {
      const text = `there is a notification endpoint ${name} with another spec; replace it (PUT), or choose another name`;
      throw new Failure('already-exists', text, { subject: 'metadata.name' });
    }
    return { resource: await this.get(name), isNew: made === 'created' };
  }

  /** Gives an endpoint another spec, or makes it. */
  async replace(
    request: WriteEndpointRequest,
    precondition?: Precondition,
  ): Promise<WrittenEndpoint> {
    const { name } = request.metadata;
    requireUsable(request.spec);
    if (!(await this.#keeper().replace(name, request.spec, precondition))) {
      precondition?.(undefined);
      return this.create(request);
    }
    return { resource: await this.get(name), isNew: false };
  }

  /** Forgets an endpoint. Throws `not-found`. */
  async remove(name: string, precondition?: Precondition): Promise<void> {
    if (!(await this.#keeper().remove(name, precondition))) {
      throw missing(name);
    }
  }

  /** Has the worker of a cluster send a ping once, and says what became of it. Throws `not-found` and `no-worker`. */
  async test(
    { name, cluster }: { readonly name: string; readonly cluster: string },
    signal: AbortSignal,
  ): Promise<NotificationTest> {
    await this.get(name);
    const { temporal } = this.#sources;
    await temporal.requireWorkers(cluster);
    const id = randomUUID();
    const event = pingEvent({ cluster, endpoint: name, id }, recordTime(Date.now()));
    const input: DeliverInput = { cluster, endpoint: name, event, plan: TEST_PLAN, isTest: true };
    const kind = { apiVersion: API_VERSION, kind: 'NotificationTest' } as const;
    const test = { ...kind, metadata: { name }, eventId: event.id };
    try {
      const answer = await answerOf(temporal, {
        workflow: DELIVER_NOTIFICATION_WORKFLOW,
        workflowId: deliverWorkflowId(event.id, name),
        input,
        summary: `Test of the notification endpoint ${name}`,
        wait: { waitMs: TEST_WAIT_MS, signal },
        late,
      });
      return { ...test, ...resultOf(name, answer) };
    } catch (error) {
      if (error instanceof Failure && NOTHING_SENT.includes(error.code)) {
        const { code, message } = error;
        return { ...test, outcome: 'Failed', failure: { code, message } };
      }
      throw error;
    }
  }

  #keeper(): EndpointKeeper {
    const { endpointKeeper } = this.#sources;
    if (endpointKeeper === undefined) {
      const text =
        'this API has no cluster in which to keep notification endpoints; give it a kubeconfig (KUBECONFIG)';
      throw new Failure('no-cluster', text);
    }
    return endpointKeeper;
  }
}

function requireUsable(spec: Fields): void {
  try {
    parseEndpoint(spec);
  } catch (error) {
    if (error instanceof Failure && error.subject !== undefined) {
      const { subject, message } = error;
      const pointer = `/${subject.replaceAll('.', '/')}`;
      throw new RequestFailure([fieldError(pointer, message.slice(subject.length + 1))]);
    }
    throw error;
  }
}

function resourceOf(kept: KeptEndpoint): NotificationEndpointResource {
  const { name, revision, spec, status, problem } = kept;
  return {
    ...{ apiVersion: API_VERSION, kind: 'NotificationEndpoint' },
    metadata: { name, ...revision },
    ...{ spec: spec ?? {}, status: { ...status, problem } },
  };
}

/** The contract of the workflow says what it answers. */
function resultOf(name: string, answer: unknown): Pick<NotificationTest, 'outcome' | 'httpStatus'> {
  const { outcome, status } = answer as { readonly outcome: string; readonly status?: number };
  if (outcome !== 'Delivered') {
    throw missing(name);
  }
  return { outcome, httpStatus: status };
}

function missing(name: string): Failure {
  const text = `there is no notification endpoint ${name}; see GET /notification-endpoints`;
  return new Failure('not-found', text, { subject: name });
}

function late(cause: unknown): Failure {
  const text = 'the test did not end in time; see whether the cluster worker is of this release';
  return new Failure('timed-out', text, { cause });
}
