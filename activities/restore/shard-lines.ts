import { createHash } from 'node:crypto';

import type { IndexLine } from '../../domain/backup-index.ts';
import type { ItemReference, KubernetesObject, ResourceType } from '../../domain/item.ts';
import { labelValue } from '../../domain/label-value.ts';
import { backupKeys } from '../../domain/object-key.ts';
import type { RestoreMarks } from '../../domain/restore/clean-object.ts';
import { isBareNamespace } from '../../domain/restore/restore-plan.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import { type ReadBody, readBodies } from '../../storage/format/read-bodies.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';

interface RestoreNames {
  readonly name: string;
  readonly runUid: string;
}

/** The objects of a shard: namespaces that only their content asks for, then what the archive holds. */
export async function* bodiesOf(
  store: ObjectStore,
  lines: readonly IndexLine[],
  { spec, signal }: { readonly spec: RestoreSpec; readonly signal: AbortSignal },
): AsyncGenerator<ReadBody> {
  for (const line of lines.filter(isBareNamespace)) {
    const object: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: line.name },
    };
    yield { line, object };
  }
  const stored = lines.filter((line) => !isBareNamespace(line));
  yield* readBodies(store, {
    archiveKey: backupKeys(spec.backupName).archive,
    lines: stored,
    signal,
  });
}

/** What marks the objects of a restore. */
export function marksOf({ name, runUid }: RestoreNames, spec: RestoreSpec): RestoreMarks {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  return {
    backupLabel: labelValue(spec.backupName, sha256),
    restoreLabel: labelValue(name, sha256),
    runUid,
  };
}

/** The type of a line, or of an item, in its version. */
export function typeOf(line: ItemReference & { version: string; kind: string }): ResourceType {
  const { group, version, resource, kind } = line;
  return { group, version, resource, kind, isNamespaced: line.namespace !== '' };
}
