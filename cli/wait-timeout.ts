/** It took longer than whoever waits wanted. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
}
