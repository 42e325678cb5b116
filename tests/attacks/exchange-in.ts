/** Raw requests from within a namespace. */
import type { Namespace } from '../lab/namespace.ts';

/** Sends each request, given as its lines, on a connection of its own; resolves when the server has closed all. */
export async function exchangeIn(at: Namespace, port: number, requests: readonly (readonly string[])[]): Promise<void> {
  const texts = requests.map((lines) => [...lines, 'Connection: close', '', ''].join('\r\n'));
  const script = `
    import { connect } from 'node:net';
    for (const text of ${JSON.stringify(texts)}) await new Promise((resolve) => {
      const socket = connect(${port}, '127.0.0.1', () => socket.write(Buffer.from(text, 'latin1')));
      socket.on('error', () => {}).on('close', resolve).resume();
    });
  `;
  await at.exec(process.execPath, '--input-type=module', '-e', script);
}
