// Loaded into the core with --require: tries what a taken-over core would, and prints the results as one line.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const { isMainThread } = require('node:worker_threads');

/** Returns "done" or the code of the error. */
function attempt(action) {
  try {
    action();
    return 'done';
  } catch (error) {
    return error.code ?? error.name;
  }
}

function create(path) {
  fs.writeFileSync(path, '');
  fs.rmSync(path);
}

/** Returns "done" or "failed". */
const command = (file, ...args) => (spawnSync(file, args).status === 0 ? 'done' : 'failed');

/** Asks the helper of the server to pass a file that the core can only name, not read. */
function startWith(path) {
  const { server } = JSON.parse(process.env.PACKETLOG_HANDOVER);
  const fd = fs.openSync(path, fs.constants.O_PATH ?? 0o10000000);
  fs.writeSync(server.requests, `start ${fd} ${fd} ${fd} ${fd} ${fd}\n`);
  const text = Buffer.alloc(64);
  let answer = '';
  while (!/failed|opened/.test(answer)) answer += text.toString('utf8', 0, fs.readSync(server.answers, text));
  fs.writeSync(server.requests, 'end\n');
  fs.readSync(server.answers, text);
  return /failed/.test(answer) ? 'failed' : 'done';
}

if (isMainThread && process.geteuid() !== 0) {
  const helper = Number(
    fs
      .readdirSync('/proc')
      .find((pid) => /^\d+$/.test(pid) && new RegExp(`^PPid:\\s*${process.pid}$`, 'm').test(statusOf(pid))),
  );
  const results = {
    'read the shadow passwords': attempt(() => fs.readFileSync('/etc/shadow')),
    'write to /etc': attempt(() => create('/etc/packetlog-probe')),
    'write to /usr/bin': attempt(() => create('/usr/bin/packetlog-probe')),
    'list the home of root': attempt(() => fs.readdirSync('/root')),
    'write to its program': attempt(() => fs.openSync(process.argv[1], 'r+')),
    'write to a setting of the kernel': attempt(() => fs.openSync('/proc/sys/kernel/core_pattern', 'r+')),
    'become root': attempt(() => process.setuid(0)),
    'become root with setpriv': command('setpriv', '--reuid', '0', 'true'),
    'create a network namespace': command('unshare', '--net', 'true'),
    'enter the network namespace of another process': command('nsenter', '--net=/proc/1/ns/net', 'true'),
    mount: command('mount', '-t', 'tmpfs', 'none', '/mnt'),
    'kill a helper': attempt(() => process.kill(helper, 'SIGKILL')),
    'read memory of a helper': attempt(() => fs.openSync(`/proc/${helper}/mem`, 'r')),
    'list files of a helper': attempt(() => fs.readdirSync(`/proc/${helper}/fd`)),
    'pass a file to the server through the helper': startWith('/etc/shadow'),
  };
  process.stderr.write(`probe ${JSON.stringify(results)}\n`);
}

function statusOf(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
