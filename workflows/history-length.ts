import { patched, workflowInfo } from '@temporalio/workflow';

/** What is under way when a history has so many events ends before there are 2,000; 50 batches begin with less than half of them. */
const EVENTS_MAX = 1000;
/** One answer to each of 50 batches is less than half of it. */
const BYTES_MAX = 8 * 1024 * 1024;

/** Whether a workflow has to continue as new: it begins nothing more. */
export function isHistoryLong(): boolean {
  return workflowInfo().continueAsNewSuggested || isHistoryFull();
}

/** The same, whatever the server suggests, which may be less than what is under way at the same time. */
export function isHistoryFull(): boolean {
  const { historyLength, historySize } = workflowInfo();
  return (historyLength > EVENTS_MAX || historySize > BYTES_MAX) && patched('short-histories');
}
