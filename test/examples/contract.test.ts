import { expectTypeOf, test } from 'vitest';

import type * as contract from '../../domain/plugins/contract.ts';
import type * as example from '../../examples/plugins/typescript/contract.ts';

// Goal: the types that authors begin with are those of the contract. They are written out there, as an author has nothing of
// Holdfast; the compiler compares them.

test('what Holdfast sends is what the example takes', () => {
  expectTypeOf<contract.ItemsCall>().toExtend<example.ItemsCall>();
  expectTypeOf<contract.OperationsCall>().toExtend<example.OperationsCall>();
});

test('what the example answers is what Holdfast takes', () => {
  expectTypeOf<example.Item>().toExtend<contract.PluginItem>();
  expectTypeOf<example.ItemAnswer>().toExtend<contract.ItemAnswer>();
  expectTypeOf<example.OperationStatus>().toExtend<contract.OperationStatus>();
});
