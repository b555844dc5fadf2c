import type { PluginRound } from '../../activities/plugin-run-contract.ts';
import { pluginAnswerKey, pluginIndexKey, runFolder } from '../../domain/object-key.ts';
import { CallIndex } from '../../domain/plugins/call-index.ts';
import type { CallOutcome, ItemOutcome } from '../../domain/plugins/plugin-call.ts';
import type { KindReference } from '../../domain/run-reference.ts';
import { writeJsonGz } from '../../storage/json-file.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

/** Stores what an action of a plugin said of items, as if it had answered to one call; gives the round. */
export async function storeAnswers(
  store: ObjectStore,
  run: KindReference,
  items: readonly ItemOutcome[],
): Promise<PluginRound> {
  const index = new CallIndex();
  index.add(0, items);
  const part = { runUid: run.runUid, attempt: 'a' };
  const outcome: CallOutcome = {
    ...{ plugin: 'mover', action: 'upload', onError: 'Fail', order: 0, items, faults: [] },
    answeredAt: '2026-01-01T00:00:05Z',
  };
  await writeJsonGz(store, pluginIndexKey(runFolder(run), part), index.rows());
  await writeJsonGz(store, pluginAnswerKey(runFolder(run), { ...part, call: 0 }), outcome);
  return { attempt: part.attempt, calls: 1 };
}
