import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that Linux gives to outgoing connections and Kubernetes to Services: nobody takes one by chance. */
const PORTS = { from: 20_000, to: 30_000 };
/** Each process that runs tests at the same time has ports of its own: a port is looked for long before it is taken. */
const SHARES = 8;
const SHARE_LENGTH = (PORTS.to - PORTS.from) / SHARES;
/** Vitest numbers them from 1; whoever else asks has the first share. */
const share = Number(process.env['VITEST_POOL_ID'] ?? 0) % SHARES;

const given = new Set<number>();

/** A port that nothing listens at, on any interface, and that stays free until its finder takes it. */
export async function freePort(): Promise<number> {
  const from = PORTS.from + share * SHARE_LENGTH;
  for (;;) {
    const port = randomInt(from, from + SHARE_LENGTH);
    if (!given.has(port) && (await canListen(port))) {
      given.add(port);
      return port;
    }
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    // On all interfaces: a second cluster listens at the address of a bridge.
    server.listen(port, '0.0.0.0', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
