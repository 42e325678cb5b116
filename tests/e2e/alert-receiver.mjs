// Receives messages of alerts, and prints each request as a line of JSON. The path says how it answers: /ok, /500, /hang,
// /close, /redirect, or /switch, which is 500 until a request to /repair.
import { createServer } from 'node:http';

const PORT = Number(process.argv[2]);
let isRepaired = false;

createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (piece) => {
    body += piece;
  });
  request.on('end', () => {
    const { url = '', method, headers } = request;
    console.log(
      JSON.stringify({ url, method, authorization: headers.authorization, type: headers['content-type'], body }),
    );
    if (url === '/repair') isRepaired = true;
    if (url.startsWith('/hang')) return;
    if (url.startsWith('/close')) {
      request.socket.destroy();
      return;
    }
    if (url.startsWith('/redirect')) {
      response.writeHead(302, { Location: '/ok-elsewhere' }).end();
      return;
    }
    const isBroken = url.startsWith('/500') || (url.startsWith('/switch') && !isRepaired);
    response.writeHead(isBroken ? 500 : 200).end(isBroken ? 'broken \u001b[31minside' : 'thanks');
  });
}).listen(PORT, '127.0.0.1', () => console.log('listening'));
