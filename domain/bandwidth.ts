/** What one node agent may send to a location, and take from it, for the data of volumes. No limit where left out. */
export interface BandwidthLimits {
  readonly uploadBytesPerSecond?: number;
  readonly downloadBytesPerSecond?: number;
}

/** The names of both, as they are in the configuration of a location. */
export const BANDWIDTH_FIELDS = [
  'uploadBytesPerSecond',
  'downloadBytesPerSecond',
] as const satisfies readonly (keyof BandwidthLimits)[];

/** Engines count in KiB, and take no part of one. */
export const BANDWIDTH_BYTES_MIN = 1024;

/**
 * What each of several copies may use, so that all of them together keep within the limits; a copy that runs alone gets
 * no more.
 */
export function bandwidthShare(limits: BandwidthLimits, copies: number): BandwidthLimits {
  const share = (limit: number): number =>
    Math.max(BANDWIDTH_BYTES_MIN, Math.floor(limit / copies));
  const { uploadBytesPerSecond: up, downloadBytesPerSecond: down } = limits;
  return {
    ...(up === undefined ? {} : { uploadBytesPerSecond: share(up) }),
    ...(down === undefined ? {} : { downloadBytesPerSecond: share(down) }),
  };
}
