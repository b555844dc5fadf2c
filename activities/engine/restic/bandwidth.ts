import type { BandwidthLimits } from '../../../domain/bandwidth.ts';
import type { ResticConfig } from './config.ts';

/** What restic may hold between a volume and a repository without telling a byte: five connections, each with a pack and what overflows it. */
const ON_THE_WAY_BYTES = 128 * 1024 * 1024;
const KIB = 1024;

/** How restic is told of its limits, in whole KiB per second; 0 would mean none. */
export function bandwidthFlags({
  uploadBytesPerSecond,
  downloadBytesPerSecond,
}: BandwidthLimits = {}): string[] {
  const kib = (bytes: number): string => String(Math.max(1, Math.floor(bytes / KIB)));
  return [
    ...(uploadBytesPerSecond === undefined ? [] : [`--limit-upload=${kib(uploadBytesPerSecond)}`]),
    ...(downloadBytesPerSecond === undefined
      ? []
      : [`--limit-download=${kib(downloadBytesPerSecond)}`]),
  ];
}

/** A process that may not go fast stands still for longer before it is taken for stuck. */
export function patientConfig(config: ResticConfig, limits: BandwidthLimits = {}): ResticConfig {
  const { uploadBytesPerSecond = Infinity, downloadBytesPerSecond = Infinity } = limits;
  const slowest = Math.min(uploadBytesPerSecond, downloadBytesPerSecond);
  const moreMs = (1000 * ON_THE_WAY_BYTES) / slowest;
  return { ...config, stallLimitMs: config.stallLimitMs + moreMs };
}
