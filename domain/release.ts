/** Version of this checkout; package.json has the same. */
export const RELEASE = '0.1.0';
