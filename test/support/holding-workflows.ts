import { condition, defineQuery, defineSignal, setHandler } from '@temporalio/workflow';

import { type LeaseAsk, type LeaseWait, withLeases } from '../../workflows/lease.ts';

export { repository } from '../../workflows/repository.ts';

/** What a holder says of itself. */
export interface HoldState {
  readonly epochs?: Readonly<Record<string, number>>;
  readonly wait?: LeaseWait;
}

export const letGoSignal = defineSignal('letGo');
export const holdStateQuery = defineQuery<HoldState>('holdState');

/** A run that needs leases and does nothing else: it holds them until it is told to let go. */
export async function hold(ask: Omit<LeaseAsk, 'onWait'>): Promise<HoldState> {
  let state: HoldState = {};
  let isOver = false;
  setHandler(holdStateQuery, () => state);
  setHandler(letGoSignal, () => {
    isOver = true;
  });
  const onWait = (wait?: LeaseWait): void => {
    state = wait === undefined ? {} : { wait };
  };
  await withLeases({ ...ask, onWait }, async (epochs) => {
    state = { epochs: Object.fromEntries(epochs) };
    await condition(() => isOver);
  });
  return state;
}
