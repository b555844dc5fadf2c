import { expect, test } from 'vitest';

import { parseSigningKeys, webhookHeaders } from '../../../activities/notifications/signature.ts';

// The example of the specification of Standard Webhooks; its published library gives the same.
const KEY = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SIGNED = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampSeconds: 1_614_265_330,
  body: '{"test": 2432232314}',
};
const SIGNATURE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

test('the signature is that of Standard Webhooks', () => {
  expect(webhookHeaders(SIGNED, parseSigningKeys(KEY) ?? [])).toEqual({
    'webhook-id': SIGNED.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': SIGNATURE,
  });
});

test('several keys sign, each for itself', () => {
  const next = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  const keys = parseSigningKeys(` ${next}\n${KEY}\n`);
  expect(keys).toHaveLength(2);
  const [first, second] = webhookHeaders(SIGNED, keys ?? [])['webhook-signature']?.split(' ') ?? [];
  expect(first).toMatch(/^v1,.{44}$/);
  expect(second).toBe(SIGNATURE);
});

test('without a key there is no signature', () => {
  expect(webhookHeaders(SIGNED, [])).not.toHaveProperty('webhook-signature');
});

test.each(['', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_c2hvcnQ=', `${KEY} secret`])(
  '%j is no list of keys',
  (text) => {
    expect(parseSigningKeys(text)).toBeUndefined();
  },
);
