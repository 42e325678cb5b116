/** The URLs of the dashboard, with the tokens in their fragments, which no server ever sees. */
import type { ControlSession } from '../../ipc/control-session.ts';

export type Served = NonNullable<ControlSession['served']>;

/** A line for each of them. */
export function servedUrls({ url, token, admin_token, has_pages = true }: Served): string[] {
  const look = `${url}/#token=${token}`;
  const lines = [`${has_pages ? 'Dashboard' : 'Socket'}: ${look}`];
  return admin_token === undefined
    ? lines
    : [...lines, `Admin URL (can change rules): ${look}&admin_token=${admin_token}`];
}

/** The same for where many may read it, such as a journal. */
export function servedWithoutTokens({ url, has_pages = true }: Served): string[] {
  return [`${has_pages ? 'Dashboard' : 'Socket'}: ${url}/ (its URL with the tokens: packetlog url, as root)`];
}
