import { expect, test } from 'vitest';
import { stringify } from 'yaml';

import { parseScheduleFile } from '../../cli/schedule-file.ts';
import { Failure } from '../../domain/failure.ts';

// Goal: a Schedule of Velero makes the same schedule here, and what of it does nothing is said. Method: files as Velero's
// command and people write them; and files with a mistake each.

const HEAD = { apiVersion: 'velero.io/v1', kind: 'Schedule' };

/** What `velero schedule create nightly --schedule "0 3 * * *" --include-namespaces shop … -o yaml` prints. */
const PRINTED = `apiVersion: velero.io/v1
kind: Schedule
metadata:
  creationTimestamp: null
  name: nightly
  namespace: velero
spec:
  schedule: 0 3 * * *
  skipImmediately: false
  template:
    csiSnapshotTimeout: 0s
    hooks: {}
    includedNamespaces:
    - shop
    itemOperationTimeout: 0s
    metadata: {}
    storageLocation: east
    ttl: 720h0m0s
  useOwnerReferencesInBackup: false
status: {}
`;

function faultsOf(object: object): string[] {
  try {
    parseScheduleFile(stringify(object), 's.yaml');
  } catch (error) {
    if (error instanceof Failure && error.code === 'invalid-request') {
      return error.message.split('\n');
    }
    throw error;
  }
  return [];
}

test("what Velero's own command prints is taken, without a word about its defaults", () => {
  expect(parseScheduleFile(PRINTED, 's.yaml')).toEqual({
    name: 'nightly',
    spec: {
      ...{ location: 'east', schedule: '0 3 * * *' },
      template: { includedNamespaces: ['shop'], ttl: '720h0m0s' },
    },
    withoutEffect: [],
  });
});

test('what has an effect in Velero and none here is said', () => {
  const spec = {
    ...{ schedule: '@daily', paused: true },
    ...{ skipImmediately: true, useOwnerReferencesInBackup: true },
    template: { snapshotMoveData: true, defaultVolumesToFsBackup: true },
  };
  const file = stringify({ ...HEAD, metadata: { name: 'n', labels: { team: 'a' } }, spec });
  expect(parseScheduleFile(file, 's.yaml')).toEqual({
    name: 'n',
    spec: { schedule: '@daily', paused: true, template: { defaultVolumesToFsBackup: true } },
    noted: { labels: { team: 'a' } },
    withoutEffect: [
      ...['spec.skipImmediately', 'spec.useOwnerReferencesInBackup'],
      'spec.template.snapshotMoveData',
    ],
  });
});

test('a schedule of ours comes back with all of its fields', () => {
  const spec = {
    ...{ schedule: '@every 6h', timeZone: 'Europe/Berlin', location: 'east', jitter: '1m0s' },
    ...{ overlapPolicy: 'BufferOne', catchupWindow: '2h0m0s', paused: true, note: 'later' },
    ...{ retention: { keepDaily: 7 }, template: { cluster: 'prod', ttl: '0s' } },
  };
  const object = { apiVersion: 'holdfast.dev/v1', kind: 'Schedule', metadata: { name: 'n' }, spec };
  const { spec: read, withoutEffect } = parseScheduleFile(stringify(object), 's.yaml');
  expect(read).toEqual(spec);
  expect(withoutEffect).toEqual([]);
});

test.each([
  [{ ...HEAD, kind: 'Backup' }, ['s.yaml must have kind Schedule']],
  [{ ...HEAD, spec: { shedule: '@daily' } }, ['s.yaml has spec.shedule, which is not a field']],
  [{ ...HEAD, spec: { template: 'all' } }, ['s.yaml has spec.template, which must be an object']],
  [
    { ...HEAD, spec: { jitter: '1m', template: { includeNamespaces: ['a'] } } },
    ['s.yaml has spec.jitter', 's.yaml has spec.template.includeNamespaces'],
  ],
])('%j is refused, with a line for each mistake', (object, lines) => {
  const faults = faultsOf(object);
  expect(faults).toHaveLength(lines.length);
  lines.forEach((line, index) => {
    expect(faults[index]).toContain(line);
  });
});
