import { randomUUID } from 'node:crypto';

import { Failure } from '../../domain/failure.ts';
import { previewWorkflowId, type RunKey } from '../../domain/workflow-id.ts';
import { answerOf, type AnswerRun, type AnswerWait } from './answer-run.ts';
import type { TemporalRuns } from './temporal.ts';

/** Previews that one API process has under way: each asks the cluster much, beside the runs of the same workers. */
const PREVIEWS_MAX = 4;

/** How long somebody waits for a preview. */
export type PreviewWait = AnswerWait;

export interface PreviewRun extends Pick<AnswerRun, 'workflow' | 'input' | 'summary' | 'wait'> {
  readonly key: RunKey;
}

/** Runs the workflows of previews, a few at the same time, and waits for what they say. */
export class PreviewRuns {
  readonly #temporal: TemporalRuns;
  #underWay = 0;

  constructor(temporal: TemporalRuns) {
    this.#temporal = temporal;
  }

  /**
   * What a preview says. Throws what its activity throws, `throttled` when others look as well, and `preview-timeout`
   * when it takes longer than somebody waits. A preview for which nobody waits any more is cancelled.
   */
  async result({ key, ...run }: PreviewRun): Promise<unknown> {
    if (this.#underWay >= PREVIEWS_MAX) {
      const text = `${String(PREVIEWS_MAX)} previews are under way; ask again when one has ended`;
      throw new Failure('throttled', text);
    }
    this.#underWay += 1;
    try {
      const workflowId = previewWorkflowId(key, randomUUID());
      return await answerOf(this.#temporal, { ...run, workflowId, late });
    } finally {
      this.#underWay -= 1;
    }
  }
}

const TIMEOUT_TEXT =
  'the preview takes too long; narrow the request, or wait longer: "Prefer: wait=280" is the most';

function late(cause: unknown): Failure {
  return new Failure('preview-timeout', TIMEOUT_TEXT, { cause });
}
