import { argument, checkArguments } from '../core/check-arguments.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField, fetchField } from '../core/port-fields.ts'
import { callable, milliseconds, recordOf, required, secretKind, text, type Group } from '../core/schema.ts'
import { severityField } from './moderation-fields.ts'
import type { AlertSeverity, TopicAlert } from './topic-alert.ts'

/** A receiver of alerts. */
export interface AlertSink {
  /** Minimum severity of the alerts that it receives. Default `critical`. */
  readonly minimumSeverity?: AlertSeverity | undefined
  /** Called with each alert. A rejection goes to `onError` of the monitor. */
  readonly notify: (alert: TopicAlert) => void | Promise<void>
}

/** The schema of {@link AlertSink}. */
export const alertSinkSchema: Group = optionsSchema<AlertSink>()(() => ({
  minimumSeverity: severityField,
  notify: required(callable),
}))
/** The schema of the options of {@link createJsonlSink}. */
export const jsonlSinkSchema: Group = optionsSchema<Pick<AlertSink, 'minimumSeverity'>>()(() => ({
  minimumSeverity: severityField,
}))

/** Creates a sink that writes each alert as one line of JSON: `write` is, say, `(line) => appendFile('alerts.jsonl', line)`. */
export function createJsonlSink(
  write: (line: string) => void | Promise<void>,
  options: { readonly minimumSeverity?: AlertSeverity | undefined } = {},
): AlertSink {
  checkArguments('createJsonlSink', { write: argument.function }, { write })
  checkOptions('createJsonlSink', jsonlSinkSchema, options)
  return { ...options, notify: (alert) => write(`${JSON.stringify(alert)}\n`) }
}

/** Options of {@link createWebhookSink}. */
export interface WebhookSinkOptions {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly minimumSeverity?: AlertSeverity | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Maximum time of one request, in ms. Default 5 000. */
  readonly timeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

const HTTP_URL = /^https?:\/\/\S+$/
// The address of a webhook is often all that a sender needs, so that no message repeats it.
/** The schema of {@link WebhookSinkOptions}. */
export const webhookSinkSchema: Group = optionsSchema<WebhookSinkOptions>()(() => ({
  url: required(secretKind('an http(s) URL', (url) => typeof url === 'string' && HTTP_URL.test(url))),
  headers: recordOf(text),
  minimumSeverity: severityField,
  fetch: fetchField,
  timeoutMs: milliseconds,
  clock: clockField,
}))

/** Creates a sink that posts each alert as JSON, once. Follows no redirects. Rejects with `network` on a status above 299. */
export function createWebhookSink(options: WebhookSinkOptions): AlertSink {
  checkOptions('createWebhookSink', webhookSinkSchema, options)
  const { url, headers, minimumSeverity, timeoutMs = 5_000, clock = systemClock } = options
  return {
    minimumSeverity,
    notify: async (alert) => {
      const controller = new AbortController()
      const timer = clock.setTimer(() => controller.abort(), timeoutMs)
      try {
        const response = await (options.fetch ?? globalThis.fetch)(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(alert),
          redirect: 'manual',
          signal: controller.signal,
        })
        await response.body?.cancel()
        if (!response.ok)
          throw new LlmError(
            'network',
            `alert webhook returned status ${response.status}; check url and headers`,
          )
      } finally {
        clock.clearTimer(timer)
      }
    },
  }
}
