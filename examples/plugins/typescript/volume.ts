import { read } from './kubectl.ts';
import { Told } from './told.ts';

/** A claim, whose data is to be read. */
export interface Volume {
  readonly namespace: string;
  readonly claim: string;
}

/** Where a volume can be read: a folder in a container that runs. */
export interface Mount {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly path: string;
}

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: {
      readonly containers: readonly {
        readonly name: string;
        readonly volumeMounts?: readonly {
          readonly name: string;
          readonly mountPath: string;
          readonly subPath?: string;
        }[];
      }[];
      readonly volumes?: readonly {
        readonly name: string;
        readonly persistentVolumeClaim?: { readonly claimName: string };
      }[];
    };
  }[];
}

/** The first place where the whole volume is mounted in a running pod. */
export async function findMount({ namespace, claim }: Volume): Promise<Mount> {
  const running = ['--field-selector', 'status.phase=Running'];
  const { items } = await read<Pods>('pods', '--namespace', namespace, ...running);
  for (const { metadata, spec } of items) {
    const volume = spec.volumes?.find((one) => one.persistentVolumeClaim?.claimName === claim);
    for (const { name: container, volumeMounts = [] } of spec.containers) {
      const mount = volumeMounts.find(
        ({ name, subPath = '' }) => name === volume?.name && subPath === '',
      );
      if (mount !== undefined) {
        return { namespace, pod: metadata.name, container, path: mount.mountPath };
      }
    }
  }
  throw new Told(`no running pod mounts the claim ${namespace}/${claim}`);
}
