import { expect, test } from 'vitest';

import { imageMappingOf, storageClassMappingOf } from '../../../domain/restore/plugin-config.ts';

test.each([
  { row: 'old.io,new.io', mapping: { 'old.io': 'new.io' } },
  {
    row: ' 1.1.1.1:5000/a:b , 2.2.2.2:3000/c:d ',
    mapping: { '1.1.1.1:5000/a:b': '2.2.2.2:3000/c:d' },
  },
  ...['old.io', 'old.io,', ',new.io', 'a,b,c', '', 7].map((row) => ({ row, mapping: undefined })),
])('a row of images $row is read as $mapping', ({ row, mapping }) => {
  expect(imageMappingOf({ case1: row, case2: 'a,b' })).toEqual({
    mapping: { a: 'b', ...mapping },
    unreadable: mapping === undefined ? ['case1'] : [],
  });
});

test('the data of storage classes are the mapping, as far as they are text', () => {
  expect(storageClassMappingOf({ old: 'new', odd: 7 })).toEqual({ old: 'new' });
});
