import fc from 'fast-check';
import { expect, it } from 'vitest';

import { memberPointer, pointerTokens } from '../../domain/json-pointer.ts';

it('writes what a pointer could take for its own in the way of RFC 6901', () => {
  expect(memberPointer('/spec/labels', 'a/b~1')).toBe('/spec/labels/a~1b~01');
  expect(memberPointer('', 0)).toBe('/0');
});

it('gives back every member that a pointer was made of', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('~', '0', '1', '/', 'a') })),
      (members) => {
        const pointer = members.reduce((path, member) => memberPointer(path, member), '');
        expect(pointerTokens(pointer)).toEqual(members);
      },
    ),
  );
});
