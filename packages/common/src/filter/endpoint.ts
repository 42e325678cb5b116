/** An address with a port, as in logs and on web pages: `192.0.2.1:443`, `[2001:db8::1]:443`. */

export interface EndpointText {
  readonly address: string;
  /** Absent in `[2001:db8::1]`. */
  readonly port?: number;
}

const IPV4_ENDPOINT = /^(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})$/;
const IPV6_ENDPOINT = /^\[([0-9a-f:.]*:[0-9a-f:.]*)\](?::(\d{1,5}))?$/i;

export function endpointText(text: string): EndpointText | undefined {
  const [, address, port] = IPV4_ENDPOINT.exec(text) ?? IPV6_ENDPOINT.exec(text) ?? [];
  if (address === undefined) return undefined;
  return port === undefined ? { address } : { address, port: Number(port) };
}
