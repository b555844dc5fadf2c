/** A run, to each of its activities. */
export interface RunReference {
  readonly location: string;
  readonly name: string;
  /** The workflow's run id. */
  readonly runUid: string;
}

/** A run of either kind, to activities that both have. */
export interface KindReference extends RunReference {
  readonly kind: 'Backup' | 'Restore';
}
