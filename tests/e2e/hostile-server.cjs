// Runs in place of the server process, and tries what a taken-over one would. Prints what succeeded as a log line.
const fs = require('node:fs');
const { hasPipes, output, send, ask, receive } = require('../lab/core-channel.cjs');

const SLABS = 5;
const RELEASED = 6;
const MESSAGES_OF_JUNK = 50;
const FLOOD = 1500;

/** The parent is the core or the helper that started this process. */
const CORE = hasPipes
  ? Number(/^PPid:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${process.ppid}/status`, 'utf8'))?.[1])
  : process.ppid;

/** Returns "done" or the code of the error. */
function attempt(action) {
  try {
    action();
    return 'done';
  } catch (error) {
    return error.code ?? error.name;
  }
}

const rule = { source: '198.51.100.0/24', action: 'deny' };
const changing = (verb, request, admin_token) =>
  ask({ about: 'rules', verb, request, client: 1, address: '127.0.0.1', admin_token });

async function attack(state) {
  const core = CORE;
  const results = {
    'kill the core': attempt(() => process.kill(core, 'SIGKILL')),
    'stop the core': attempt(() => process.kill(core, 'SIGSTOP')),
    'kill the helper': attempt(() => process.kill(process.ppid, 'SIGKILL')),
    'read memory of the helper': attempt(() => fs.openSync(`/proc/${process.ppid}/mem`, 'r')),
    'read tokens': attempt(() => fs.readFileSync(`${state}/tokens.json`)),
    'list state': attempt(() => fs.readdirSync(state)),
    'write state': attempt(() => fs.writeFileSync(`${state}/rules.json`, '{}')),
    'read memory of the core': attempt(() => fs.openSync(`/proc/${core}/mem`, 'r')),
    'read environment of the core': attempt(() => fs.readFileSync(`/proc/${core}/environ`)),
    'write slabs': attempt(() => fs.writeSync(SLABS, 'x')),
    'open slabs for writing': attempt(() => fs.openSync(`/proc/self/fd/${SLABS}`, 'r+')),
    'shorten slabs': attempt(() => fs.ftruncateSync(SLABS, 0)),
    'become root': attempt(() => process.setuid(0)),
  };
  const verbs = {
    add: { rule },
    policy: { default_policy: 'deny' },
    import: { set: 'evil', entries: '198.51.100.0/24' },
    apply: { document: { default_policy: 'deny', rules: [] } },
    remove: { id: 1, force: true },
    undo: {},
  };
  for (const [verb, request] of Object.entries(verbs)) {
    for (const token of [undefined, '', 'a-guess-of-the-admin-token']) {
      const answer = await changing(verb, request, token);
      results[`${verb} with ${token === undefined ? 'no token' : JSON.stringify(token)}`] = answer.ok
        ? 'done'
        : answer.error.code;
    }
  }
  return results;
}

/** Releases slabs that it does not hold, and numbers that are none. */
function releaseJunk() {
  const junk = Buffer.alloc(4096);
  for (let i = 0; i < junk.length; i++) junk[i] = (i * 37) % 256;
  for (let i = 0; i < MESSAGES_OF_JUNK; i++)
    // Not synchronously: the pipe may block when it is full.
    fs.write(RELEASED, junk.subarray(0, i % 2 === 0 ? 4096 : 3), () => {});
}

/** Keeps the drain thread busy, and writes to the log of the core. */
function flood() {
  for (let i = 0; i < FLOOD; i++) {
    send({ type: 'has-clients', has_clients: i % 2 === 0 });
    send({ type: 'places', labels: ['a made-up file'] });
    send({ type: 'delivered', delivery: i, result: { status: 200, text: 'made up' } });
    send({ type: 'log', level: i % 2 === 0 ? 'warn' : 'error', facts: {}, message: `made-up line ${i}` });
  }
}

receive(handle);

function handle(message) {
  if (message.type === 'open') send({ type: 'opened', port: 1, place_labels: [] });
  if (message.type === 'start') {
    send({ type: 'started' });
    send({ type: 'has-clients', has_clients: true });
    send({ type: 'rows-wanted', per_second: null });
    // It never reads its rows, and lies about its clients.
    send({ type: 'clients', clients: 7, operators: ['not an address', '198.51.100.7'] });
    releaseJunk();
    // The state directory is the test's: its name is in the command line of the core.
    const state = /PACKETLOG_STATE=(\S+)/.exec(
      fs.readFileSync(`/proc/${CORE}/cmdline`, 'utf8').replaceAll('\0', ' '),
    )[1];
    attack(state).then((results) => {
      for (const [what, result] of Object.entries(results)) {
        send({ type: 'log', level: 'warn', facts: { what, result }, message: what });
      }
      send({ type: 'log', level: 'warn', facts: {}, message: 'attacks finished' });
      flood();
      // At last, something that is not a message.
      setTimeout(() => output.write(Buffer.alloc(64, 0xff)), 500);
    });
  }
}
