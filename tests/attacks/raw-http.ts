/** HTTP as raw bytes: requests that no client library would send. */
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  /** Undefined: the server closed the connection without an answer. */
  readonly status: number | undefined;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Everything that was received, as Latin-1. */
  readonly text: string;
}

/**
 * Sends bytes; resolves when the server has closed the connection, or has switched protocols, unless `throughUpgrade`.
 */
export function exchange(port: number, bytes: string, { throughUpgrade = false } = {}): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = '';
    const socket = open(port);
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => {
      text += piece;
      if (!throughUpgrade && /^HTTP\/1\.1 101 [\s\S]*\r\n\r\n/.test(text)) socket.destroy();
    });
    socket.on('close', () => resolve(answerOf(text)));
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

/** Opens a connection. Errors only close it. */
export function open(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  return socket;
}

/** Returns the text of a request; `lines` are its headers. */
export function requestText(target: string, lines: readonly string[], method = 'GET'): string {
  return [`${method} ${target} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n');
}

export const SOCKET_PATH = '/socket.io/?EIO=4&transport=websocket';

/** Returns the text of a request for a WebSocket. */
export function upgradeText(lines: readonly string[], target = SOCKET_PATH): string {
  const fixed = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  return [`GET ${target} HTTP/1.1`, ...lines, ...fixed, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''].join(
    '\r\n',
  );
}

function answerOf(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1];
  const headers = new Map(
    lines.map((line) => {
      const [name = '', ...value] = line.split(': ');
      return [name.toLowerCase(), value.join(': ')];
    }),
  );
  return { status: status === undefined ? undefined : Number(status), headers, body: rest.join('\r\n\r\n'), text };
}
