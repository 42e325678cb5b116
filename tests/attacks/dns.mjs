// @ts-check
/** A DNS server that answers every query for a name (PTR) with the text that is its argument. It prints `ready`. */
import { createSocket } from 'node:dgram';

const HEADER = 12;
const PTR = 12;
const labels = (process.argv[2] ?? '').split('.').map((label) => Buffer.from(label));
const name = Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.from([0])]);

const socket = createSocket('udp4');
socket.on('message', (query, { address, port }) => {
  let end = HEADER;
  while ((query[end] ?? 0) > 0) end += (query[end] ?? 0) + 1;
  const question = query.subarray(HEADER, end + 5);
  const head = Buffer.alloc(HEADER);
  query.copy(head, 0, 0, 2);
  // A response with one question and one answer.
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(1, 6);
  const answer = Buffer.alloc(12);
  // The name of the question, class IN, a minute.
  answer.writeUInt16BE(0xc000 | HEADER, 0);
  answer.writeUInt16BE(PTR, 2);
  answer.writeUInt16BE(1, 4);
  answer.writeUInt32BE(60, 6);
  answer.writeUInt16BE(name.length, 10);
  socket.send(Buffer.concat([head, question, answer, name]), port, address);
});
socket.bind(53, '127.0.0.53', () => process.stdout.write('ready\n'));
