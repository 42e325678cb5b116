/** Real nginx and Caddy, configured with the blocks of docs/deploy.md, in a directory that is removed with them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MadeCertificate } from '../lab/certificate.ts';
import type { Namespace } from '../lab/namespace.ts';
import { type LabProcess, startProcess } from '../lab/process.ts';
import { programPath } from '../lab/program.ts';

const DEPLOY = fileURLToPath(new URL('../../docs/deploy.md', import.meta.url));
const NAME = 'packetlog.example.com';

const PROGRAMS = { nginx: 'usr/sbin/nginx', caddy: 'usr/bin/caddy' } as const;

export type ProxyName = keyof typeof PROGRAMS;

interface Plan {
  readonly at: Namespace;
  readonly program: string;
  readonly directory: string;
  readonly port: number;
  readonly certificate: MadeCertificate;
}

export interface StartedProxy {
  readonly process: LabProcess;
  /** Ends the proxy and removes its directory. */
  close(): Promise<void>;
}

/** Starts a proxy at this port of loopback, for the host name `localhost`. */
export function startProxy(name: ProxyName, at: Namespace, port: number, certificate: MadeCertificate): StartedProxy {
  // First: if it is missing, nothing must be left.
  const program = programPath(PROGRAMS[name]);
  const directory = mkdtempSync(join(tmpdir(), `packetlog-${name}-`));
  const start = name === 'nginx' ? startNginx : startCaddy;
  const process = start({ at, program, directory, port, certificate });
  return {
    process,
    close: async () => {
      await process.end().catch(() => process.dispose());
      rmSync(directory, { recursive: true });
    },
  };
}

function startNginx({ at, program, directory, port, certificate: { cert, key } }: Plan): LabProcess {
  const server = replaced(blockOf('nginx'), [
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    [`server_name ${NAME}`, 'server_name localhost'],
    ['/etc/ssl/packetlog.crt', cert],
    ['/etc/ssl/private/packetlog.key', key],
  ]);
  // Its usual directories belong to an installed nginx.
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(directory, kind)};`,
  );
  const file = join(directory, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; pid ${join(directory, 'pid')}; error_log stderr; events {}
http { access_log ${join(directory, 'access.log')}; ${temporary.join(' ')}
${server} }`,
  );
  return startProcess(at, program, ['-p', directory, '-c', file, '-e', 'stderr']);
}

function startCaddy({ at, program, directory, port, certificate: { cert, key } }: Plan): LabProcess {
  const site = replaced(blockOf('caddy'), [
    [`${NAME} {`, `localhost:${port} {\n    bind 127.0.0.1\n    tls ${cert} ${key}`],
  ]);
  const file = join(directory, 'Caddyfile');
  writeFileSync(file, `{\n    admin off\n    auto_https disable_redirects\n}\n${site}`);
  const home = { HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  return startProcess(at, program, ['run', '--config', file, '--adapter', 'caddyfile'], home);
}

/** Returns the fenced block of a language. */
function blockOf(language: string): string {
  const [, block] = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(readFileSync(DEPLOY, 'utf8')) ?? [];
  if (block === undefined) throw new Error(`docs/deploy.md has no block ${language}`);
  return block;
}

function replaced(text: string, pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`docs/deploy.md: the block lacks ${from}`);
    return result.replace(from, to);
  }, text);
}
