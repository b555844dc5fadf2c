import type { FailureReport, FieldError } from '../../domain/failure.ts';
import type { ResourceType } from '../../domain/item.ts';
import type { RestoreRules } from '../../domain/restore/restore-rules.ts';
import { CLASSED_TYPES } from '../../domain/restore/storage-class-mapping.ts';
import type { TypeSurvey } from '../../domain/restore/type-survey.ts';
import { memberPointer } from '../../domain/json-pointer.ts';
import { shortErrors, shortList } from '../../domain/short-list.ts';
import type { Cluster } from '../kubernetes/port.ts';

const STORAGE_CLASS: ResourceType = {
  group: 'storage.k8s.io',
  version: 'v1',
  resource: 'storageclasses',
  kind: 'StorageClass',
  isNamespaced: false,
};
const POINTER = '/spec/storageClassMapping';

export interface ClassQuestion {
  readonly cluster: Pick<Cluster, 'read'>;
  readonly rules: RestoreRules;
  /** Has seen all lines of the backup's index. */
  readonly survey: TypeSurvey;
  readonly signal: AbortSignal;
}

/**
 * Why the mapping of storage classes cannot be followed: a class that stands for another one is neither in the cluster
 * nor restored from the backup. Undefined if all are, or if nothing that is restored has a class. Writes nothing.
 */
export async function checkStorageClasses(
  question: ClassQuestion,
): Promise<FailureReport | undefined> {
  const { rules, survey } = question;
  if (!survey.types.some(({ type }) => CLASSED_TYPES.has(type))) {
    return undefined;
  }
  const missing: string[] = [];
  const errors: FieldError[] = [];
  for (const [from, to] of Object.entries(rules.storageClassMapping)) {
    if (!survey.storageClasses.has(to) && !(await isThere(to, question))) {
      missing.push(`${to} (for ${from})`);
      const detail = `${to}, which stands for ${from}`;
      errors.push({ pointer: memberPointer(POINTER, from), code: 'mapping-not-usable', detail });
    }
  }
  return errors.length === 0 ? undefined : refusalOf(missing, errors);
}

async function isThere(name: string, { cluster, signal }: ClassQuestion): Promise<boolean> {
  const item = { ...STORAGE_CLASS, namespace: '', name };
  return (await cluster.read(STORAGE_CLASS, item, signal)) !== undefined;
}

function refusalOf(missing: readonly string[], errors: readonly FieldError[]): FailureReport {
  return {
    code: 'mapping-not-usable',
    message:
      `neither the cluster nor what is restored has these storage classes: ${shortList(missing)}. Make them, or map to ` +
      'others with spec.storageClassMapping or the ConfigMap with the label velero.io/change-storage-class',
    subject: 'spec.storageClassMapping',
    errors: shortErrors(errors),
  };
}
