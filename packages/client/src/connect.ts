import { type ConnectOptions, openSocket } from './open-socket.ts';
import { PacketLogClient } from './packet-log-client.ts';

/**
 * Connects to the loader at `url`, for example `http://localhost:7411`. The client reconnects if the connection breaks.
 * @throws PacketLogError with the code `unreachable`, `unauthorized`, `protocol_mismatch` or `too_many_clients`.
 */
export async function connect(url: string, options: ConnectOptions): Promise<PacketLogClient> {
  return new PacketLogClient({ url, options, ...(await openSocket(url, options)) });
}
