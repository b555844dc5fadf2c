import type { Static } from 'typebox';
import { expectTypeOf, test } from 'vitest';

import type { StorageLocation } from '../../../api/schemas/storage-location.ts';
import type { StorageLocationResource } from '../../../domain/locations/api-location.ts';
import type { LocationCheck } from '../../../domain/location-check.ts';
import type { FolderLocation, S3Location } from '../../../domain/storage-location.ts';

// Goal: the wire knows every field of a location and of a check, and no other. Method: the compiler compares the types.

type Wire = Static<typeof StorageLocation>;
type WireStatus = NonNullable<Wire['status']>;

test('the schema of a location has the fields of the domain', () => {
  expectTypeOf<keyof Wire>().toEqualTypeOf<keyof StorageLocationResource>();
  expectTypeOf<keyof Wire['spec']>().toEqualTypeOf<
    Exclude<keyof S3Location | keyof FolderLocation, 'name'> | 'isDefault'
  >();
  expectTypeOf<keyof WireStatus>().toEqualTypeOf<
    keyof NonNullable<StorageLocationResource['status']>
  >();
  expectTypeOf<keyof WireStatus['checks'][number]>().toEqualTypeOf<keyof LocationCheck>();
});
