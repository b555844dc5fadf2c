import protocol from '@temporalio/proto';

import type { TemporalRuns } from '../runs/temporal.ts';

const EVENTS_MAX = 20_000;
const READ_MS = 15_000;
const TYPES = protocol.temporal.api.enums.v1.EventType;

type SentEvent = protocol.temporal.api.history.v1.IHistoryEvent;

/** One event of a workflow, without what it carries. */
interface HistoryEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  /** Of an activity or a child: its type. */
  readonly of?: string;
  readonly attempt?: number;
}

/** The events of the latest run of a workflow; nothing of their payloads. */
export async function historyEvents(
  temporal: TemporalRuns,
  workflowId: string,
): Promise<HistoryEvent[]> {
  const { events } = await temporal.call(
    () => temporal.client.workflow.getHandle(workflowId).fetchHistory(),
    READ_MS,
  );
  return (events ?? []).slice(0, EVENTS_MAX).map(eventOf);
}

function eventOf(event: SentEvent): HistoryEvent {
  const of = typeIn(event);
  const attempt = event.activityTaskStartedEventAttributes?.attempt;
  return {
    id: String(event.eventId),
    type: TYPES[event.eventType ?? 0] ?? 'unknown',
    time: new Date(Number(event.eventTime?.seconds) * 1000).toISOString(),
    ...(of === undefined ? {} : { of }),
    ...(attempt == null ? {} : { attempt }),
  };
}

function typeIn(event: SentEvent): string | undefined {
  const { activityTaskScheduledEventAttributes: activity } = event;
  const { startChildWorkflowExecutionInitiatedEventAttributes: child } = event;
  return activity?.activityType?.name ?? child?.workflowType?.name ?? undefined;
}
