import type { Static } from 'typebox';
import { expectTypeOf, test } from 'vitest';

import type { CreateBackup } from '../../../api/schemas/backup.ts';
import type { CreateBackupRequest } from '../../../domain/api-resource.ts';
import type { BackupSpec } from '../../../domain/backup.ts';

// Goal: the wire knows every field of a spec, and no other. Method: the compiler compares the types.

type Wire = Static<typeof CreateBackup>;
/** Nobody asks for them here: a schedule says so itself, and what people note stands in the metadata of a request. */
type Elsewhere = 'scheduleName' | 'metadata';
type WireSpec = NonNullable<Wire['spec']>;

test('the schema of a request has the fields of a spec and their types', () => {
  expectTypeOf<Wire>().toExtend<CreateBackupRequest>();
  expectTypeOf<keyof WireSpec>().toEqualTypeOf<Exclude<keyof BackupSpec, Elsewhere>>();
});
