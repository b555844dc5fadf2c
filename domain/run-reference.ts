/** A run, to each of its activities. */
export interface RunReference {
  readonly location: string;
  readonly name: string;
  /** The workflow's run id. */
  readonly runUid: string;
}
