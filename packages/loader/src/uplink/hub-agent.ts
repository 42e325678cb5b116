/** Opens connections to a hub: only to one whose TLS certificate is trusted, or over plain TCP on this machine. */
import { Agent, type ClientRequestArgs } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import * as tls from 'node:tls';
import type { FleetSettings } from '../ipc/fleet/fleet-settings.ts';
import { trustedAuthorities } from '../server/http/trusted-authorities.ts';

const CONNECT_MS = 10_000;

/** The hub has another TLS certificate than those that are accepted. */
export class WrongCertificate extends Error {
  override readonly name = 'WrongCertificate';
  /** SHA-256, hex. */
  readonly fingerprint: string;

  constructor(fingerprint: string) {
    super(`its TLS certificate is sha256/${fingerprint}`);
    this.fingerprint = fingerprint;
  }
}

export type Trust = Pick<FleetSettings, 'ca' | 'fingerprints'>;

/** For requests to one hub; each uses a new connection. */
export class HubAgent extends Agent {
  readonly #url: URL;
  readonly #isTls: boolean;
  readonly #port: number;
  readonly #trust: Trust;
  readonly #opened: (address: string) => void;

  /** `opened` gets the hub's address whenever a connection is open. */
  constructor(url: string, trust: Trust, opened: (address: string) => void = () => {}) {
    super({ keepAlive: false });
    this.#url = new URL(url);
    this.#isTls = this.#url.protocol === 'https:';
    this.#port = Number(this.#url.port || (this.#isTls ? 443 : 80));
    // Node.js compares the former with the protocol of a request, and leaves the latter out of the Host header.
    Object.assign(this, { protocol: this.#url.protocol, defaultPort: this.#isTls ? 443 : 80 });
    this.#trust = trust;
    this.#opened = opened;
  }

  /** Called by Node.js for each request. The certificate is checked before anything is sent. */
  override createConnection(_: ClientRequestArgs, done?: (error: Error | null, socket: Socket) => void): undefined {
    const host = this.#url.hostname.replace(/^\[|\]$/g, '');
    const port = this.#port;
    const socket = this.#isTls ? tls.connect(this.#tlsOptions(host, port)) : connectTcp({ host, port });
    let isDone = false;
    const finish = (error: Error | null) => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      if (error !== null) socket.destroy();
      else this.#opened(socket.remoteAddress ?? '');
      done?.(error, socket);
    };
    const timer = setTimeout(() => finish(timedOut(CONNECT_MS)), CONNECT_MS);
    socket.on('error', finish);
    socket.once('close', () => finish(new Error('it closed the connection')));
    if (socket instanceof tls.TLSSocket) socket.once('secureConnect', () => finish(this.#problemOf(socket)));
    else socket.once('connect', () => finish(null));
    return undefined;
  }

  #tlsOptions(host: string, port: number): tls.ConnectionOptions {
    const { ca, fingerprints } = this.#trust;
    const isPinned = fingerprints.length > 0;
    return {
      ...{ host, port, ALPNProtocols: ['http/1.1'] },
      ...(isIP(host) === 0 && { servername: host }),
      // A pinned certificate is compared after the handshake, in which the hub proved that it has its key.
      rejectUnauthorized: !isPinned,
      ...(!isPinned && (ca === undefined ? { secureContext: trustedAuthorities() } : { ca })),
    };
  }

  #problemOf(socket: tls.TLSSocket): Error | null {
    const { fingerprints } = this.#trust;
    if (fingerprints.length === 0) return null;
    const fingerprint = (socket.getPeerCertificate().fingerprint256 ?? '').replaceAll(':', '').toLowerCase();
    return fingerprints.includes(fingerprint) ? null : new WrongCertificate(fingerprint);
  }
}

function timedOut(ms: number): Error {
  return Object.assign(new Error(`no connection within ${ms / 1000} s`), { code: 'ETIMEDOUT' });
}
