import { describe, expect, it } from 'vitest';

import type { PlannedCall } from '../../../domain/plugins/plugin-call.ts';
import { readItemsAnswer } from '../../../domain/plugins/read-answer.ts';

const POD = { group: '', resource: 'pods', namespace: 'shop', name: 'web' };
const CLAIM = { group: '', resource: 'persistentvolumeclaims', namespace: 'shop', name: 'data' };
const CALL: PlannedCall = {
  plugin: 'mover',
  action: 'upload',
  onError: 'Fail',
  order: 0,
  items: [
    { requestId: 'r1', item: { ...POD, version: 'v1' } },
    { requestId: 'r2', item: CLAIM },
  ],
};

/** Answers are "sealed" by a prefix here; test/activities/plugins seals them for real. */
function read(answer: unknown) {
  return readItemsAnswer(CALL, answer, (sealed) => {
    if (!sealed.startsWith('open:')) {
      throw new Error('bad tag');
    }
    return sealed.slice('open:'.length);
  });
}

function sealed(items: unknown): unknown {
  return { sealed: `open:${JSON.stringify(items)}` };
}

describe('a good answer', () => {
  it('says what becomes of each item, in the order of the call', () => {
    const items = [
      { requestId: 'r2', operation: { id: 'op-7', description: 'uploading' } },
      { requestId: 'r1', skip: 'made anew', additionalItems: [CLAIM] },
    ];
    expect(read({ items })).toEqual({
      items: [
        { requestId: 'r1', item: POD, skip: 'made anew', additionalItems: [CLAIM] },
        { requestId: 'r2', item: CLAIM, operation: { id: 'op-7', description: 'uploading' } },
      ],
      faults: [],
    });
  });

  it('need not speak of every item, nor at all', () => {
    expect(read({ items: [] }).items).toEqual([]);
    expect(read(null).items).toEqual([]);
    expect(read({}).items).toEqual([]);
  });

  it('carries values of objects only when it is sealed', () => {
    const patch = [{ op: 'add', path: '/data/token', value: 's3cr3t' }];
    expect(read(sealed([{ requestId: 'r1', patch }])).items).toEqual([
      {
        requestId: 'r1',
        item: POD,
        patch: [{ op: 'add', path: '/data/token', value: '"s3cr3t"' }],
      },
    ]);
    const [plain] = read({ items: [{ requestId: 'r1', patch }] }).items;
    expect(plain?.failure?.message).toContain('/items/0/patch/0/value');
    expect(JSON.stringify(plain)).not.toContain('s3cr3t');
  });

  it('keeps all digits of a number', () => {
    const item =
      '{"requestId":"r1","patch":[{"op":"add","path":"/data/n","value":9007199254740993}]}';
    expect(read({ sealed: `open:[${item}]` }).items).toEqual([
      expect.objectContaining({
        patch: [{ op: 'add', path: '/data/n', value: '9007199254740993' }],
      }),
    ]);
  });

  it('may take something out without being sealed', () => {
    const patch = [
      { op: 'remove', path: '/metadata/labels/a~1b' },
      { op: 'move', from: '/spec/a', path: '/spec/b' },
    ];
    expect(read({ items: [{ requestId: 'r1', patch }] }).items[0]?.patch).toEqual(patch);
  });

  it('may have fields of a later contract', () => {
    const item = { requestId: 'r1', skip: 'old', since: 'v2' };
    expect(read({ items: [item], more: true }).items[0]).toMatchObject({ skip: 'old' });
  });

  it('may say that the action failed', () => {
    const { items } = read({ items: [{ requestId: 'r1', skip: 'x', error: 'disk on fire' }] });
    expect(items[0]).toEqual({
      requestId: 'r1',
      item: POD,
      failure: {
        code: 'plugin-failed',
        message: 'plugin mover, action upload, failed for pods/shop/web: disk on fire',
        subject: 'plugin mover, action upload: pods/shop/web',
      },
    });
  });
});

const WHOLE: readonly [string, unknown, string][] = [
  ['a text', 'done', 'it must be object'],
  ['a list', [], 'it must be object'],
  ['items that are no list', { items: 'all' }, '/items must be array'],
  ['a seal that is a number', { sealed: 7 }, '/sealed must be string'],
  ['two answers', { items: [], sealed: 'open:[]' }, '/sealed and /items are given'],
  ['what cannot be opened', { sealed: 'AAAA' }, '/sealed cannot be opened'],
  ['no JSON under the seal', { sealed: 'open:{' }, '/sealed cannot be opened'],
  ['no list under the seal', { sealed: 'open:{}' }, '/sealed holds no JSON array'],
];

describe('an answer that cannot be read', () => {
  it.each(WHOLE)('fails every item: %s', (_title, answer, text) => {
    const { items } = read(answer);
    expect(items.map(({ requestId }) => requestId)).toEqual(['r1', 'r2']);
    for (const { failure } of items) {
      expect(failure?.code).toBe('plugin-answer-invalid');
      expect(failure?.message).toContain(text);
      expect(failure?.message).toContain('plugin mover, action upload');
    }
    expect(items[1]?.failure?.subject).toBe(
      'plugin mover, action upload: persistentvolumeclaims/shop/data',
    );
  });
});

const SINGLE: readonly [string, Record<string, unknown>, string][] = [
  ['a skip of the wrong type', { skip: true }, '/items/0/skip must be string'],
  ['an operation without id', { operation: {} }, '/items/0/operation/id is missing'],
  ['an operation that is a text', { operation: 'op' }, '/items/0/operation must be object'],
  [
    'an item without a name',
    { additionalItems: [{ group: '', resource: 'pods', namespace: '' }] },
    '/items/0/additionalItems/0/name is missing',
  ],
  [
    'an unknown operation of a patch',
    { patch: [{ op: 'merge', path: '/a' }] },
    '/items/0/patch/0/op must be',
  ],
  [
    'a path that is no pointer',
    { patch: [{ op: 'remove', path: 'spec.a' }] },
    '/items/0/patch/0/path must be a JSON pointer',
  ],
  [
    'a path with a bad escape',
    { patch: [{ op: 'remove', path: '/a~2' }] },
    '/items/0/patch/0/path must be a JSON pointer',
  ],
  [
    'a patch of the whole object',
    { patch: [{ op: 'remove', path: '' }] },
    '/items/0/patch/0/path must be a JSON pointer',
  ],
  [
    'a move from nowhere',
    { patch: [{ op: 'move', path: '/a' }] },
    '/items/0/patch/0/from must be a JSON pointer',
  ],
];

describe('an answer for one item that breaks the contract', () => {
  it.each(SINGLE)('fails that item alone, and names the field: %s', (_title, fields, text) => {
    const wrong = { requestId: 'r1', ...fields };
    const { items } = read({ items: [wrong, { requestId: 'r2', skip: 'fine' }] });
    expect(items[0]?.failure).toMatchObject({
      code: 'plugin-answer-invalid',
      subject: 'plugin mover, action upload: pods/shop/web',
    });
    expect(items[0]?.failure?.message).toContain(text);
    expect(items[1]).toEqual({ requestId: 'r2', item: CLAIM, skip: 'fine' });
  });

  it('says that a value is missing', () => {
    const { items } = read(sealed([{ requestId: 'r1', patch: [{ op: 'add', path: '/a' }] }]));
    expect(items[0]?.failure?.message).toContain('/items/0/patch/0/value is missing');
  });

  it('is no answer for an item that nobody asked about', () => {
    const { items, faults } = read({ items: [{ requestId: 'of-another', skip: 'x' }, 7] });
    expect(items).toEqual([]);
    expect(faults.map(({ message }) => message)).toEqual([
      'the answer of plugin mover, action upload, breaks the contract: /items/0/requestId is of no item that was asked about',
      'the answer of plugin mover, action upload, breaks the contract: /items/1/requestId is of no item that was asked about',
    ]);
  });

  it('cannot be given twice', () => {
    const { items } = read({ items: [{ requestId: 'r1' }, { requestId: 'r1', skip: 'x' }] });
    expect(items[0]?.failure?.message).toContain('/items/1/requestId stands in two answers');
  });
});
