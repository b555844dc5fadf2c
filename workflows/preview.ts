import { setCurrentDetails } from '@temporalio/workflow';

import type { PreviewResult } from '../domain/coverage.ts';
import type {
  PreviewRestoreInput,
  PreviewRestoreResult,
} from '../domain/restore/restore-preview.ts';
import { activitiesOf } from './activity-profiles.ts';
import type { PreviewInput } from './contract.ts';

/** Somebody waits for the answer: what does not work at once is told. */
const PATIENCE_MS = 5000;

/** Says what a backup would hold. One state: it looks, and leaves nothing behind, however it ends. */
export async function preview({ name, spec }: PreviewInput): Promise<PreviewResult> {
  setCurrentDetails(`**Previewing** · what the backup ${name} would hold`);
  return activitiesOf(spec.cluster, PATIENCE_MS)
    .long(`Say what the backup ${name} would hold`)
    .previewBackup({ spec });
}

/** Says what a restore would do; the answer is sealed for who asked. One state, like that of `preview`. */
export async function previewRestore(input: PreviewRestoreInput): Promise<PreviewRestoreResult> {
  const { name, spec } = input;
  setCurrentDetails(`**Previewing** · what the restore ${name} would do`);
  return activitiesOf(spec.cluster, PATIENCE_MS)
    .long(`Say what the restore ${name} would do`)
    .previewRestore(input);
}
