/** What signs requests to a bucket. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Left out for credentials that stay valid, or that do not say. */
  readonly expiresAt?: Date;
}
