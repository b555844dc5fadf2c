import { type Fields, fields } from '../fields.ts';
import type { OperationEnds, PlannedOperation } from './operation.ts';

/** The run that operations are of. */
interface OperationsOf {
  readonly name: string;
  readonly runUid: string;
}

/**
 * The operations of a backup as Velero's file of item operations has them. Source: its
 * pkg/itemoperation/backup_operation.go.
 */
export function itemOperations(
  { name, runUid }: OperationsOf,
  { plugin, operations, ends, endedAt }: OperationEnds,
): readonly unknown[] {
  const byId = new Map(ends.map((end) => [end.requestId, end]));
  return operations.map(({ requestId, id, action, item, description, startedAt }) => {
    const { phase = 'Failed', progress, failure } = byId.get(requestId) ?? {};
    return {
      spec: {
        backupName: name,
        backupUID: runUid,
        backupItemAction: `${plugin}/${action}`,
        resourceIdentifier: {
          ...{ Group: item.group, Resource: item.resource },
          ...{ Namespace: item.namespace, Name: item.name },
        },
        operationID: id ?? requestId,
      },
      status: {
        phase,
        ...(failure === undefined ? {} : { error: failure.message }),
        ...(progress === undefined
          ? {}
          : {
              nCompleted: Math.round(progress.done),
              ...(progress.total === undefined ? {} : { nTotal: Math.round(progress.total) }),
              ...(progress.unit === undefined ? {} : { operationUnits: progress.unit }),
            }),
        ...(description === undefined ? {} : { description }),
        ...(startedAt === undefined ? {} : { created: startedAt, started: startedAt }),
        updated: endedAt,
      },
    };
  });
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
