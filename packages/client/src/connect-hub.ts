import { hubHelloSchema } from '@packetlog/common/fleet';
import { FleetFeed } from './fleet-feed.ts';
import { HubClient, type HubConnectOptions } from './hub-client.ts';
import { greeted, newSocket } from './open-socket.ts';

/**
 * Connects to the hub at `url`, for example `https://hub.example.com`. The client reconnects if the connection breaks.
 * @throws PacketLogError with the code `unreachable`, `unauthorized`, `protocol_mismatch` or `too_many_clients`.
 */
export async function connectHub(url: string, options: HubConnectOptions): Promise<HubClient> {
  const socket = newSocket(url, options);
  // Before the hub sends them, right after its first message.
  const fleet = new FleetFeed(socket);
  const hello = await greeted(socket, url, options, {
    event: 'hub',
    parse: (message) => hubHelloSchema.safeParse(message),
    server: 'hub',
    other: (to) => `${to} is a loader, not a hub. Connect to it with connect().`,
  });
  return new HubClient({ url, options, socket, hello, fleet });
}
