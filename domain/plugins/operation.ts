import type { FailureReport } from '../failure.ts';
import { list, fields } from '../fields.ts';
import { itemText } from '../item.ts';
import {
  type OperationReference,
  type OperationStatus,
  OperationStatusSchema,
} from './contract.ts';
import { actionText, subjectOf } from './plugin-action.ts';
import type { OperationEnd } from './plugin-call.ts';
import type { CallTimes } from './plugin.ts';
import { schemaFault } from './read-answer.ts';

/** Operations of one plugin that are asked about together: stored while the run is under way. */
export interface OperationBatch extends CallTimes {
  readonly plugin: string;
  readonly operations: readonly PlannedOperation[];
}

/** An operation as the run knows it. */
export interface PlannedOperation extends OperationReference {
  /** What it does, for people. */
  readonly description?: string;
  /** When the answer came that tells of it, RFC 3339. */
  readonly startedAt?: string;
}

/** What became of the operations of a batch. */
export interface OperationEnds extends Pick<OperationBatch, 'plugin' | 'operations'> {
  readonly ends: readonly OperationEnd[];
  /** RFC 3339. */
  readonly endedAt: string;
}

/**
 * How the operations of a batch ended, by what the plugin said last. One that runs, or of which nothing is known, has
 * failed for the reason that is given, and may still be at work.
 */
export function operationEnds(
  { plugin, operations }: Pick<OperationBatch, 'plugin' | 'operations'>,
  answer: unknown,
  otherwise: FailureReport | undefined,
): { readonly ends: readonly OperationEnd[]; readonly open: readonly string[] } {
  const said = new Map(
    list(fields(answer)['operations']).map((status) => [fields(status)['requestId'], status]),
  );
  const open: string[] = [];
  const ends = operations.map((operation): OperationEnd => {
    const { requestId } = operation;
    const status = said.get(requestId);
    const fault = status === undefined ? undefined : schemaFault(OperationStatusSchema, status);
    if (status === undefined || fault !== undefined) {
      open.push(requestId);
      const failure =
        otherwise === undefined
          ? unknownStatus(plugin, operation, fault)
          : failureFor(plugin, operation, otherwise);
      return { requestId, phase: 'Failed', failure };
    }
    // The schema was checked.
    const end = endOf(plugin, operation, { status: status as OperationStatus, otherwise });
    if (end.isOpen) {
      open.push(requestId);
    }
    return end.end;
  });
  return { ends, open };
}

interface Said {
  readonly status: OperationStatus;
  readonly otherwise: FailureReport | undefined;
}

function endOf(
  plugin: string,
  operation: PlannedOperation,
  { status, otherwise }: Said,
): { readonly end: OperationEnd; readonly isOpen: boolean } {
  const { requestId } = operation;
  const { phase, progress, error } = status;
  const moved = progress === undefined ? {} : { progress };
  const failed = (failure: FailureReport): OperationEnd => ({
    ...{ requestId, phase: 'Failed', ...moved, failure },
  });
  const say = (code: FailureReport['code'], text: string): FailureReport => ({
    code,
    message: `${actionText({ plugin, action: operation.action })}: the operation for ${itemText(operation.item)} ${text}`,
    subject: subjectFor(plugin, operation),
  });
  switch (phase) {
    case 'Running': {
      const failure =
        otherwise === undefined
          ? say('operation-failed', 'was left running')
          : failureFor(plugin, operation, otherwise);
      return { end: failed(failure), isOpen: true };
    }
    case 'Failed':
      return {
        end: failed(say('operation-failed', `failed: ${error ?? 'no reason was given'}`)),
        isOpen: false,
      };
    case 'Cancelled':
      return { end: failed(say('operation-failed', 'was cancelled')), isOpen: false };
    case 'Completed': {
      const shortfall = shortfallOf(progress);
      return shortfall === undefined
        ? { end: { requestId, phase: 'Completed', ...moved }, isOpen: false }
        : { end: failed(say('operation-moved-nothing', shortfall)), isOpen: false };
    }
  }
}

/** What is missing of an operation that calls itself complete; undefined when nothing is. */
function shortfallOf(progress: OperationStatus['progress']): string | undefined {
  if (progress === undefined) {
    return undefined;
  }
  const { done, total, unit = 'units' } = progress;
  if (total !== undefined && done < total) {
    return `says that it is complete, and moved ${String(done)} of ${String(total)} ${unit}`;
  }
  return done === 0 && total === undefined && unit === 'bytes'
    ? 'says that it is complete, and moved 0 bytes; one that has nothing to move says so by a total of 0'
    : undefined;
}

/** Why all operations of a batch have failed, as it is told of one of them. */
function failureFor(
  plugin: string,
  operation: PlannedOperation,
  { code, message: why }: FailureReport,
): FailureReport {
  const { action, item } = operation;
  const message = `${actionText({ plugin, action })}: the operation for ${itemText(item)} failed: ${why}`;
  return { code, message, subject: subjectFor(plugin, operation) };
}

function unknownStatus(
  plugin: string,
  { action, item }: PlannedOperation,
  fault: { readonly pointer: string; readonly text: string } | undefined,
): FailureReport {
  const text =
    fault === undefined
      ? 'says nothing of the operation'
      : `breaks the contract: ${fault.pointer} ${fault.text}`;
  const about = itemText(item);
  return {
    code: 'plugin-answer-invalid',
    message: `the status of ${actionText({ plugin, action })}, for ${about} ${text}`,
    subject: subjectFor(plugin, { action, item }),
  };
}

function subjectFor(
  plugin: string,
  { action, item }: Pick<PlannedOperation, 'action' | 'item'>,
): string {
  return subjectOf({ plugin, action }, `operation ${itemText(item)}`);
}

/** How far operations are, by what a plugin says of those that run; what does not follow the contract is left out. */
export function statusesOf(answer: unknown): OperationStatus[] {
  return list(fields(answer)['operations']).filter(
    (status): status is OperationStatus => schemaFault(OperationStatusSchema, status) === undefined,
  );
}
