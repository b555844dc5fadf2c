import { type Document, isNode, LineCounter, parseDocument, visit } from 'yaml';

import { Failure } from '../domain/failure.ts';
import { fields } from '../domain/fields.ts';
import type { ItemReference, KubernetesObject, ResourceType } from '../domain/item.ts';
import type { Cluster } from './kubernetes/port.ts';

export const CONFIG_MAP_TYPE: ResourceType = {
  group: '',
  version: 'v1',
  resource: 'configmaps',
  kind: 'ConfigMap',
  isNamespaced: true,
};

/** Characters of a configuration; YAML of this size is read in seconds, whatever it is. */
const TEXT_MAX = 65_536;
/** Values that aliases may stand for, so that a few lines cannot become gigabytes. */
const ALIASED_MAX = 100;

/** Text of a configuration, or why there is none, said about the ConfigMap. */
type Found = { readonly text: string } | { readonly fault: string };
/** The value of a text as JSON has it, or why it has none, said about what holds it: `is not YAML at line 3 (…)`. */
export type ParsedYaml = { readonly value: unknown } | { readonly fault: string };

/**
 * The value of the YAML that a ConfigMap holds as its only text, by Velero's rule, whatever the name of its key. Throws
 * a `Failure` when the cluster cannot be asked; a right that is missing is a fault. Changes nothing.
 */
export async function readYamlConfig(
  cluster: Pick<Cluster, 'read'>,
  { name, namespace }: Pick<ItemReference, 'name' | 'namespace'>,
  signal: AbortSignal,
): Promise<ParsedYaml> {
  const item = { group: '', resource: 'configmaps', namespace, name };
  const found = await findText(cluster, item, signal);
  return 'text' in found ? parseYaml(found.text) : found;
}

async function findText(
  cluster: Pick<Cluster, 'read'>,
  item: ItemReference,
  signal: AbortSignal,
): Promise<Found> {
  try {
    const configMap = await cluster.read(CONFIG_MAP_TYPE, item, signal);
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

function onlyText(configMap: KubernetesObject): Found {
  const [text, ...others] = Object.values(fields(configMap['data']));
  if (typeof text !== 'string' || others.length > 0) {
    return { fault: 'must have exactly one key in data; keep its text alone in it' };
  }
  return text.length > TEXT_MAX
    ? { fault: `has more than ${String(TEXT_MAX)} characters; write less` }
    : { text };
}

/** The value that a text of YAML stands for: a tree, without aliases and what else only YAML can say. */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  // The parser's own search for keys that are there twice takes minutes for a file that is made for it.
  const document = parseDocument(text, {
    merge: true,
    prettyErrors: false,
    uniqueKeys: false,
    intAsBigInt: true,
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

function plainValue(document: Document): ParsedYaml {
  const long: bigint[] = [];
  const plain = (_key: string, part: unknown): unknown => {
    if (typeof part !== 'bigint') {
      return part;
    }
    const number = Number(part);
    if (!Number.isSafeInteger(number)) {
      long.push(part);
    }
    return number;
  };
  try {
    const text = JSON.stringify(document.toJS({ maxAliasCount: ALIASED_MAX }), plain);
    const value: unknown = JSON.parse(text);
    return long.length > 0
      ? { fault: 'has a number of more digits than are kept; put it in quotes' }
      : { value };
  } catch {
    return { fault: 'has aliases that cannot be followed; write their values out' };
  }
}
