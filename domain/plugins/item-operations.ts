import { type Fields, fields } from '../fields.ts';
import type { OperationEnds, PlannedOperation } from './operation.ts';
import type { OperationEnd } from './plugin-call.ts';

/** The run that operations are of. */
interface OperationsOf {
  readonly name: string;
  readonly runUid: string;
}

/**
 * The operations of a backup as Velero's file of item operations has them. Source: its
 * pkg/itemoperation/backup_operation.go.
 */
export function itemOperations(run: OperationsOf, ended: OperationEnds): readonly unknown[] {
  return entriesOf(ended, (action) => ({
    ...{ backupName: run.name, backupUID: run.runUid, backupItemAction: action },
  }));
}

/** The same of a restore. Source: Velero's pkg/itemoperation/restore_operation.go. */
export function restoreItemOperations(run: OperationsOf, ended: OperationEnds): readonly unknown[] {
  return entriesOf(ended, (action) => ({
    ...{ restoreName: run.name, restoreUID: run.runUid, restoreItemAction: action },
  }));
}

function entriesOf(
  { plugin, operations, ends, endedAt }: OperationEnds,
  specOf: (action: string) => Fields,
): readonly unknown[] {
  const byId = new Map(ends.map((end) => [end.requestId, end]));
  return operations.map(({ requestId, id, action, item, description, startedAt }) => {
    const end = byId.get(requestId);
    return {
      spec: {
        ...specOf(`${plugin}/${action}`),
        resourceIdentifier: {
          ...{ Group: item.group, Resource: item.resource },
          ...{ Namespace: item.namespace, Name: item.name },
        },
        operationID: id ?? requestId,
      },
      status: {
        phase: end?.phase ?? 'Failed',
        ...(end?.failure === undefined ? {} : { error: end.failure.message }),
        ...progressFields(end?.progress),
        ...(description === undefined ? {} : { description }),
        ...(startedAt === undefined ? {} : { created: startedAt, started: startedAt }),
        updated: endedAt,
      },
    };
  });
}

function progressFields(progress: OperationEnd['progress']): Fields {
  if (progress === undefined) {
    return {};
  }
  const { done, total, unit } = progress;
  return {
    nCompleted: Math.round(done),
    ...(total === undefined ? {} : { nTotal: Math.round(total) }),
    ...(unit === undefined ? {} : { operationUnits: unit }),
  };
}

/** The operation that an entry of the file tells of, as far as it is one that `itemOperations` wrote. */
export function operationOfEntry(
  entry: Fields,
): (Omit<PlannedOperation, 'requestId'> & { readonly plugin: string })[] {
  const { backupItemAction, operationID: id, resourceIdentifier } = fields(entry['spec']);
  const { Group, Resource, Namespace, Name } = fields(resourceIdentifier);
  const [plugin = '', action = ''] = textOf(backupItemAction).split('/');
  const item = {
    ...{ group: textOf(Group), resource: textOf(Resource) },
    ...{ namespace: textOf(Namespace), name: textOf(Name) },
  };
  return plugin === '' || action === '' ? [] : [{ plugin, action, item, id: textOf(id) }];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
