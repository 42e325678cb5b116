/** Targets of alerts: what is a valid one, and how one is shown. Pure. */
import { createHash } from 'node:crypto';
import type { AlertTarget, AlertTargetType } from '../ipc/alerts/alerts-access.ts';
import { printableName } from '../system/interface-name.ts';

/** Whoever knows the URL of such a target can post there. */
const SECRET_URLS: ReadonlySet<AlertTargetType> = new Set(['slack', 'discord', 'ntfy']);
const SECRET_FILE = 'Write it to a file that only you can read (chmod 600), and name the file with --secret-file.';
const NTFY_TOPIC = /^\/[-_A-Za-z0-9]{1,64}$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const HEADER_VALUE = /^[\x20-\x7e]+$/;

/** Returns what is wrong with a target and what to write, as sentences; undefined: it can be used. */
export function targetProblem(target: AlertTarget): string | undefined {
  const { type, url, is_secret, authorization } = target;
  if (SECRET_URLS.has(type) && !is_secret) return `The URL of a target ${type} is a secret. ${SECRET_FILE}`;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || (parsed.protocol !== 'https:' && parsed.protocol !== 'http:')) {
    const shown = is_secret ? '' : ` ${JSON.stringify(url)}`;
    return `The URL${shown} cannot be used: write https://HOST/PATH or http://HOST/PATH.`;
  }
  if (authorization !== undefined && !HEADER_VALUE.test(authorization)) {
    return 'The secret has characters that a header cannot have: write one line of printable ASCII.';
  }
  return secrecyProblem(target, parsed) ?? formProblem(type, parsed);
}

function secrecyProblem({ is_secret, authorization }: AlertTarget, url: URL): string | undefined {
  if (url.username !== '' || url.password !== '') return `The URL has a user or a password. ${SECRET_FILE}`;
  if (url.search !== '' && !is_secret) return `The query of a URL often holds a secret. ${SECRET_FILE}`;
  const isExposed = url.protocol === 'http:' && !LOOPBACK.test(url.hostname);
  return isExposed && (is_secret || authorization !== undefined)
    ? 'The secret would travel unencrypted: write https://, or http:// with localhost.'
    : undefined;
}

function formProblem(type: AlertTargetType, { hash, pathname, search }: URL): string | undefined {
  if (hash !== '') return 'The URL has a fragment (#), which is never sent: remove it.';
  if (type === 'ntfy' && !(NTFY_TOPIC.test(pathname) && search === '')) {
    return 'The URL of a target ntfy ends with one topic: write https://HOST/TOPIC.';
  }
  return type === 'alertmanager' && search !== ''
    ? 'The URL of a target alertmanager has no query: write https://HOST.'
    : undefined;
}

/** Returns the target without its secrets: `webhook:https://example.org/hook`, `slack:https://hooks.slack.com/***`. */
export function targetText({ type, url, is_secret }: AlertTarget): string {
  return printableName(`${type}:${is_secret ? `${URL.canParse(url) ? new URL(url).origin : ''}/***` : url}`);
}

/** Alerts with the same key share a queue and a budget. Tells nothing of the URL. */
export function targetKey({ type, url }: AlertTarget): string {
  return createHash('sha256').update(`${type}\n${url}`).digest('hex').slice(0, 16);
}
