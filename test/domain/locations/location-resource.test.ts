import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { parse } from 'yaml';

import {
  keptLocation,
  locationObject,
  parseLocation,
  STORAGE_LOCATION_DEFINITION,
} from '../../../domain/locations/location-resource.ts';

test('the definition in the manifests is the one that Holdfast makes', () => {
  const file = new URL(
    '../../../deploy/kubernetes/storage-location-definition.yaml',
    import.meta.url,
  );
  expect(parse(readFileSync(file, 'utf8'))).toEqual(STORAGE_LOCATION_DEFINITION);
});

test('a location that is kept comes back as it was asked for', () => {
  const spec = { provider: 's3', bucket: 'backups', prefix: 'prod', isDefault: true };
  const object = locationObject({ name: 'vault', spec }, 'holdfast');
  expect(keptLocation(object)).toMatchObject({
    name: 'vault',
    isDefault: true,
    location: { name: 'vault', provider: 's3', bucket: 'backups', prefix: 'prod' },
  });
});

test.each([
  [{ provider: 's3' }, 'spec.bucket must be a text that is not empty'],
  [{ provider: 'gcs', bucket: 'b' }, 'spec.provider must be "folder" or "s3"'],
  [{ provider: 's3', bucket: 'b', buket: 1 }, 'spec.buket is not a field of a s3 location'],
  [{ provider: 'folder', path: 'here' }, 'spec.path must be an absolute path'],
  [{ provider: 's3', bucket: 'b', name: 'x' }, 'spec.name is not a field of a location'],
  [{ provider: 's3', bucket: 'b', isDefault: 'yes' }, 'spec.isDefault must be true or false'],
])('%j is not a location, and the field is named', (spec, message) => {
  expect(() => parseLocation('vault', spec)).toThrow(message);
  const kept = keptLocation(locationObject({ name: 'vault', spec }, 'holdfast'));
  expect(kept.location).toBeUndefined();
  expect(kept.problem?.message).toContain(message);
});
