/** What the server needs for TLS. The files are read where they can be read: the server may lack the rights. */
export interface TlsPem {
  /** The certificate, followed by those of the intermediate authorities. */
  readonly cert: string;
  readonly key: string;
}
