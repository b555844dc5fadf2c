import { expect, test } from 'vitest';

import { bandwidthShare } from '../../domain/bandwidth.ts';
import { parseStorageLocations } from '../../domain/storage-location.ts';

test('copies share the bandwidth of a location evenly, and none of them stands still', () => {
  const [location] = parseStorageLocations(
    '[{"name":"a","provider":"s3","bucket":"b","uploadBytesPerSecond":1000000,"downloadBytesPerSecond":2048}]',
  );
  expect(bandwidthShare(location ?? {}, 1)).toEqual({
    uploadBytesPerSecond: 1_000_000,
    downloadBytesPerSecond: 2048,
  });
  expect(bandwidthShare(location ?? {}, 3)).toEqual({
    uploadBytesPerSecond: 333_333,
    downloadBytesPerSecond: 1024,
  });
});

test('a location without limits has none for its copies', () => {
  const locations = parseStorageLocations(
    '[{"name":"a","provider":"folder","path":"/x"},{"name":"b","provider":"folder","path":"/y","downloadBytesPerSecond":4096}]',
  );
  expect(locations.map((location) => bandwidthShare(location, 2))).toEqual([
    {},
    { downloadBytesPerSecond: 2048 },
  ]);
});
