// Runs in place of the server process, and passes messages of a hub, which is the test, to the core: `POST /ask` with a
// question; `GET /state` is what the core told last.
const http = require('node:http');
const { send, ask, receive } = require('../lab/core-channel.cjs');

let state = null;

const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const piece of request) body += piece;
  const value = request.url === '/ask' ? await ask({ about: 'fleet', question: JSON.parse(body) }) : state;
  response.end(JSON.stringify(value ?? null));
});

receive((message) => {
  if (message.type === 'open') {
    const { host, port } = message.settings.listen;
    server.listen(port, host, () => send({ type: 'opened', port, place_labels: [] }));
  }
  if (message.type === 'start') send({ type: 'started' });
  if (message.type === 'fleet') state = message.fleet;
  if (message.type === 'close') process.exit();
});
