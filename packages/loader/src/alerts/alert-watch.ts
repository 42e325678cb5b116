/** Watches one condition, and says what a message must tell. Pure: facts and clocks are given. */
import { createHash } from 'node:crypto';
import { type AlertCondition, type AlertProgress, evaluateAlert, parseAlertCondition } from '@packetlog/common';
import { z } from 'zod';
import type { AlertDefinition } from '../ipc/alerts/alerts-access.ts';
import { type AlertFacts, type AlertValue, alertValue } from './alert-values.ts';
import type { AlertEvent } from './messages/alert-event.ts';

/** A firing alert, for the next start. Unix time, ms. */
export const firingSchema = z.object({ starts_at_ms: z.number(), last_event_ms: z.number() });
export type FiringAlert = z.infer<typeof firingSchema>;

export interface Clocks {
  /** Unix time, ms. */
  readonly wallMs: number;
  /** Of a clock that is never set, ms. */
  readonly steadyMs: number;
}

export class AlertWatch {
  readonly definition: AlertDefinition;
  readonly condition: AlertCondition;
  readonly fingerprint: string;
  #progress: AlertProgress;
  #firing: FiringAlert | undefined;
  #value: AlertValue = { value: undefined, text: 'unknown' };

  /** `firing`: it fired before the start. Throws AlertConditionError. */
  constructor(definition: AlertDefinition, { steadyMs }: Pick<Clocks, 'steadyMs'>, firing?: FiringAlert) {
    this.definition = definition;
    this.condition = parseAlertCondition(definition.condition);
    this.fingerprint = fingerprintOf(definition);
    this.#firing = firing;
    this.#progress = { isFiring: firing !== undefined, atMs: steadyMs };
  }

  /** Undefined: it does not fire. */
  get firing(): FiringAlert | undefined {
    return this.#firing;
  }

  get value(): AlertValue {
    return this.#value;
  }

  /** Call it once a second. */
  evaluate(facts: AlertFacts, { wallMs, steadyMs }: Clocks): AlertEvent | undefined {
    this.#value = alertValue(this.condition, facts);
    const { progress, event } = evaluateAlert(this.condition, this.#value.value, this.#progress, steadyMs);
    this.#progress = progress;
    if (event === 'fired') {
      this.#firing = { starts_at_ms: wallMs, last_event_ms: wallMs };
      return this.event('fired', wallMs);
    }
    if (event === 'resolved') {
      const resolved = this.event('resolved', wallMs);
      this.#firing = undefined;
      return resolved;
    }
    return this.#reminder(wallMs);
  }

  event(what: AlertEvent['what'], wallMs: number): AlertEvent {
    const { name, condition, repeat_ms } = this.definition;
    const starts_at_ms = this.#firing?.starts_at_ms ?? wallMs;
    const value = this.#value.text;
    return { fingerprint: this.fingerprint, name, condition, what, value, at_ms: wallMs, starts_at_ms, repeat_ms };
  }

  /** While the alert fires, also if the clock was set. */
  #reminder(wallMs: number): AlertEvent | undefined {
    const { repeat_ms } = this.definition;
    if (this.#firing === undefined || Math.abs(wallMs - this.#firing.last_event_ms) < repeat_ms) return undefined;
    this.#firing = { ...this.#firing, last_event_ms: wallMs };
    return this.event('repeated', wallMs);
  }
}

/** Another condition under the same name is another alert. */
function fingerprintOf({ name, condition }: AlertDefinition): string {
  return createHash('sha256').update(`${name}\n${condition}`).digest('hex').slice(0, 16);
}
