/** Formats the URLs of the dashboard, with tokens in their fragments, which browsers do not send to servers. */
import type { ControlSession } from '../../ipc/control-session.ts';

export type Served = NonNullable<ControlSession['served']>;

/** Returns one line per URL. */
export function servedUrls({ url, token, admin_token, has_pages = true }: Served): string[] {
  const readOnly = `${url}/#token=${token}`;
  const lines = [`${has_pages ? 'Dashboard' : 'Socket'}: ${readOnly}`];
  return admin_token === undefined
    ? lines
    : [...lines, `Admin URL (can change rules): ${readOnly}&admin_token=${admin_token}`];
}

/** Returns the lines without tokens, for output that others may read, such as a journal. */
export function servedWithoutTokens({ url, has_pages = true }: Served): string[] {
  return [`${has_pages ? 'Dashboard' : 'Socket'}: ${url}/ (its URL with the tokens: packetlog url, as root)`];
}
