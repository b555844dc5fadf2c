/** One aspect of the state of a thing, as in Kubernetes' API conventions. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** In camel case, for programs. */
  readonly reason: string;
  /** For people. */
  readonly message: string;
  /** When the status was last another one. */
  readonly lastTransitionTime: string;
}
