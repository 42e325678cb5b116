/** `nats://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…][?bucket=NAME&replicas=N&ca=FILE&cert=FILE&key=FILE]`; `tls://` encrypts. */
import { StateError } from './hub-state.ts';

const URL_OF_STATE = /^(nats|tls):\/\/(?:([^@/?#]*)@)?([^@/?#]+)\/?(?:\?([^#]*))?$/;
const SERVER = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/;
const PARAMETERS = ['bucket', 'replicas', 'ca', 'cert', 'key'];
const DEFAULT_BUCKET = 'packetlog';

export interface NatsUrl {
  readonly servers: readonly string[];
  readonly bucket: string;
  /** Copies in a cluster of NATS servers. */
  readonly replicas: number;
  readonly user?: string;
  readonly password?: string;
  /** Files of certificates; present if the connection must be encrypted. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

/** Returns whether `--state` names a NATS server, not a directory. */
export function isNatsUrl(state: string): boolean {
  return /^(nats|tls):/.test(state);
}

/** Throws StateError. */
export function parseNatsUrl(text: string): NatsUrl {
  const [, scheme, login, hosts = '', query] = URL_OF_STATE.exec(text) ?? [];
  const servers = hosts.split(',');
  const parameters = new URLSearchParams(query);
  const isKnown = [...parameters.keys()].every((name) => PARAMETERS.includes(name));
  const bucket = parameters.get('bucket') ?? DEFAULT_BUCKET;
  const replicas = parameters.get('replicas') ?? '1';
  if (!servers.every((server) => SERVER.test(server)) || !isKnown || !/^[\w-]{1,64}$/.test(bucket)) throw invalid(text);
  if (!['1', '3', '5'].includes(replicas)) throw invalid(text);
  const [user, password] = (login ?? '').split(':').map(decodeURIComponent);
  const [caFile, certFile, keyFile] = ['ca', 'cert', 'key'].map((name) => parameters.get(name));
  const isEncrypted = scheme === 'tls' || caFile || certFile || keyFile;
  return {
    servers,
    bucket,
    replicas: Number(replicas),
    ...(user ? { user } : {}),
    ...(password ? { password } : {}),
    ...(isEncrypted
      ? { tls: { ...(caFile ? { caFile } : {}), ...(certFile ? { certFile } : {}), ...(keyFile ? { keyFile } : {}) } }
      : {}),
  };
}

/** Returns the URL without the password, for messages. */
export function shownUrl({ servers, bucket, tls }: NatsUrl): string {
  return `${tls === undefined ? 'nats' : 'tls'}://${servers.join(',')}?bucket=${bucket}`;
}

function invalid(text: string): StateError {
  const withoutPassword = text.replace(/\/\/[^@/]*@/, '//…@');
  const next =
    'Write nats://HOST:PORT, or several as HOST:PORT,HOST:PORT; optionally ?bucket=NAME, &replicas=1, 3 or 5, and for TLS &ca=FILE, &cert=FILE, &key=FILE.';
  return new StateError('use the state', withoutPassword, 'this is not the URL of a NATS server', next);
}
