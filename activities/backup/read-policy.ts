import { type Document, isNode, LineCounter, parseDocument, visit } from 'yaml';

import { Failure } from '../../domain/failure.ts';
import { fields } from '../../domain/fields.ts';
import type { ItemReference, KubernetesObject, ResourceType } from '../../domain/item.ts';
import { parseResourcePolicies, type ReadPolicies } from '../../domain/volumes/resource-policy.ts';
import type { Cluster } from '../kubernetes/port.ts';

const CONFIG_MAP: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  isNamespaced: true,
};
const POINTER = '/spec/resourcePolicy';

/** Characters of a policy; YAML of this size is read in seconds, whatever it is. */
const TEXT_MAX = 65_536;
/** Values that aliases may stand for, so that a few lines cannot become gigabytes. */
const ALIASED_MAX = 100;

/** Text of a policy, or why there is none, said about the ConfigMap. */
type Found = { readonly text: string } | { readonly fault: string };
/** The value of a text, or why it has none. */
type Parsed = { readonly value: unknown } | { readonly fault: string };

/**
 * Reads Velero's resource policies from a ConfigMap, and tells all that is wrong with them. Throws a `Failure` when the
 * cluster cannot be asked; a right that is missing is among what is wrong. Changes nothing.
 */
export async function readResourcePolicies(
  cluster: Pick<Cluster, 'read'>,
  { name, namespace }: Pick<ItemReference, 'name' | 'namespace'>,
  signal: AbortSignal,
): Promise<ReadPolicies> {
  const found = await findText(
    cluster,
    { group: '', resource: 'configmaps', namespace, name },
    signal,
  );
  const parsed = 'text' in found ? parseYaml(found.text) : found;
  if ('value' in parsed) {
    return parseResourcePolicies(parsed.value);
  }
  const detail = `${POINTER} names the ConfigMap ${namespace}/${name}, which ${parsed.fault}`;
  return { errors: [{ pointer: POINTER, code: 'policy-not-usable', detail }] };
}

async function findText(
  cluster: Pick<Cluster, 'read'>,
  item: ItemReference,
  signal: AbortSignal,
): Promise<Found> {
  try {
    const configMap = await cluster.read(CONFIG_MAP, item, signal);
    return configMap === undefined
      ? { fault: 'is not there; create it, or name another' }
      : onlyText(configMap);
  } catch (error) {
    if (error instanceof Failure && error.code === 'cluster-forbidden') {
      return { fault: 'the worker may not read; let it get configmaps in that namespace' };
    }
    throw error;
  }
}

/** The one text that a ConfigMap of policies holds, by Velero's rule. */
function onlyText(configMap: KubernetesObject): Found {
  const [text, ...others] = Object.values(fields(configMap['data']));
  if (typeof text !== 'string' || others.length > 0) {
    return { fault: 'must have exactly one key in data; keep the policies alone in it' };
  }
  return text.length > TEXT_MAX
    ? { fault: `has more than ${String(TEXT_MAX)} characters; write fewer policies` }
    : { text };
}

function parseYaml(text: string): Parsed {
  const lines = new LineCounter();
  // The parser's own search for keys that are there twice takes minutes for a file that is made for it.
  const document = parseDocument(text, {
    merge: true,
    prettyErrors: false,
    uniqueKeys: false,
    lineCounter: lines,
  });
  const place = (offset: number): string => `line ${String(lines.linePos(offset).line)}`;
  const [mistake] = document.errors;
  if (mistake !== undefined) {
    return { fault: `is not YAML at ${place(mistake.pos[0])} (${mistake.code}); correct it` };
  }
  const repeated = offsetOfRepeatedKey(document);
  return repeated === undefined
    ? plainValue(document)
    : { fault: `has a key twice at ${place(repeated)}; keep one of the two` };
}

function offsetOfRepeatedKey(document: Document): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        const name = String(key);
        if (seen.has(name)) {
          offset = isNode(key) ? (key.range?.[0] ?? 0) : 0;
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return offset;
}

/** The value as JSON has it: a tree, without aliases and what else only YAML can say. */
function plainValue(document: Document): Parsed {
  try {
    const text = JSON.stringify(document.toJS({ maxAliasCount: ALIASED_MAX }));
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    return { fault: 'has aliases that cannot be followed; write their values out' };
  }
}
