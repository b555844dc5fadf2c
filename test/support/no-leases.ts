import type { Leases } from '../../activities/volumes/lease-port.ts';

const refuse = (): Promise<never> => Promise.reject(new Error('no activity here needs leases'));

/** For activities that touch no repository. */
export const NO_LEASES: Leases = { acquire: refuse, release: refuse, isClosed: refuse };
