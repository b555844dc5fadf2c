import type { VolumeCoverage } from '../coverage.ts';

/** A volume for people and as a key: `shop/data` for a claim, `shop/web cache` for a volume that a pod has of its own. */
export function volumeName({
  namespace,
  pod,
  volume,
  claim,
}: Pick<VolumeCoverage, 'namespace' | 'pod' | 'volume' | 'claim'>): string {
  return claim === undefined
    ? `${namespace}/${pod ?? ''} ${volume ?? ''}`
    : `${namespace}/${claim}`;
}
