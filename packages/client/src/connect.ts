import { type ConnectOptions, openSocket } from './open-socket.ts';
import { PacketLogClient } from './packet-log-client.ts';

/**
 * Connects to a loader, such as `http://localhost:7411`. A connection that breaks later is restored automatically.
 * @throws PacketLogError `unreachable`, `unauthorized`, `protocol_mismatch` or `too_many_clients`.
 */
export async function connect(url: string, options: ConnectOptions): Promise<PacketLogClient> {
  const { socket, hello } = await openSocket(url, options);
  return new PacketLogClient({ url, options, socket, hello });
}
