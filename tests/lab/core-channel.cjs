// The channel to the core, for scripts that run in place of the server process: see replaceServer in loader-copy.ts.
const net = require('node:net');
const { deserialize } = require('node:v8');

const CHANNEL = 3;
const ANSWERS = 8;

// Started by a helper, it has two pipes in place of the socket.
const hasPipes = process.argv.includes('pipes');
const channel = new net.Socket({ fd: CHANNEL, readable: true, writable: !hasPipes });
const output = hasPipes ? new net.Socket({ fd: ANSWERS, readable: false, writable: true }) : channel;
const answers = new Map();
let requests = 0;

function send(message) {
  const body = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  output.write(Buffer.concat([length, body]));
}

/** Sends a request to the core, and resolves with its answer. */
function ask(what) {
  const request = ++requests;
  send({ type: 'request', request, what });
  return new Promise((resolve) => answers.set(request, resolve));
}

/** Calls `handle` with each message of the core except answers. Ends the process with the core. */
function receive(handle) {
  let input = Buffer.alloc(0);
  channel.on('data', (piece) => {
    input = Buffer.concat([input, piece]);
    while (input.length >= 4 && input.length >= 4 + input.readUInt32LE()) {
      const length = input.readUInt32LE();
      const message = deserialize(input.subarray(4, 4 + length));
      input = input.subarray(4 + length);
      if (message.type === 'answer') answers.get(message.request)?.(message.value);
      else if (message.type === 'ping') send({ type: 'alive' });
      else handle(message);
    }
  });
  channel.on('close', () => process.exit());
}

module.exports = { hasPipes, output, send, ask, receive };
