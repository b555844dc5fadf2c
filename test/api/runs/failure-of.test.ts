import Fastify from 'fastify';
import { expect, test } from 'vitest';

import { handleErrors } from '../../../api/errors.ts';
import { failureOf } from '../../../api/runs/service.ts';
import { whyNotServed } from '../../../domain/restore/version-choice.ts';

test('a refusal of a run keeps its sentence with the remedy, and lists each error', async () => {
  const unserved = ['widgets', 'gadgets'].map((name) => ({
    ...{ type: `${name}.example.com`, group: 'example.com', preferred: 'v1' },
    versions: new Set(['v1']),
  }));
  const about = { backupName: 'b', unserved, served: new Map(), failedGroups: [] };
  const report = whyNotServed(about);
  if (report === undefined) {
    throw new Error('the types are not served');
  }
  const app = Fastify();
  handleErrors(app);
  app.get('/', () => {
    throw failureOf(report);
  });
  const { statusCode, body } = await app.inject('/');
  await app.close();
  const answer: unknown = JSON.parse(body);
  expect(statusCode).toBe(422);
  expect(answer).toMatchObject({
    code: 'type-not-served',
    detail:
      'the cluster serves no version that the backup b has of: ' +
      'gadgets.example.com (backup: v1; cluster: none), ' +
      'widgets.example.com (backup: v1; cluster: none). ' +
      'Make the cluster serve them, or leave them out with spec.excludedResources',
    errors: [
      { detail: 'gadgets.example.com (backup: v1; cluster: none)' },
      { detail: 'widgets.example.com (backup: v1; cluster: none)' },
    ],
  });
});
