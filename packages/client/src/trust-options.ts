/**
 * How a client checks the certificate of the loader. Part of the package's declarations, which need no types of Node.js,
 * so it imports nothing.
 */
export interface TrustOptions {
  /** PEM of the authorities to trust instead of those of Node.js, such as that of your organization. */
  readonly ca?: string;
  /**
   * PEM of the loader's certificate: exactly this one is accepted, whatever its authority and its names, for example a
   * self-signed one.
   */
  readonly certificate?: string;
}
