import type { FailureReport } from '../failure.ts';

/** Operations of a plugin that it could not be told to end. */
export interface LeftOperations {
  readonly plugin: string;
  /** The batches that they stand in, where it is known. */
  readonly batches: readonly number[];
  readonly operations: number;
  /** What the plugin failed with first. */
  readonly failure: FailureReport;
}

/** The same, each plugin once: thousands of batches of a plugin that is away have one reason. */
export function joinLeft(left: readonly LeftOperations[]): LeftOperations[] {
  const byPlugin = new Map<string, LeftOperations>();
  for (const { plugin, batches, operations, failure } of left) {
    const known = byPlugin.get(plugin) ?? { batches: [], operations: 0, failure };
    byPlugin.set(plugin, {
      plugin,
      batches: [...known.batches, ...batches],
      operations: known.operations + operations,
      failure: known.failure,
    });
  }
  return [...byPlugin.values()];
}

/** What is told of them. */
export function leftReports(left: readonly LeftOperations[]): FailureReport[] {
  return joinLeft(left).map(({ operations, failure: { code, message, subject = '' } }) => ({
    code,
    message: `up to ${String(operations)} operations may go on: ${message}`,
    subject,
  }));
}
