import { describe, expect, it } from 'vitest';

import type { FailureReport } from '../../../domain/failure.ts';
import { operationEnds, statusesOf } from '../../../domain/plugins/operation.ts';

const ITEM = { group: '', resource: 'persistentvolumeclaims', namespace: 'shop', name: 'data' };
const OPERATION = { requestId: 'r1', id: 'op-1', action: 'upload', item: ITEM };
const BATCH = { plugin: 'mover', operations: [OPERATION] };
const GONE: FailureReport = {
  code: 'plugin-not-served',
  message: 'no worker of the plugin mover took a call',
  subject: 'plugin mover',
};

/** What is told of the operation for that. */
const TOLD: FailureReport = {
  code: 'plugin-not-served',
  message: `plugin mover, action upload: the operation for persistentvolumeclaims/shop/data failed: ${GONE.message}`,
  subject: 'plugin mover, action upload: operation persistentvolumeclaims/shop/data',
};

/** How one operation ended of which the plugin said that last. */
function endOf(status: object, otherwise?: FailureReport) {
  const operations = [{ requestId: 'r1', ...status }];
  const { ends, open } = operationEnds(BATCH, { operations }, otherwise);
  expect(ends).toHaveLength(1);
  return { end: ends[0], isOpen: open.length > 0 };
}

describe('one that the plugin calls complete', () => {
  it.each<{ title: string; progress?: object }>([
    { title: 'without progress' },
    { title: 'with all of a total', progress: { done: 9, total: 9, unit: 'bytes' } },
    { title: 'with more than the total', progress: { done: 10, total: 9, unit: 'bytes' } },
    { title: 'with something of no total', progress: { done: 1, unit: 'bytes' } },
    { title: 'with nothing of a total of nothing', progress: { done: 0, total: 0, unit: 'bytes' } },
    { title: 'with nothing that is no bytes', progress: { done: 0, unit: 'snapshots' } },
    { title: 'with nothing of no unit', progress: { done: 0 } },
  ])('is complete $title', ({ progress }) => {
    const moved = progress === undefined ? {} : { progress };
    expect(endOf({ phase: 'Completed', ...moved })).toEqual({
      end: { requestId: 'r1', phase: 'Completed', ...moved },
      isOpen: false,
    });
  });

  it.each([
    { progress: { done: 0, unit: 'bytes' }, text: 'moved 0 bytes' },
    { progress: { done: 0, total: 9, unit: 'bytes' }, text: 'moved 0 of 9 bytes' },
    { progress: { done: 8, total: 9, unit: 'files' }, text: 'moved 8 of 9 files' },
    { progress: { done: 8, total: 9 }, text: 'moved 8 of 9 units' },
  ])('has failed when it $text', ({ progress, text }) => {
    const { end, isOpen } = endOf({ phase: 'Completed', progress });
    expect(isOpen).toBe(false);
    expect(end).toMatchObject({ phase: 'Failed', progress });
    expect(end?.failure).toMatchObject({
      code: 'operation-moved-nothing',
      message: expect.stringContaining(text) as unknown,
      subject: 'plugin mover, action upload: operation persistentvolumeclaims/shop/data',
    });
  });

  it('is complete though the plugin is gone since', () => {
    expect(endOf({ phase: 'Completed' }, GONE).end?.phase).toBe('Completed');
  });
});

describe('one that has failed', () => {
  const by = 'plugin mover, action upload: the operation for persistentvolumeclaims/shop/data';

  it.each([
    { status: { phase: 'Failed', error: 'no space' }, message: `${by} failed: no space` },
    { status: { phase: 'Failed' }, message: `${by} failed: no reason was given` },
    { status: { phase: 'Cancelled', error: 'not told' }, message: `${by} was cancelled` },
  ])('says why: $message', ({ status, message }) => {
    const subject = 'plugin mover, action upload: operation persistentvolumeclaims/shop/data';
    expect(endOf(status)).toEqual({
      end: {
        requestId: 'r1',
        phase: 'Failed',
        failure: { code: 'operation-failed', message, subject },
      },
      isOpen: false,
    });
    // What the plugin itself says goes before what its absence says.
    expect(endOf(status, GONE).end?.failure?.message).toBe(message);
  });

  it('keeps how far it came', () => {
    const progress = { done: 3, total: 9, unit: 'bytes' };
    expect(endOf({ phase: 'Failed', progress }).end).toMatchObject({ progress });
  });
});

describe('one that runs', () => {
  const progress = { done: 3, total: 9 };

  it('has failed for the reason why it is waited for no more, and may still be at work', () => {
    expect(endOf({ phase: 'Running', progress }, GONE)).toEqual({
      end: {
        ...{ requestId: 'r1', phase: 'Failed', progress },
        failure: TOLD,
      },
      isOpen: true,
    });
  });

  it('was left running where there is no other reason', () => {
    const { end, isOpen } = endOf({ phase: 'Running' });
    expect(isOpen).toBe(true);
    expect(end?.failure).toMatchObject({
      code: 'operation-failed',
      message: expect.stringContaining('was left running') as unknown,
    });
  });
});

describe('one of which nothing is known', () => {
  it.each<{ title: string; answer: unknown }>([
    {
      title: 'an answer without it',
      answer: { operations: [{ requestId: 'r2', phase: 'Completed' }] },
    },
    { title: 'no operations', answer: { operations: [] } },
    { title: 'an object without operations', answer: {} },
    { title: 'operations that are no list', answer: { operations: 'all good' } },
    { title: 'entries that are no objects', answer: { operations: [null, 7, 'r1', ['r1']] } },
    { title: 'a text', answer: 'Completed' },
    { title: 'nothing', answer: undefined },
    { title: 'null', answer: null },
  ])('has failed, and may be at work: $title', ({ answer }) => {
    const { ends, open } = operationEnds(BATCH, answer, undefined);
    expect(open).toEqual(['r1']);
    expect(ends).toEqual([
      {
        ...{ requestId: 'r1', phase: 'Failed' },
        failure: {
          code: 'plugin-answer-invalid',
          message:
            'the status of plugin mover, action upload, for persistentvolumeclaims/shop/data says nothing of the operation',
          subject: 'plugin mover, action upload: operation persistentvolumeclaims/shop/data',
        },
      },
    ]);
  });

  it.each([
    { status: {}, text: '/phase is missing' },
    { status: { phase: 'completed' }, text: '/phase must be equal to one of' },
    { status: { phase: 'New' }, text: '/phase must be equal to one of' },
    { status: { phase: 'Completed', progress: { total: 9 } }, text: '/progress/done is missing' },
    { status: { phase: 'Completed', progress: { done: -1 } }, text: '/progress/done must be >= 0' },
    {
      status: { phase: 'Completed', progress: { done: '9' } },
      text: '/progress/done must be number',
    },
    {
      status: { phase: 'Failed', error: 'x'.repeat(1001) },
      text: '/error must not have more than',
    },
  ])('has failed where $text', ({ status, text }) => {
    const { end, isOpen } = endOf(status);
    expect(isOpen).toBe(true);
    expect(end).toMatchObject({ requestId: 'r1', phase: 'Failed' });
    expect(end).not.toHaveProperty('progress');
    expect(end?.failure).toMatchObject({
      code: 'plugin-answer-invalid',
      message: expect.stringContaining(`shop/data breaks the contract: ${text}`) as unknown,
    });
  });

  it('has failed for the reason that is given, and names the item', () => {
    const { ends } = operationEnds(BATCH, undefined, GONE);
    expect(ends[0]?.failure).toEqual(TOLD);
  });
});

it('tells of each operation of a batch, in its order', () => {
  const operations = ['r1', 'r2', 'r3', 'r4'].map((requestId) => ({ ...OPERATION, requestId }));
  const said = [
    { requestId: 'r4', phase: 'Running' },
    { requestId: 'other', phase: 'Running' },
    { requestId: 'r1', phase: 'Completed' },
    { requestId: 'r2', phase: 'Failed' },
  ];
  const { ends, open } = operationEnds({ plugin: 'mover', operations }, { operations: said }, GONE);
  expect(ends.map(({ requestId, phase }) => `${requestId} ${phase}`)).toEqual([
    'r1 Completed',
    'r2 Failed',
    'r3 Failed',
    'r4 Failed',
  ]);
  expect(open).toEqual(['r3', 'r4']);
});

it('shows of what runs only what follows the contract', () => {
  const good = { requestId: 'r1', phase: 'Running', progress: { done: 1 } };
  expect(statusesOf({ operations: [good, { requestId: 'r2' }, null, 'r3'] })).toEqual([good]);
  expect(statusesOf(undefined)).toEqual([]);
  expect(statusesOf({ operations: {} })).toEqual([]);
});
