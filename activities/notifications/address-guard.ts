import { BlockList, isIP } from 'node:net';

import { Failure } from '../../domain/failure.ts';

/**
 * What no event is sent to unless the configuration allows it: the machine of the worker, and what only that machine
 * should reach, such as the metadata services of clouds, which give credentials away.
 */
const REFUSED: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  // Metadata services that are not link-local: Alibaba's, Oracle's, and Amazon's by IPv6.
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
  ['fd00:ec2::254', 128],
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
  ['::', 128],
  ['::1', 128],
  ['fe80::', 10],
  ['ff00::', 8],
  // The same as IPv4 through NAT64.
  ['64:ff9b::7f00:0', 104],
  ['64:ff9b::a9fe:0', 112],
];

/** Which addresses events are sent to. */
export class AddressGuard {
  readonly #refused = blockList(REFUSED);
  readonly #allowed: BlockList;

  /** Networks that are allowed whatever they are: `127.0.0.0/8`. Throws `invalid-request`. */
  constructor(allowed: readonly string[]) {
    this.#allowed = blockList(allowed.map(parseNetwork));
  }

  isAllowed(address: string): boolean {
    // An IPv4 address within IPv6 is compared as what it is.
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    return this.#allowed.check(address, family) || !this.#refused.check(address, family);
  }
}

function blockList(networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of networks) {
    list.addSubnet(network, prefix, isIP(network) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

function parseNetwork(text: string): readonly [string, number] {
  const [address = '', prefix = '', ...more] = text.trim().split('/');
  const version = isIP(address);
  const bits = Number(prefix);
  const isPrefix = /^\d{1,3}$/.test(prefix) && bits <= (version === 6 ? 128 : 32);
  if (version === 0 || !isPrefix || more.length > 0) {
    throw new Failure('invalid-request', `${text} is not a network, such as 127.0.0.0/8`);
  }
  return [address, bits];
}
