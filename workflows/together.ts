import { CancellationScope, isCancellation } from '@temporalio/workflow';

/**
 * Runs two things at the same time. Where one fails the other is cancelled, and the failure is thrown when both have
 * ended, so that nothing goes on behind the back of what comes next.
 */
export async function together<Left, Right>(
  left: () => Promise<Left>,
  right: () => Promise<Right>,
): Promise<[Left, Right]> {
  return CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    const guarded = async <Result>(run: () => Promise<Result>): Promise<Result> => {
      try {
        return await run();
      } catch (error) {
        scope.cancel();
        throw error;
      }
    };
    const [first, second] = await Promise.allSettled([guarded(left), guarded(right)]);
    if (first.status === 'fulfilled' && second.status === 'fulfilled') {
      return [first.value, second.value];
    }
    const reasons = [first, second].flatMap((end): unknown[] =>
      end.status === 'rejected' ? [end.reason] : [],
    );
    throw reasons.find((reason) => !isCancellation(reason)) ?? reasons[0];
  });
}
