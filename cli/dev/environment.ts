import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

import type { StorageLocation } from '../../domain/storage-location.ts';
import { DEFAULT_LOCATION } from '../../domain/storage-location.ts';

export interface LocationOptions {
  readonly location: string;
  readonly s3Endpoint?: string;
  readonly s3Region?: string;
  readonly s3CaFile?: string;
}

/** The default location that `--location` and its companions mean. A folder is made if it is not there. */
export function locationOf(options: LocationOptions): StorageLocation {
  const { location, s3Endpoint, s3Region, s3CaFile } = options;
  const bucket = /^s3:\/\/([^/]+)\/?(.*)$/.exec(location);
  if (bucket === null) {
    const path = resolve(location);
    mkdirSync(path, { recursive: true });
    return { name: DEFAULT_LOCATION, provider: 'folder', path };
  }
  return {
    name: DEFAULT_LOCATION,
    provider: 's3',
    bucket: bucket[1] ?? '',
    prefix: (bucket[2] ?? '').replace(/\/+$/, ''),
    region: s3Region ?? process.env['AWS_REGION'] ?? 'us-east-1',
    isPathStyle: s3Endpoint !== undefined,
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint }),
    ...(s3CaFile === undefined ? {} : { caFile: resolve(s3CaFile) }),
  };
}

/** The location as the processes take it: without what is left out or empty. */
export function locationsJson(location: StorageLocation): string {
  const entries = Object.entries(location).filter(([, value]) => value !== '');
  return JSON.stringify([Object.fromEntries(entries)]);
}
