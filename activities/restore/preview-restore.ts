import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { Failure } from '../../domain/failure.ts';
import type {
  PreviewRestoreInput,
  PreviewRestoreResult,
  RestorePlanReport,
} from '../../domain/restore/restore-preview.ts';
import { shortenedPlans } from '../../domain/restore/shorten-plan.ts';
import type { Dependencies } from '../dependencies.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { seal } from '../../storage/seal.ts';
import { inspectPlan } from './inspect-plan.ts';
import { resolveRestore } from './open-restore.ts';

const compress = promisify(gzip);

/** Characters of a sealed report on its way through Temporal, whose payloads stay under 64 KiB. */
const SEALED_LENGTH_MAX = 60 * 1024;
/** Stands for the run in the marks of objects that nobody writes. */
const PREVIEW_UID = 'preview';

/** See `ClusterActivities.previewRestore`. */
export function previewRestore(
  { cluster, store: storeOf, namespace }: Dependencies,
  { location, name, spec: asked, publicKey }: PreviewRestoreInput,
): Promise<PreviewRestoreResult> {
  return withHeartbeat(async ({ signal, report }) => {
    const source = { cluster, namespace, store: storeOf(location), location, signal };
    const found = await resolveRestore({ ...source, spec: asked });
    if ('refusal' in found) {
      return { kind: 'refused', failure: found.refusal };
    }
    const onProgress = (itemsDone: number): void => {
      report({ itemsDone, bytesDone: 0 });
    };
    const plan = await inspectPlan({
      ...{ ...source, ...found, name, runUid: PREVIEW_UID, onProgress },
    });
    return { kind: 'planned', sealed: await packed(plan, publicKey) };
  });
}

/** The longest form of a report that fits into a payload. */
async function packed(plan: RestorePlanReport, publicKey: string): Promise<string> {
  for (const shorter of shortenedPlans(plan)) {
    const bytes = seal(await compress(JSON.stringify(shorter)), publicKey);
    const text = bytes.toString('base64');
    if (text.length <= SEALED_LENGTH_MAX) {
      return text;
    }
  }
  throw new Failure('quota-exceeded', 'the plan is too large to be shown; narrow the request');
}
