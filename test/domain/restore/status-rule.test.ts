import { expect, test } from 'vitest';

import { isStatusRestored, readStatusTypes } from '../../../domain/restore/status-rule.ts';
import { servedType } from '../../support/memory-cluster.ts';
import { typeNamed } from '../../support/wanted-fixture.ts';

const DEPLOYMENT = { ...servedType('deployments.apps', 'Deployment'), shortNames: ['deploy'] };
const WIDGET = servedType('widgets.example.com', 'Widget');
const SERVICE = servedType('services', 'Service');
const HELD = [DEPLOYMENT, WIDGET];
const ALL = ['deployments.apps', 'widgets.example.com'];

function read(asked: Parameters<typeof readStatusTypes>[0]) {
  const served = [DEPLOYMENT, SERVICE];
  return readStatusTypes(asked, {
    backupName: 'b',
    held: HELD,
    served,
    failedGroups: ['away.io/v1'],
  });
}

test.each([
  { asked: undefined, statusTypes: [] },
  { asked: {}, statusTypes: ALL },
  { asked: { includedResources: ['*'] }, statusTypes: ALL },
  { asked: { includedResources: ['deploy'] }, statusTypes: ['deployments.apps'] },
  { asked: { includedResources: ['Widget'] }, statusTypes: ['widgets.example.com'] },
  { asked: { includedResources: ['*.example.com'] }, statusTypes: ['widgets.example.com'] },
  { asked: { includedResources: ['services'] }, statusTypes: [] },
  { asked: { includedResources: ['things.away.io'] }, statusTypes: [] },
  { asked: { excludedResources: ['widgets'] }, statusTypes: ['deployments.apps'] },
  { asked: { excludedResources: ['nobody-knows'] }, statusTypes: ALL },
  { asked: { includedResources: ['*'], excludedResources: ['deploy', 'Widget'] }, statusTypes: [] },
])('of a backup of deployments and widgets $asked means $statusTypes', ({ asked, statusTypes }) => {
  expect(read(asked)).toEqual({ statusTypes });
});

test('a type that nobody knows is refused where its status is wanted', () => {
  expect(read({ includedResources: ['deploy', 'wigdets'] })).toMatchObject({
    refusal: {
      code: 'type-not-found',
      errors: [{ pointer: '/spec/restoreStatus/includedResources', code: 'type-not-found' }],
    },
  });
});

test.each([
  { said: undefined, types: ['widgets.example.com'], isRestored: true },
  { said: undefined, types: ['deployments.apps'], isRestored: false },
  { said: 'true', types: [], isRestored: true },
  { said: ' False', types: ['widgets.example.com'], isRestored: false },
  { said: 'maybe', types: ['widgets.example.com'], isRestored: true },
  { said: 'maybe', types: [], isRestored: false },
])('with annotation $said among $types the status comes back: $isRestored', (row) => {
  const { said, types, isRestored } = row;
  const annotations = said === undefined ? {} : { 'velero.io/restore-status': said };
  const object = { metadata: { name: 'x', annotations } };
  expect(isStatusRestored(typeNamed('widgets.example.com'), object, types)).toBe(isRestored);
});
