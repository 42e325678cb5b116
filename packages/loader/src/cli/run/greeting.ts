/** Prints interfaces, URLs and warnings once `packetlog run` is attached. */
import type { Ready } from '../../reader/drain-thread.ts';
import { EXPOSED } from '../../server/http/exposed.ts';
import { otherRoutesProblem } from '../../system/default-route.ts';
import { printableName } from '../../system/interface-name.ts';
import { say } from '../process/say.ts';
import type { RunningServer } from './served-loader.ts';
import { servedUrls, servedWithoutTokens } from './served-urls.ts';

/** Returns the line for the service manager: which interfaces are watched, and which do not exist yet. */
export function watchingText(interfaces: Ready['interfaces']): string {
  const names = (isWaiting: boolean) =>
    interfaces
      .filter(({ state }) => (state === 'waiting') === isWaiting)
      .map(({ name }) => printableName(name))
      .join(', ');
  return [
    ...(names(false) === '' ? [] : [`Watching ${names(false)}`]),
    ...(names(true) === '' ? [] : [`Waiting for ${names(true)}`]),
  ].join('; ');
}

export function greet(
  { interfaces, otherRoutes, warnings: deviceWarnings }: Ready,
  server: Pick<RunningServer, 'served' | 'isExposed' | 'servedMetrics'> | undefined,
  warnings: readonly string[],
): void {
  for (const { name, mode, mode_reason, state } of interfaces) {
    if (state === 'waiting') {
      say(`Waiting for ${printableName(name)}, which does not exist yet`);
      continue;
    }
    const because = mode_reason ? `, because ${mode_reason}` : '';
    say(`Watching ${printableName(name)} (${mode.replace('_', ' with ')}${because})`);
  }
  for (const warning of deviceWarnings) say(`Warning: ${warning}`, 'warning');
  const others = otherRoutes.map(printableName);
  if (others.length > 0) {
    const { problem, next } = otherRoutesProblem(others);
    say(`${problem}. ${next}`, 'warning');
  }
  for (const warning of warnings) say(warning, 'warning');
  if (server) {
    // Tokens must not reach a journal, which other users may read.
    const lines = process.stderr.isTTY ? servedUrls(server.served) : servedWithoutTokens(server.served);
    for (const line of lines) say(line);
    if (server.isExposed) say(`Warning: ${EXPOSED.listen.problem}. ${EXPOSED.listen.next}`, 'warning');
    if (server.servedMetrics) greetMetrics(server.servedMetrics);
  }
  say('Waiting for Ctrl-C...');
}

function greetMetrics({ url, isExposed }: NonNullable<RunningServer['servedMetrics']>): void {
  say(`Metrics: ${url}`);
  if (isExposed) say(`Warning: ${EXPOSED.metrics.problem}. ${EXPOSED.metrics.next}`, 'warning');
}
