import type { Static } from 'typebox';
import { expectTypeOf, test } from 'vitest';

import type { Plugin, RegisterPlugin } from '../../../api/schemas/plugin.ts';
import type { PluginResource, RegisterPluginRequest } from '../../../domain/api-resource.ts';

// Goal: the wire knows every field of a plugin, and no other. Method: the compiler compares the types.

type Wire = Static<typeof Plugin>;

test('the schemas of plugins have the fields of the domain', () => {
  expectTypeOf<Static<typeof RegisterPlugin>>().toExtend<RegisterPluginRequest>();
  expectTypeOf<keyof Wire>().toEqualTypeOf<keyof PluginResource>();
  expectTypeOf<keyof Wire['spec']>().toEqualTypeOf<keyof PluginResource['spec']>();
  expectTypeOf<keyof Wire['status']>().toEqualTypeOf<keyof PluginResource['status']>();
});
