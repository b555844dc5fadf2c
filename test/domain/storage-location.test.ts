import { expect, test } from 'vitest';

import { parseStorageLocations } from '../../domain/storage-location.ts';

const FOLDER = { name: 'default', provider: 'folder', path: '/backups' };
const S3 = { name: 'default', provider: 's3', bucket: 'vault' };

function parsed(location: object): unknown {
  return parseStorageLocations(JSON.stringify([location]))[0];
}

test('what an earlier configuration says means the same', () => {
  expect(parsed(FOLDER)).toEqual(FOLDER);
  expect(parsed(S3)).toEqual({ ...S3, prefix: '', region: 'us-east-1', isPathStyle: false });
});

test('a location may be read-only', () => {
  expect(parsed({ ...FOLDER, readOnly: true })).toEqual({ ...FOLDER, readOnly: true });
  expect(parsed({ ...S3, readOnly: false })).toMatchObject({ readOnly: false });
});

test.each([
  [{ ...FOLDER, readOnly: 'yes' }, 'locations[0].readOnly must be true or false'],
  [{ ...FOLDER, bucket: 'vault' }, 'locations[0].bucket is not a field of a folder location'],
])('%j is refused: %s', (location, message) => {
  expect(() => parsed(location)).toThrow(message);
});
