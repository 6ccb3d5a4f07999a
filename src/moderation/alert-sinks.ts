import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import type { AlertSeverity, TopicAlert } from './topic-alert.ts'

/** Where alerts go. */
export interface AlertSink {
  /** Default `critical`. */
  readonly minimumSeverity?: AlertSeverity | undefined
  /** May reject: the monitor goes on. */
  readonly notify: (alert: TopicAlert) => void | Promise<void>
}

/** Writes every alert as one line of JSON, by a writer of the host's: `(line) => appendFile('alerts.jsonl', line)`. */
export function createJsonlSink(
  write: (line: string) => void | Promise<void>,
  options: { readonly minimumSeverity?: AlertSeverity | undefined } = {},
): AlertSink {
  return { ...options, notify: (alert) => write(`${JSON.stringify(alert)}\n`) }
}

export interface WebhookSinkOptions {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly minimumSeverity?: AlertSeverity | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Default 5 000. */
  readonly timeoutMs?: number | undefined
  readonly clock?: Clock | undefined
}

/** Posts every alert as JSON. One try; a redirect is not followed, and an answer that is not good rejects. */
export function createWebhookSink(options: WebhookSinkOptions): AlertSink {
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
          throw new LlmError('network', `the webhook for alerts answered with ${response.status}`)
      } finally {
        clock.clearTimer(timer)
      }
    },
  }
}
