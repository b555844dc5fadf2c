import { afterEach, beforeEach, expect, test } from 'vitest';

import { PluginAnswers } from '../../../activities/plugins/plugin-answers.ts';
import { PluginRunFixture, RUN } from '../../support/plugin-run.ts';
import { storeAnswers } from '../../support/stored-answers.ts';

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
  const rounds = [await storeAnswers(fixture.store, RUN, items)];
  const answers = await PluginAnswers.open({ store: fixture.store, run: RUN, rounds });
  const about = await answers.about({ group: '', resource: 'secrets' }, ['shop/web']);
  expect(about.get('shop/web')?.map(({ outcome: { requestId } }) => requestId)).toEqual([
    'secrets',
  ]);
});
