/**
 * TCP services with logins where many connections a minute from one source are not ordinary use. Mail and databases are
 * not listed: web mail, applications without a connection pool and offices behind one address connect as often.
 */
const LOGIN_SERVICES: ReadonlyMap<number, string> = new Map([
  [21, 'ftp'],
  [22, 'ssh'],
  [23, 'telnet'],
  [445, 'smb'],
  [3389, 'rdp'],
  [5900, 'vnc'],
]);

/** 1 for each port with a login service. */
export const LOGIN_PORTS: Uint8Array = Uint8Array.from({ length: 65_536 }, (_, port) =>
  LOGIN_SERVICES.has(port) ? 1 : 0,
);

/** Returns `ssh`, or `port 2222` for a port without a login service. */
export function loginServiceName(port: number): string {
  return LOGIN_SERVICES.get(port) ?? `port ${port}`;
}
