import { expect, test } from 'vitest';

import { AddressGuard } from '../../../activities/notifications/address-guard.ts';

test.each([
  ...['127.0.0.1', '127.8.9.10', '0.0.0.0', '169.254.169.254', '100.100.100.200', '224.0.0.1'],
  ...['::1', '::', 'fe80::1', 'fd00:ec2::254', 'ff02::1'],
  ...['::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe', '64:ff9b::7f00:1'],
])('nothing is sent to %s', (address) => {
  expect(new AddressGuard([]).isAllowed(address)).toBe(false);
});

test.each(['10.0.0.1', '192.168.1.1', '93.184.216.34', '2001:db8::1', 'fd12:3456::1'])(
  'events are sent to %s',
  (address) => {
    expect(new AddressGuard([]).isAllowed(address)).toBe(true);
  },
);

test('a network that the configuration names is allowed, and no other', () => {
  const guard = new AddressGuard(['127.0.0.0/8', ' ::1/128']);
  expect(guard.isAllowed('127.0.0.1')).toBe(true);
  expect(guard.isAllowed('::ffff:127.0.0.1')).toBe(true);
  expect(guard.isAllowed('::1')).toBe(true);
  expect(guard.isAllowed('169.254.169.254')).toBe(false);
});

test.each(['127.0.0.1', '127.0.0.0/33', 'localhost/8', '::1/129', '1.2.3.4/8/9', '1.2.3.4/'])(
  '%s is no network',
  (network) => {
    expect(() => new AddressGuard([network])).toThrow('is not a network');
  },
);
