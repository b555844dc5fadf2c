import { generateKeyPairSync } from 'node:crypto';

import { expect, test } from 'vitest';

import { checkedDescription } from '../../../activities/plugins/check-description.ts';
import { Failure, type FieldError } from '../../../domain/failure.ts';

// Goal: whatever a plugin answers when it is asked what it does is either a description or refused by its field.

const publicKeyOf = (type: 'x25519' | 'ed25519'): string => {
  // The two overloads take one type each.
  const { publicKey } =
    type === 'x25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ed25519');
  return publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
};

function faultsOf(answer: unknown): readonly FieldError[] {
  try {
    checkedDescription('uploader', answer);
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) {
      throw error;
    }
    const { code, message, subject, errors = [] } = error;
    expect({ code, subject }).toEqual({ code: 'plugin-answer-invalid', subject: 'uploader' });
    expect(message).toContain('the plugin uploader');
    expect(message).toContain(errors[0]?.detail);
    return errors;
  }
}

const action = (fields: object) => ({ contract: 'v1', backupActions: [{ name: 'a', ...fields }] });

test.each([
  [undefined, ''],
  [null, ''],
  ['yes', ''],
  [[], ''],
  [{}, '/contract'],
  [{ contract: 'v2' }, '/contract'],
  [{ contract: 'v1', version: 2 }, '/version'],
  [{ contract: 'v1', backupActions: {} }, '/backupActions'],
  [{ contract: 'v1', restoreActions: [{}] }, '/restoreActions/0/name'],
  [{ contract: 'v1', restoreActions: Array(21).fill({ name: 'a' }) }, '/restoreActions'],
  [action({ name: 'Upper' }), '/backupActions/0/name'],
  [action({ onError: 'Ignore' }), '/backupActions/0/onError'],
  [action({ selector: [] }), '/backupActions/0/selector'],
  [
    action({ selector: { includedNamespaces: ['team-**'] } }),
    '/backupActions/0/selector/includedNamespaces/0',
  ],
  [
    action({ selector: { excludedResources: ['p[o'] } }),
    '/backupActions/0/selector/excludedResources/0',
  ],
  [
    action({ selector: { labelSelector: { matchLabels: { 'a b': 'c' } } } }),
    '/backupActions/0/selector/labelSelector/matchLabels/a b',
  ],
  [
    { contract: 'v1', backupActions: [{ name: 'a' }, { name: 'b' }, { name: 'a' }] },
    '/backupActions/2/name',
  ],
  [{ contract: 'v1', publicKey: 'bm8ga2V5' }, '/publicKey'],
  [{ contract: 'v1', publicKey: publicKeyOf('ed25519') }, '/publicKey'],
])('%j is refused', (answer, pointer) => {
  expect(faultsOf(answer).map((error) => error.pointer)).toEqual([pointer]);
});

test('a description that is too long is refused before it is read', () => {
  const [fault] = faultsOf({ contract: 'v1', version: 'x'.repeat(33_000) });
  expect(fault?.pointer).toBe('');
  expect(fault?.detail).toMatch(/^it has \d+ bytes as JSON; 32768 are allowed$/);
});

test('a description is taken without the fields of a later contract', () => {
  const labelSelector = { matchLabels: { app: 'db' } };
  const known = {
    ...{ contract: 'v1', version: '1', publicKey: publicKeyOf('x25519'), deletesBackups: true },
    backupActions: [{ name: 'a', selector: { labelSelector }, onError: 'Continue' }],
    restoreActions: [{ name: 'a' }],
  };
  const later = { ...known, later: 1, restoreActions: [{ name: 'a', later: { field: [] } }] };
  expect(checkedDescription('uploader', later)).toEqual(known);
});
