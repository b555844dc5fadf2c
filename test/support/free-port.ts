import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that Linux gives to outgoing connections and Kubernetes to Services: nobody takes one by chance. */
const PORTS = { from: 20_000, to: 30_000 };

const given = new Set<number>();

/** A port of the loopback interface that nothing listens at, and that stays free until its finder takes it. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
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
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
