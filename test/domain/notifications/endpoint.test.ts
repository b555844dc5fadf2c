import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { isWanted, parseEndpoint } from '../../../domain/notifications/endpoint.ts';
import {
  ENDPOINT_DEFINITION,
  endpointObject,
  keptEndpoint,
} from '../../../domain/notifications/endpoint-resource.ts';
import { endedEvent, pingEvent, type ToldRun } from '../../../domain/notifications/event.ts';

const url = 'https://hooks.example.com/holdfast?tenant=a';
const run: ToldRun = {
  ...{ kind: 'Backup', cluster: 'local', location: 'vault', name: 'shop', uid: 'uid' },
  ...{ startTimestamp: '2026-03-01T10:00:00Z', schedule: 'nightly' },
};
const completionTimestamp = '2026-03-01T11:00:00Z';
const failed = endedEvent(run, { phase: 'Failed', completionTimestamp });

test('the definition in the manifests is the one that Holdfast makes', () => {
  const file = '../../../deploy/kubernetes/notification-endpoint-definition.yaml';
  expect(parse(readFileSync(new URL(file, import.meta.url), 'utf8'))).toEqual(ENDPOINT_DEFINITION);
});

test('an endpoint that is kept comes back as it was asked for', () => {
  const spec = { url, events: ['backup.failed', 'restore.*'], secretRef: { name: 'hook' } };
  const kept = keptEndpoint(endpointObject({ name: 'ops', spec }, 'holdfast'));
  const revision = { uid: '', generation: 0 };
  expect(kept).toEqual({ name: 'ops', revision, status: { state: 'Untried' }, spec });
});

test.each([
  [{}, 'spec.url must be a text'],
  [{ url: 'ftp://a/b' }, 'spec.url must be a URL that begins with https:// or http://'],
  [{ url: 'https://me:secret@a/b' }, 'spec.url must not have a user'],
  [{ url, event: 'backup.failed' }, 'spec.event is not a field of a notification endpoint'],
  [{ url, events: [] }, 'spec.events must be a list of 1 to 100 names'],
  [{ url, events: ['backup.*', 'backup.lost'] }, 'spec.events.1 must be backup.*, restore.*'],
  [{ url, schedules: [1] }, 'spec.schedules.0 must be a name'],
  [{ url, secretRef: 'hook' }, 'spec.secretRef must be an object with a name'],
  [{ url, secretRef: { name: 'hook', key: 'a' } }, 'spec.secretRef.key is not a field'],
  [{ url, caCert: 'none' }, 'spec.caCert must be PEM text'],
])('%j is not an endpoint, and the field is named', (spec, message) => {
  expect(() => parseEndpoint(spec)).toThrow(message);
  const kept = keptEndpoint(endpointObject({ name: 'ops', spec }, 'holdfast'));
  expect(kept.spec).toBeUndefined();
  expect(kept.problem?.message).toContain(message);
});

test.each([
  [{ url }, true],
  [{ url, events: ['backup.failed'] }, true],
  [{ url, events: ['backup.*'] }, true],
  [{ url, events: ['backup.completed', 'restore.*'] }, false],
  [{ url, schedules: ['nightly'] }, true],
  [{ url, schedules: ['weekly'] }, false],
  [{ url, locations: ['vault'], schedules: ['weekly', 'nightly'] }, true],
  [{ url, locations: ['default'] }, false],
])('whether %j wants a failed backup of a schedule: %s', (spec, wanted) => {
  expect(isWanted(spec, failed)).toBe(wanted);
});

test('a filter by schedule leaves out what no schedule has made, and none leaves out a test', () => {
  const event = endedEvent(
    { ...run, schedule: undefined },
    { phase: 'Failed', completionTimestamp },
  );
  expect(isWanted({ url, schedules: ['nightly'] }, event)).toBe(false);
  const ping = pingEvent({ cluster: 'local', endpoint: 'ops', id: '1' }, completionTimestamp);
  expect(isWanted({ url, events: ['restore.*'], locations: ['vault'] }, ping)).toBe(true);
});
