import type { Fields } from '../../domain/fields.ts';
import type { KubernetesObject } from '../../domain/item.ts';

/** A running pod with the containers `db` and `proxy`. */
export function hookPod(
  annotations: Record<string, string> = {},
  spec: Fields = {},
): KubernetesObject {
  return {
    metadata: { name: 'db-0', namespace: 'shop', labels: { app: 'db' }, annotations },
    spec: {
      containers: [
        { name: 'db', image: 'postgres:17' },
        { name: 'proxy', image: 'proxy:1' },
      ],
      ...spec,
    },
    status: { phase: 'Running' },
  };
}
