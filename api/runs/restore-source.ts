import type { CreateRestoreRequest } from '../../domain/api-resource.ts';
import { retriedFields, triedRestore } from '../../domain/restore/restore-source.ts';
import type { RestoreSpec } from '../../domain/restore.ts';
import type { RunKey } from '../../domain/workflow-id.ts';
import { readRestore } from '../../storage/catalogue.ts';
import type { ObjectStore } from '../../storage/object-store/port.ts';
import { RequestFailure } from '../errors.ts';
import { failureOf } from './service.ts';
import { restoreSpec } from './spec.ts';

/**
 * The whole spec of a request for a restore, when the request has been checked by itself. One that tries another
 * restore again has the fields of that one which it does not give: which workers it is for depends on them. Throws
 * `invalid-request`, `restore-not-found` and `still-running`.
 */
export async function completeRestoreSpec(
  { store, ownCluster }: { readonly store: ObjectStore; readonly ownCluster: string },
  { location }: Pick<RunKey, 'location'>,
  request: CreateRestoreRequest,
): Promise<RestoreSpec> {
  const { retryOf } = request.spec;
  if (retryOf === undefined) {
    return restoreSpec(request, ownCluster);
  }
  const claim = (await readRestore(store, retryOf))?.claim;
  const answer = triedRestore({ retryOf, location }, claim);
  if ('refusal' in answer) {
    throw failureOf(answer.refusal);
  }
  const { spec: tried } = answer.tried;
  const { fields, errors } = retriedFields(request.spec, tried);
  if (errors.length > 0) {
    throw new RequestFailure(errors);
  }
  const spec = restoreSpec({ ...request, spec: fields }, ownCluster);
  return { ...spec, backupName: tried.backupName };
}
