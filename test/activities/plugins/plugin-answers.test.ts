import { afterEach, beforeEach, expect, test } from 'vitest';

import { PluginAnswers } from '../../../activities/plugins/plugin-answers.ts';
import { backupFolder, pluginAnswerKey, pluginIndexKey } from '../../../domain/object-key.ts';
import { CallIndex } from '../../../domain/plugins/call-index.ts';
import type { CallOutcome } from '../../../domain/plugins/plugin-call.ts';
import { writeJsonGz } from '../../../storage/json-file.ts';
import { PluginRunFixture, RUN } from '../../support/plugin-run.ts';

let fixture: PluginRunFixture;

beforeEach(async () => {
  fixture = await PluginRunFixture.open({}, []);
});

afterEach(async () => {
  await fixture.close();
});

test('items of two types with one name in one call are told apart', async () => {
  const items = ['configmaps', 'secrets'].map((resource) => ({
    ...{ requestId: resource, item: { group: '', resource, namespace: 'shop', name: 'web' } },
    skip: resource,
  }));
  const index = new CallIndex();
  index.add(0, items);
  const part = { runUid: RUN.runUid, attempt: 'a' };
  const outcome: CallOutcome = {
    ...{ plugin: 'mover', action: 'upload', onError: 'Fail', order: 0, items, faults: [] },
    answeredAt: '2026-01-01T00:00:05Z',
  };
  const folder = backupFolder(RUN.name);
  await writeJsonGz(fixture.store, pluginIndexKey(folder, part), index.rows());
  await writeJsonGz(fixture.store, pluginAnswerKey(folder, { ...part, call: 0 }), outcome);
  const rounds = [{ attempt: 'a', calls: 1 }];
  const answers = await PluginAnswers.open({ store: fixture.store, run: RUN, rounds });
  const about = await answers.about({ group: '', resource: 'secrets' }, ['shop/web']);
  expect(about.get('shop/web')?.map(({ outcome: { requestId } }) => requestId)).toEqual([
    'secrets',
  ]);
});
