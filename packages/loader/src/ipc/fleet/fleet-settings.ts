/** What the server process needs to dial hubs. */

export interface HubSettings {
  /** Origin, such as https://hub.example:8443. */
  readonly url: string;
}

export interface FleetSettings {
  /** In the order of the options; requests of the server name a hub by its index. */
  readonly hubs: readonly HubSettings[];
  /** Certificate authorities in PEM, in place of the machine's; undefined: those of the machine. */
  readonly ca: string | undefined;
  /** SHA-256 of accepted TLS certificates, 64 small hex digits; empty: certificate authorities decide. */
  readonly fingerprints: readonly string[];
}
