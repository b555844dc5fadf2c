import type { RequestOptions } from 'node:https';

import { KubeConfig } from '@kubernetes/client-node';
import pLimit from 'p-limit';
import { Agent } from 'undici';

/** As many as a restore has under way at most. */
const IN_FLIGHT = 32;

/**
 * Creates objects by plain HTTP with prepared bodies: no client, no limit that adapts, and of an answer only the
 * status is looked at. Gives its duration in seconds.
 */
export async function bareLoop(path: string, bodies: readonly string[]): Promise<number> {
  const config = new KubeConfig();
  config.loadFromDefault();
  const { ca, cert, key } = await tlsOf(config);
  const agent = new Agent({ connections: IN_FLIGHT, connect: { ca, cert, key } });
  const origin = config.getCurrentCluster()?.server ?? '';
  const started = performance.now();
  await pLimit(IN_FLIGHT).map(bodies, async (body) => {
    const { statusCode, body: answer } = await agent.request({
      ...{ origin, path, method: 'POST', body },
      headers: { 'content-type': 'application/json' },
    });
    await answer.dump();
    if (statusCode !== 201) {
      throw new Error(`the bare loop was answered with ${String(statusCode)}`);
    }
  });
  const seconds = (performance.now() - started) / 1000;
  await agent.close();
  return seconds;
}

async function tlsOf(
  config: KubeConfig,
): Promise<{ ca: string | Buffer; cert: string | Buffer; key: string | Buffer }> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const part = (value: unknown): string | Buffer => {
    if (typeof value !== 'string' && !Buffer.isBuffer(value)) {
      throw new Error('the bare loop takes a kubeconfig with a client certificate');
    }
    return value;
  };
  return { ca: part(options.ca), cert: part(options.cert), key: part(options.key) };
}
