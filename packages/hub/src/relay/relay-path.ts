/** The address of a node's socket at the hub: `/nodes/NAME/socket.io/?…`. */
import { nodeNameSchema } from '@packetlog/common/fleet';

const PATH = /^\/nodes\/([^/?]+)\/socket\.io\/?(\?.*)?$/;

/** Returns undefined for any other address. `url`: the socket's address at the node. */
export function relayTarget(requested: string): { readonly node: string; readonly url: string } | undefined {
  const [, name, query = ''] = PATH.exec(requested) ?? [];
  const parsed = nodeNameSchema.safeParse(name);
  return parsed.success ? { node: parsed.data, url: `/socket.io/${query}` } : undefined;
}
