import { Failure, type FieldError } from '../../domain/failure.ts';
import { apiVersionOf } from '../../domain/item.ts';
import { isCustom } from '../../domain/built-in-groups.ts';
import type { Modifiers } from '../../domain/restore/modifiers/apply-modifiers.ts';
import { type MergeKeys, mergeKeysIn } from '../../domain/restore/modifiers/merge-keys.ts';
import { isForType } from '../../domain/restore/modifiers/modifier-conditions.ts';
import { readModifiers, type TextReader } from '../../domain/restore/modifiers/modifier-reader.ts';
import type { ModifierRule } from '../../domain/restore/modifiers/modifier-rule.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import { shortErrors } from '../../domain/short-list.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { parseYaml, readYamlConfig } from '../yaml-config.ts';

const CODE = 'modifier-not-usable';
const POINTER = '/spec/resourceModifier';

export interface ModifiersSource {
  readonly cluster: Pick<Cluster, 'read' | 'discover' | 'openApi'>;
  /** Holdfast's own namespace. */
  readonly namespace: string;
  readonly spec: RestoreSpec;
  readonly signal: AbortSignal;
}

/**
 * The resource modifiers that a request names, with what their strategic merge patches need. Reads the cluster, and
 * changes nothing. Throws `modifier-not-usable` with all that is wrong, and what the cluster fails with.
 */
export async function readRequestedModifiers(source: ModifiersSource): Promise<Modifiers> {
  const modifiers = await requireModifiers(source);
  const strategic = modifiers.filter(({ patch }) => patch.kind === 'strategic');
  return strategic.length === 0
    ? { modifiers }
    : { modifiers, mergeKeys: await readMergeKeys(source, strategic) };
}

/** The rules that a request names. Throws as `readRequestedModifiers` does. */
export async function requireModifiers({
  cluster,
  namespace,
  spec: { resourceModifier },
  signal,
}: ModifiersSource): Promise<readonly ModifierRule[]> {
  if (resourceModifier === undefined) {
    return [];
  }
  const { name } = resourceModifier;
  const parsed = await readYamlConfig(cluster, { namespace, name }, signal);
  if ('fault' in parsed) {
    const detail = `${POINTER} names the ConfigMap ${namespace}/${name}, which ${parsed.fault}`;
    throw notUsable([{ pointer: POINTER, code: CODE, detail }]);
  }
  const read = readModifiers(parsed.value, readPatch);
  if ('errors' in read) {
    throw notUsable(read.errors);
  }
  return read.rules;
}

/** JSON is kept as it is, with all digits of its numbers. */
const readPatch: TextReader = (text) => {
  try {
    JSON.parse(text);
    return { json: text };
  } catch {
    const parsed = parseYaml(text);
    return 'fault' in parsed ? parsed : { json: JSON.stringify(parsed.value) };
  }
};

/** The merge keys of all kinds that the rules can be for, in each version that the cluster serves. */
async function readMergeKeys(
  { cluster, signal }: ModifiersSource,
  rules: readonly ModifierRule[],
): Promise<MergeKeys> {
  const { types, otherVersions } = await cluster.discover();
  const names = new Set<string>();
  const groupVersions = new Set<string>();
  for (const type of [...types, ...otherVersions]) {
    if (!isCustom(type) && rules.some(({ conditions }) => isForType(conditions, type))) {
      names.add(`${apiVersionOf(type)}/${type.kind}`);
      groupVersions.add(apiVersionOf(type));
    }
  }
  const keys: Record<string, MergeKeys[string]> = {};
  for (const groupVersion of groupVersions) {
    const published = mergeKeysIn(await cluster.openApi(groupVersion, signal));
    for (const [name, kind] of Object.entries(published)) {
      if (names.has(name)) {
        keys[name] = kind;
      }
    }
  }
  return keys;
}

function notUsable(errors: readonly FieldError[]): Failure {
  const [first] = errors;
  const rest = errors.length - 1;
  const more = rest > 0 ? `; and ${String(rest)} more` : '';
  return new Failure(CODE, `${first?.detail ?? 'the resource modifiers cannot be used'}${more}`, {
    subject: 'spec.resourceModifier',
    errors: shortErrors(errors),
  });
}
