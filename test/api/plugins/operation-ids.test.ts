import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { operationId } from '../../../api/plugins/operation-ids.ts';
import { fields } from '../../../domain/fields.ts';

// Goal: functions of generated clients have names that people expect, each its own, and they stay.

const DOCUMENT = new URL('../../../api/openapi.json', import.meta.url);
const PATHS = ['/api/v1/backups', '/api/v1/backups/{name}', '/api/v1/status'];

test.each([
  ['get', '/api/v1/backups', 'listBackups'],
  ['post', '/api/v1/backups', 'createBackup'],
  ['get', '/api/v1/backups/{name}', 'getBackup'],
  ['delete', '/api/v1/backups/{name}', 'deleteBackup'],
  ['post', '/api/v1/backups/{name}:cancel', 'cancelBackup'],
  ['get', '/api/v1/backups/{name}/items', 'getBackupItems'],
  ['get', '/api/v1/backups/{name}/items/{type}/{itemName}', 'getBackupItem'],
  ['patch', '/api/v1/storage-locations/{name}', 'patchStorageLocation'],
  ['post', '/api/v1/schedules:recover', 'recoverSchedules'],
  ['get', '/api/v1/status', 'getStatus'],
  ['post', '/api/v1/status:check', 'checkStatus'],
  ['get', '/livez', 'getLivez'],
])('%s %s is %s', (method, path, name) => {
  expect(operationId(method, path, PATHS)).toBe(name);
});

test('no two operations of the document share a name', () => {
  const { paths } = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as { paths: object };
  const names = Object.values(paths)
    .flatMap((methods: unknown) => Object.values(fields(methods)))
    .map((operation) => fields(operation)['operationId']);
  expect(names).toContain('listBackups');
  expect(new Set(names).size).toBe(names.length);
});
