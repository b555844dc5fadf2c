import type {
  Item,
  ItemAnswer,
  ItemsAnswer,
  ItemsCall,
  OperationsAnswer,
  OperationsCall,
} from './contract.ts';
import { read } from './kubectl.ts';
import type { Operations } from './operations.ts';
import { whenEnded } from './running.ts';
import { seal } from './seal.ts';
import { publicText } from './told.ts';

/** Names the keys of a ConfigMap whose values no backup is to hold, separated by commas. */
const MASKED_KEYS = 'example.dev/masked-keys';

/** Answer of `describePlugin`: which actions there are, and which items each wants to see. */
const DESCRIPTION = {
  contract: 'v1',
  version: '0.1.0',
  backupActions: [
    {
      name: 'upload',
      selector: {
        includedResources: ['persistentvolumeclaims'],
        labelSelector: { matchLabels: { 'holdfast.dev/example-upload': 'true' } },
      },
    },
    {
      name: 'mask',
      selector: {
        includedResources: ['configmaps'],
        labelSelector: { matchLabels: { 'holdfast.dev/example-mask': 'true' } },
      },
    },
  ],
};

/**
 * The six activities of a plugin. Each may be called again with the same argument, when an answer was lost or a worker died,
 * and must then come to the same end.
 */
export function activitiesOf(operations: Operations) {
  return {
    describePlugin: () => Promise.resolve(DESCRIPTION),

    async backupItems(call: ItemsCall): Promise<ItemsAnswer> {
      const act = call.action === 'upload' ? uploaded : masked;
      const items: ItemAnswer[] = [];
      for (const { requestId, item } of call.items) {
        items.push({ requestId, ...(await tried(() => act(operations, requestId, item))) });
      }
      // Values of objects must be sealed. An answer without any may be, and reads the same.
      return { sealed: seal(items, call.replyKey) };
    },

    // Asked only if the description has `restoreActions`.
    restoreItems: (): Promise<ItemsAnswer> => Promise.resolve({ items: [] }),

    async operationStatus(call: OperationsCall): Promise<OperationsAnswer> {
      const asked = call.operations.map(({ requestId }) => operations.status(requestId));
      return whenEnded({ operations: await Promise.all(asked) });
    },

    async cancelOperation(call: OperationsCall): Promise<void> {
      await Promise.all(call.operations.map(({ requestId }) => operations.cancel(requestId)));
    },

    async deleteBackup(call: OperationsCall): Promise<void> {
      await Promise.all(call.operations.map(({ requestId }) => operations.remove(requestId)));
    },
  };
}

type Said = Omit<ItemAnswer, 'requestId'>;

/** What goes wrong with one item is said of that item; a call that fails as a whole is tried again, and fails all of them. */
async function tried(act: () => Promise<Said>): Promise<Said> {
  try {
    return await act();
  } catch (error) {
    return { error: publicText(error) };
  }
}

/** Begins an operation; its id is the id of the request, so that a call that is made again begins no second one. */
async function uploaded(operations: Operations, requestId: string, item: Item): Promise<Said> {
  const { namespace, name: claim } = item;
  await operations.begin(requestId, { namespace, claim });
  return { operation: { id: requestId, description: `Upload of ${namespace}/${claim}` } };
}

interface ConfigMap {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
}

/** A call has no content of objects: the plugin reads them itself. */
async function masked(_: Operations, _requestId: string, item: Item): Promise<Said> {
  const { namespace, name } = item;
  const found = await read<ConfigMap>('configmap', name, '--namespace', namespace);
  const { metadata, data = {} } = found;
  const keys = metadata.annotations?.[MASKED_KEYS]?.split(',').filter((key) => key in data) ?? [];
  return {
    // Keys of a ConfigMap have no character that a JSON pointer escapes.
    patch: keys.map((key) => ({ op: 'replace', path: `/data/${key}`, value: 'masked' })),
  };
}
