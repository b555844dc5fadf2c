import { expect, test } from 'vitest';

import { boundCommand, planText } from '../../cli/plan-output.ts';
import type { RestorePlanReport } from '../../domain/restore/restore-preview.ts';

// Goal: a person sees first what is not simply created, and how to start just that.

const CONFIG_MAP = { group: '', version: 'v1', resource: 'configmaps', namespace: 'shop' };
const PLAN: RestorePlanReport = {
  backupName: 'nightly-1',
  digest: 'sha256:abc',
  counts: { create: 7, update: 1, recreate: 0, unchanged: 2, skip: 0, blocked: 1 },
  waves: [
    { name: 'namespaces', items: 1 },
    { name: 'other', items: 10 },
  ],
  leftOut: [{ reason: 'the request does not select it', type: 'pods', items: 4 }],
  cycles: { count: 0, items: [] },
  tooDeep: 0,
  items: [
    { ...CONFIG_MAP, name: 'new', action: 'create' },
    {
      ...{ group: 'apps', version: 'v1', resource: 'deployments', namespace: 'shop' },
      ...{ name: 'web', action: 'update', moreChanges: 3 },
      diff: [
        { path: '/spec/replicas', op: 'replace', from: 3, to: 5 },
        { path: '/metadata/labels/app.kubernetes.io~1name', op: 'add', to: 'web' },
        { path: '/spec/template/spec/containers/0', op: 'remove', from: { name: 'c' } },
      ],
    },
    { ...CONFIG_MAP, name: 'late', action: 'create', isChecked: false, reason: 'not checked: x' },
    {
      ...{
        ...CONFIG_MAP,
        resource: 'secrets',
        name: 'key',
        action: 'blocked',
        reason: 'no\n@@ -1 @@',
      },
      diff: [{ path: '/data/password', op: 'replace', value: 'changed' }],
    },
  ],
};
const SHORTENED = { more: { create: 5, unchanged: 2 }, isShortened: true } as const;

test('what is not simply created is shown with its reason and its fields', () => {
  expect(planText({ ...PLAN, ...SHORTENED }, { isDetailed: false })).toBe(`Backup: nightly-1
Plan: 7 create, 1 update, 2 unchanged, 1 blocked
Waves:
  namespaces   1
  other        10
Items:
  update deployments.apps/shop/web
    ~ spec.replicas: 3 -> 5
    + metadata.labels[app.kubernetes.io/name]: "web"
    - spec.template.spec.containers.0: {"name":"c"}
    and 3 more fields
  create configmaps/shop/late: not checked: x
  blocked secrets/shop/key: no
    ~ data.password: (changed)
Not listed, because it is too much: 5 create, 2 unchanged
Shortened, because it is too much: values of fields
Left out:
  4   pods   the request does not select it
Digest: sha256:abc
`);
});

test('the details are all items, and what there is nothing to say about is left out', () => {
  const [first] = PLAN.items;
  const plan = { ...PLAN, leftOut: [], items: first === undefined ? [] : [first] };
  expect(planText(plan, { isDetailed: true })).toContain('Items:\n  create configmaps/shop/new\n');
  const text = planText(plan, { isDetailed: false });
  for (const word of ['Items', 'Not listed', 'Shortened', 'Left out', 'circle', 'deep']) {
    expect(text).not.toContain(word);
  }
});

test('custom resources that no order can bring after all their owners are shown', () => {
  const cycles = { count: 3, items: ['machines.x/fleet/a', 'machines.x/fleet/b'] };
  expect(planText({ ...PLAN, cycles, tooDeep: 7 }, { isDetailed: false })).toContain(
    `Owners in a circle:
  machines.x/fleet/a
  machines.x/fleet/b
  1 more
Too deep: 7, applied together with owners of theirs
Digest`,
  );
});

test.each([
  {
    words: ['create', 'restore', '--dry-run', 'plan', '--from-backup', 'b'],
    command: 'holdfast create restore plan --from-backup b --plan-digest sha256:1',
  },
  {
    words: ['restore', 'plan', 'r', '--from-backup', 'b', '--details', '-o', 'table'],
    command: 'holdfast restore create r --from-backup b --plan-digest sha256:1',
  },
  {
    words: [
      'restore',
      'plan',
      '-l',
      "a in (x, y's)",
      '--output=table',
      '--plan-digest',
      'sha256:0',
    ],
    command: `holdfast restore create -l 'a in (x, y'\\''s)' --plan-digest sha256:1`,
  },
])('the command that is bound to the plan has its flags: $command', ({ words, command }) => {
  expect(boundCommand(words, 'sha256:1')).toBe(command);
});
