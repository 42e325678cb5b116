/** Runs one host of the demo: `node actor.js ROLE` in the host's namespace. Ends when its standard input is closed. */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { SERVER } from './lab.ts';
import { sendEcho } from './ping.ts';

const WEB_PORTS = [443, 80];
const DNS_PORT = 53;
/** A query for example.com, type A (RFC 1035). */
const DNS_QUERY = Buffer.from('1234010000010000000000000765786d706c6503636f6d0000010001', 'hex');

/** These intervals bound the rates: about 400 packets/s in all. */
const ROLES: Readonly<Record<string, () => void>> = {
  server() {
    for (const port of WEB_PORTS) {
      for (const host of ['0.0.0.0', '::']) {
        createServer((socket) => {
          socket.on('error', () => socket.destroy());
          socket.once('data', () => socket.end(Buffer.alloc(2000, 'x')));
        }).listen({ port, host, ipv6Only: host === '::' });
      }
    }
    for (const type of ['udp4', 'udp6'] as const) {
      const socket = createSocket({ type, ipv6Only: type === 'udp6' });
      socket.on('message', (message, from) => socket.send(message, from.port, from.address));
      socket.on('error', () => {});
      socket.bind(DNS_PORT);
    }
  },
  web() {
    every(120, (n) => request(n % 3 === 0 ? SERVER.ipv6 : SERVER.ipv4, n % 4 === 0 ? 80 : 443));
    every(900, () => request(SERVER.ipv4, 22));
  },
  dns() {
    const v4 = createSocket('udp4').on('error', () => {});
    const v6 = createSocket('udp6').on('error', () => {});
    every(25, () => v4.send(DNS_QUERY, DNS_PORT, SERVER.ipv4));
    every(180, () => v6.send(DNS_QUERY, DNS_PORT, SERVER.ipv6));
  },
  ping() {
    every(400, (n) => sendEcho(SERVER.ipv4, n));
    const probe = createSocket('udp4').on('error', () => {});
    every(1500, (n) => probe.send('traceroute?', 33_434 + (n % 30), SERVER.ipv4));
  },
  scan() {
    // A burst over 200 ports, then a pause.
    every(6000, (n) => {
      for (let i = 0; i < 200; i++) setTimeout(() => request(SERVER.ipv4, 1 + ((n * 200 + i) % 1024)), i * 5);
    });
  },
};

function every(ms: number, act: (n: number) => void): void {
  let n = 0;
  setInterval(() => act(n++), ms);
}

/** Opens a TCP connection, sends a request, reads the answer and closes; a rejected connection is fine too. */
function request(host: string, port: number): void {
  const socket = connect({ host, port, timeout: 1000 }, () =>
    socket.write('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'),
  );
  socket.on('error', () => {});
  socket.on('timeout', () => socket.destroy());
  socket.resume();
}

process.stdin.on('end', () => process.exit(0));
process.stdin.on('close', () => process.exit(0));
process.stdin.resume();
ROLES[process.argv[2] ?? '']?.();
