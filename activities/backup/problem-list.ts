import { type BackupProblems, joinProblems } from '../../domain/backup.ts';
import type { CoverageReason } from '../../domain/coverage.ts';
import { Failure, type FailureReport } from '../../domain/failure.ts';
import { groupResource, type ResourceType } from '../../domain/item.ts';
import { tellFailure } from '../run-log/activity-log.ts';

/** Gathers what one step of a backup could not take, and what should be known about what it took, and tells the log of it. */
export class ProblemList {
  readonly #errors: FailureReport[] = [];
  readonly #warnings: FailureReport[] = [];
  readonly #isPatient: boolean;

  /** `isPatient`: a type that fails may come with another attempt, and is not told yet. */
  constructor({ isPatient }: { isPatient: boolean }) {
    this.#isPatient = isPatient;
  }

  error(report: FailureReport): void {
    this.#errors.push(report);
    tellFailure('error', report);
  }

  warning(report: FailureReport): void {
    this.#warnings.push(report);
    tellFailure('warning', report);
  }

  /** All of them, joined where several concern one type. */
  all(): BackupProblems {
    return joinProblems([{ errors: this.#errors, warnings: this.#warnings }]);
  }

  /** Does something with one type; a failure that concerns this type alone is told, and gives the value instead. */
  async orTell<Value>(
    type: ResourceType,
    instead: (reason: CoverageReason) => Value,
    run: () => Promise<Value>,
  ): Promise<Value> {
    try {
      return await run();
    } catch (error) {
      return instead(this.tell(type, error));
    }
  }

  /**
   * Tells of a failure of one type, and says what it means for coverage. One that may pass, or concerns everything, is
   * thrown again.
   */
  tell(type: ResourceType, error: unknown): CoverageReason {
    const code = error instanceof Failure ? error.code : undefined;
    const subject = groupResource(type);
    if (code === 'not-found') {
      const message = `${subject} is no longer served; it went since the cluster was asked`;
      this.warning({ code, message, subject });
      return 'gone';
    }
    // A conversion webhook that is away fails the types that it converts, and nothing else.
    const isFailing = code === 'cluster-failed' && !this.#isPatient;
    if (code === 'cluster-forbidden' || code === 'cluster-rejected' || isFailing) {
      const message = `${subject} is not in the backup: ${error instanceof Error ? error.message : ''}`;
      this.error({ code, message, subject });
      return code === 'cluster-forbidden' ? 'forbidden' : 'rejected';
    }
    throw error;
  }
}
