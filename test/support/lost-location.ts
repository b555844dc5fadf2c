import { expect } from 'vitest';

import type { Fault, FaultProxy } from './fault-proxy.ts';

/** Requests that a proxy holds back. */
export interface HeldRequests {
  /** Waits until one is there. */
  readonly arrived: () => Promise<void>;
  /** Lets them go on. */
  readonly goOn: () => void;
}

/** Matches files in a folder of the repository of a namespace, such as `data` or `locks`. */
export function inRepository(namespace: string, folder: string): (path: string) => boolean {
  return (path) => path.includes(`/${namespace}/${folder}/`);
}

/** Holds requests of a kind back. */
export function holdRequests(
  proxy: FaultProxy,
  request: Pick<Fault, 'method' | 'matches'>,
  effect: 'delay' | 'refuse' = 'delay',
): HeldRequests {
  let goOn = (): void => undefined;
  const until = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  proxy.hits = 0;
  proxy.faults = [{ ...request, effect, until }];
  const arrived = () =>
    // In the campaign polls have no long time by themselves.
    expect.poll(() => proxy.hits, { timeout: 60_000 }).toBeGreaterThan(0);
  return { arrived, goOn };
}

/** Begins something and takes the location away while it makes a request of a kind; the answer brings the location back. */
export async function loseLocation(
  proxy: FaultProxy,
  request: Pick<Fault, 'method' | 'matches'>,
  begin: () => Promise<unknown>,
): Promise<() => void> {
  const held = holdRequests(proxy, request, 'refuse');
  await begin();
  await held.arrived();
  proxy.faults = [{ matches: () => true, effect: 'refuse' }];
  held.goOn();
  return () => {
    proxy.faults = [];
  };
}
