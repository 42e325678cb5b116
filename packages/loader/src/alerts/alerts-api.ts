/** Answers root's commands about alerts. */
import {
  AlertConditionError,
  alertConditionText,
  filterKey,
  invalidRequest,
  parseAlertCondition,
  parseFilter,
  type RulesError,
} from '@packetlog/common';
import {
  type AlertAnswer,
  type AlertDefinition,
  type AlertReport,
  type AlertRequest,
  type AlertResults,
  type AlertsAccess,
  type AlertTarget,
  type AlertVerb,
  alertRequestSchemas,
  type ListedAlert,
} from '../ipc/alerts/alerts-access.ts';
import { isAccepted } from '../ipc/alerts/outgoing-request.ts';
import { MAX_ALERTS } from './alert-files.ts';
import { type AlertSender, resultText } from './alert-sender.ts';
import { targetProblem, targetText } from './alert-target.ts';
import type { AlertWatch } from './alert-watch.ts';

/** Different filters in conditions: each is checked against every packet, by the core. */
export const MAX_ALERT_FILTERS = 4;
const MINUTE_MS = 60_000;
const REPEAT_MS = 4 * 60 * MINUTE_MS;
/** Alertmanager ends alerts that are not repeated. */
const ALERTMANAGER_REPEAT_MS = 5 * MINUTE_MS;

export interface AlertsApiParts {
  readonly definitions: () => readonly AlertDefinition[];
  readonly watches: () => readonly AlertWatch[];
  readonly sender: AlertSender;
  readonly report: () => AlertReport;
  readonly isRecording: boolean;
  /** False with `--listen off`. */
  readonly canEverDeliver: boolean;
  /** Why the stored alerts cannot be used. */
  readonly problem: () => string | undefined;
  /** Stores and uses these alerts. Throws the file system's error. */
  readonly change: (alerts: readonly AlertDefinition[]) => void;
  readonly failed: (error: unknown) => void;
}

/** A request that is rejected. */
class Rejected extends Error {
  readonly error: RulesError;

  constructor(code: RulesError['code'], message: string) {
    super(message);
    this.error = { code, message };
  }
}

export class AlertsApi implements AlertsAccess {
  readonly #parts: AlertsApiParts;

  constructor(parts: AlertsApiParts) {
    this.#parts = parts;
  }

  async ask(verb: AlertVerb, request: unknown): Promise<AlertAnswer<AlertVerb>> {
    const parsed = alertRequestSchemas[verb].safeParse(request);
    if (!parsed.success) return { ok: false, error: invalidRequest(parsed.error) };
    try {
      return { ok: true, value: await this.#answer(verb, parsed.data) };
    } catch (error) {
      if (error instanceof Rejected) return { ok: false, error: error.error };
      this.#parts.failed(error);
      const message = 'The loader failed; its log says why.';
      return { ok: false, error: { code: 'internal', message } };
    }
  }

  #answer(verb: AlertVerb, request: unknown): Promise<AlertResults[AlertVerb]> | AlertResults[AlertVerb] {
    switch (verb) {
      case 'add':
        return this.#add(request as AlertRequest<'add'>);
      case 'list':
        return { alerts: this.#parts.watches().map((watch) => this.#listed(watch)), report: this.#parts.report() };
      case 'remove':
        return this.#remove(request as AlertRequest<'remove'>);
      case 'test':
        return this.#test(request as AlertRequest<'test'>);
      case 'history':
        return { entries: this.#parts.sender.history };
    }
  }

  #add({ name, condition: text, target, repeat_ms }: AlertRequest<'add'>): ListedAlert {
    const { definitions, canEverDeliver } = this.#parts;
    this.#rejectUnlessReadable();
    if (!canEverDeliver) {
      throw new Rejected(
        'unavailable',
        'This loader serves no clients (--listen off), so it cannot send messages either. Start it with --listen.',
      );
    }
    const condition = this.#conditionOf(text);
    const problem = targetProblem(target);
    if (problem !== undefined) throw new Rejected('invalid', problem);
    const known = definitions();
    if (known.length >= MAX_ALERTS) {
      throw new Rejected('limit', `There are ${MAX_ALERTS} alerts, which is the limit: remove one first.`);
    }
    const chosen = name ?? freeName(condition, known);
    if (known.some((each) => each.name === chosen)) {
      throw new Rejected(
        'invalid',
        `There is an alert ${chosen} already: choose another --name, or remove that one first.`,
      );
    }
    const repeat = repeat_ms ?? defaultRepeat(target);
    this.#change([...known, { name: chosen, condition, target, repeat_ms: repeat }]);
    return this.#listed(this.#watchOf(chosen));
  }

  #remove({ names }: AlertRequest<'remove'>): AlertResults['remove'] {
    this.#rejectUnlessReadable();
    const known = this.#parts.definitions();
    const unknown = names.find((name) => !known.some((each) => each.name === name));
    if (unknown !== undefined) throw notFound(unknown);
    this.#change(known.filter(({ name }) => !names.includes(name)));
    return { removed: [...new Set(names)] };
  }

  async #test({ name }: AlertRequest<'test'>): Promise<AlertResults['test']> {
    const watch = this.#watchOf(name);
    const { target } = watch.definition;
    const result = await this.#parts.sender.test(watch.event('fired', Date.now()), target);
    return { to: targetText(target), was_accepted: isAccepted(result), text: resultText(result) };
  }

  /** Returns the text as it is stored. */
  #conditionOf(text: string): string {
    try {
      const condition = parseAlertCondition(text);
      if (condition.kind === 'state' && condition.state === 'recorder stopped' && !this.#parts.isRecording) {
        throw new Rejected(
          'invalid',
          'This loader records nothing, so its recorder cannot stop: start it with --record.',
        );
      }
      if (condition.kind === 'rate' && condition.matching !== undefined) this.#rejectTooManyFilters(condition.matching);
      return alertConditionText(condition);
    } catch (error) {
      if (!(error instanceof AlertConditionError)) throw error;
      throw new Rejected('invalid', `${error.message.replace(/\.$/, '')}.`);
    }
  }

  #rejectTooManyFilters(text: string): void {
    const keys = new Set([filterKey(parseFilter(text))]);
    for (const { condition } of this.#parts.watches()) {
      if (condition.kind === 'rate' && condition.matching !== undefined)
        keys.add(filterKey(parseFilter(condition.matching)));
    }
    if (keys.size <= MAX_ALERT_FILTERS) return;
    const message = `Alerts use ${MAX_ALERT_FILTERS} different filters, which is the limit: use one of them, or remove an alert first.`;
    throw new Rejected('limit', message);
  }

  #rejectUnlessReadable(): void {
    const problem = this.#parts.problem();
    if (problem === undefined) return;
    throw new Rejected('unavailable', `${problem}. Repair or remove the file, and restart packetlog.`);
  }

  #change(alerts: readonly AlertDefinition[]): void {
    try {
      this.#parts.change(alerts);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Rejected('internal', `The alerts cannot be stored: ${why}. Nothing was changed.`);
    }
  }

  #watchOf(name: string): AlertWatch {
    const found = this.#parts.watches().find(({ definition }) => definition.name === name);
    if (found === undefined) throw notFound(name);
    return found;
  }

  #listed({ definition, value, firing }: AlertWatch): ListedAlert {
    const { name, condition, target, repeat_ms } = definition;
    const { waiting, problem } = this.#parts.sender.stateOf(target);
    const state = firing !== undefined ? 'firing' : value.value === undefined ? 'unknown' : 'ok';
    return {
      ...{ name, condition, to: targetText(target), has_authorization: target.authorization !== undefined, repeat_ms },
      state,
      ...(firing !== undefined && { since_ms: firing.starts_at_ms }),
      ...(value.value !== undefined && { value: value.text }),
      waiting,
      ...(problem !== undefined && { problem }),
    };
  }
}

function notFound(name: string): Rejected {
  return new Rejected('not_found', `There is no alert ${JSON.stringify(name)}: see packetlog alerts list.`);
}

function defaultRepeat({ type }: AlertTarget): number {
  return type === 'alertmanager' ? ALERTMANAGER_REPEAT_MS : REPEAT_MS;
}

/** Returns a name that begins with what is measured: `denied`, `denied-2`. */
function freeName(condition: string, known: readonly AlertDefinition[]): string {
  const parsed = parseAlertCondition(condition);
  const measured = 'measure' in parsed ? parsed.measure : parsed.kind === 'disk' ? 'disk' : parsed.state;
  const base = measured.replaceAll(' ', '-');
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!known.some((each) => each.name === name)) return name;
  }
}
