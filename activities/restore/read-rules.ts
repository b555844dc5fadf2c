import { Failure, type FailureReport } from '../../domain/failure.ts';
import { fields } from '../../domain/fields.ts';
import type { KubernetesObject } from '../../domain/item.ts';
import { imageMappingOf, storageClassMappingOf } from '../../domain/restore/plugin-config.ts';
import type { RestoreRules } from '../../domain/restore/restore-rules.ts';
import type { NamedAmong } from '../../domain/restore/restore-types.ts';
import { readStatusTypes } from '../../domain/restore/status-rule.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import { shortList } from '../../domain/short-list.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { CONFIG_MAP_TYPE } from '../yaml-config.ts';
import { readRequestedModifiers } from './read-modifiers.ts';

/** Where Velero's own restore item actions have their mappings: https://velero.io/docs/v1.17/restore-reference/ */
const CONFIG_LABEL = 'velero.io/plugin-config';
const STORAGE_CLASS_ACTION = 'velero.io/change-storage-class';
const CODE = 'mapping-not-usable';
const IMAGE_ACTION = 'velero.io/change-image-name';

export interface RulesSource {
  readonly cluster: Pick<Cluster, 'discover' | 'read' | 'listPages' | 'openApi'>;
  /** Holdfast's own namespace. */
  readonly namespace: string;
  readonly spec: RestoreSpec;
  readonly signal: AbortSignal;
  /** Of the rules, what was read before; it is not read again. */
  readonly configured?: ConfiguredRules | undefined;
}

/** Failures for which a request is refused. */
const REFUSED_CODES: ReadonlySet<string> = new Set([CODE, 'modifier-not-usable']);

/** The rules that stand in ConfigMaps, and the mappings that a request has itself. */
export type ConfiguredRules = Omit<RestoreRules, 'statusTypes'>;
type Mappings = Pick<RestoreRules, 'storageClassMapping' | 'imageMapping'>;

interface Refused {
  readonly refusal: FailureReport;
}

/**
 * What a restore changes of objects: the status of the types that the request names, and what `readConfiguredRules`
 * reads or has read. Or why these cannot be used. Throws what the cluster fails with.
 */
export async function readRules(
  source: RulesSource,
  known: NamedAmong,
): Promise<RestoreRules | Refused> {
  const status = readStatusTypes(source.spec.restoreStatus, known);
  if ('refusal' in status) {
    return status;
  }
  const configured = source.configured ?? (await readConfiguredRules(source));
  return 'refusal' in configured ? configured : { ...configured, ...status };
}

/**
 * The mappings of the request, and where it has none, not even an empty one, those of Velero's ConfigMaps in Holdfast's
 * namespace; and the resource modifiers that the request names. Or why these cannot be used. Throws what the cluster
 * fails with.
 */
export async function readConfiguredRules(source: RulesSource): Promise<ConfiguredRules | Refused> {
  try {
    return { ...(await mappingsOf(source)), ...(await readRequestedModifiers(source)) };
  } catch (error) {
    if (error instanceof Failure && REFUSED_CODES.has(error.code)) {
      const { code, message, subject = 'spec', errors } = error;
      return { refusal: { code, message, subject, ...(errors === undefined ? {} : { errors }) } };
    }
    throw error;
  }
}

async function mappingsOf(source: RulesSource): Promise<Mappings> {
  const { storageClassMapping, imageMapping } = source.spec;
  return {
    storageClassMapping:
      storageClassMapping ??
      storageClassMappingOf(dataOf(await findConfig(source, STORAGE_CLASS_ACTION))),
    imageMapping: imageMapping ?? readImages(source, await findConfig(source, IMAGE_ACTION)),
  };
}

/** The one ConfigMap of an action; undefined if there is none. */
async function findConfig(
  { cluster, namespace, signal }: RulesSource,
  action: string,
): Promise<KubernetesObject | undefined> {
  const labelSelector = `${CONFIG_LABEL},${action}=RestoreItemAction`;
  const scope = { type: CONFIG_MAP_TYPE, namespace, labelSelector };
  const found: KubernetesObject[] = [];
  for await (const page of cluster.listPages(scope, { signal, isMixedAllowed: false })) {
    found.push(...page.map(({ object }) => object));
  }
  if (found.length > 1) {
    const names = shortList(found.map(({ metadata }) => metadata.name));
    throw new Failure(
      CODE,
      `the namespace ${namespace} has several ConfigMaps with the label ${action}: ${names}; keep one`,
      { subject: action },
    );
  }
  return found[0];
}

function readImages(
  { namespace }: RulesSource,
  config: KubernetesObject | undefined,
): Readonly<Record<string, string>> {
  const { mapping, unreadable } = imageMappingOf(dataOf(config));
  const [key] = unreadable;
  if (key !== undefined) {
    const name = config?.metadata.name ?? '';
    throw new Failure(
      CODE,
      `the ConfigMap ${namespace}/${name} says at ${key} no part of an image's name, a comma and another part; correct it`,
      { subject: IMAGE_ACTION },
    );
  }
  return mapping;
}

function dataOf(config: KubernetesObject | undefined): Record<string, unknown> {
  return fields(config?.['data']);
}
