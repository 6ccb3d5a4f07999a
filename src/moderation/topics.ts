import { systemClock, type Clock } from '../core/clock.ts'
import { newId } from '../core/create-id.ts'
import { LlmError } from '../core/error.ts'
import { callSafely, inTime } from '../core/host-function.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField } from '../core/port-fields.ts'
import {
  anyOf,
  callable,
  flag,
  listOf,
  milliseconds,
  nonEmptyText,
  oneOf,
  required,
  text as textField,
  type Group,
} from '../core/schema.ts'
import type { AlertSink } from './alert-sinks.ts'
import type { AlertSeverity, TopicAlert, TopicScope, TopicSource, TopicSubject } from './topic-alert.ts'
import { severityField } from './moderation-fields.ts'
import { alertSinkSchema } from './alert-sinks.ts'
import { compilePattern, type SafePattern } from './safe-regex/index.ts'

/** A pattern to watch for, and what its alert says. */
export interface TopicRule {
  /** A pattern in JavaScript's syntax between slashes (`/launch\s+date/`), or literal text. Case is ignored. */
  readonly pattern: string
  readonly category?: string | undefined
  /** Severity of the alert. Default `warning`. */
  readonly severity?: AlertSeverity | undefined
  readonly note?: string | undefined
}

/** Topics to watch for one user, team or organisation, or globally. */
export interface Watchlist {
  readonly id: string
  readonly scope: TopicScope
  /** Id of the user, team or organisation. None for `global`. */
  readonly scopeId?: string | undefined
  /** Whether the list is used. Default true. */
  readonly enabled?: boolean | undefined
  readonly rules: readonly TopicRule[]
}

/** Options of a topic monitor. */
export interface TopicMonitorOptions {
  /** The watchlists, or a function called for each text with its subject that returns them. */
  readonly watchlists:
    | readonly Watchlist[]
    | ((subject: TopicSubject) => readonly Watchlist[] | Promise<readonly Watchlist[]>)
  /** Receivers of alerts, each from its `minimumSeverity` on. Default: none. */
  readonly sinks?: readonly AlertSink[] | undefined
  /** Minimum time between two alerts of the same user, list, pattern and source, in ms. Default 300 000. */
  readonly quietMs?: number | undefined
  /** Called with the error when loading lists, compiling a pattern, or a sink fails. Default: errors are dropped. */
  readonly onError?: ((error: unknown) => void) | undefined
  readonly clock?: Clock | undefined
}

/** Watches texts for topics and raises alerts. Never blocks or changes a text; independent of moderation. */
export interface TopicMonitor {
  /** Scans a text and resolves with the alerts that it raised. Never rejects. */
  observe(text: string, source: TopicSource, subject: TopicSubject): Promise<readonly TopicAlert[]>
  /** Resolves when all observed texts are scanned and their alerts delivered. */
  idle(): Promise<void>
}

/** The schema of {@link TopicRule}. */
export const topicRuleSchema: Group = optionsSchema<TopicRule>()(() => ({
  pattern: required(nonEmptyText),
  category: textField,
  severity: severityField,
  note: textField,
}))
/** The schema of {@link Watchlist}. */
export const watchlistSchema: Group = optionsSchema<Watchlist>()(() => ({
  id: required(nonEmptyText),
  scope: required(oneOf('user', 'team', 'org', 'global')),
  scopeId: textField,
  enabled: flag,
  rules: required(listOf(topicRuleSchema)),
}))
/** The schema of {@link TopicMonitorOptions}. */
export const topicMonitorSchema: Group = optionsSchema<TopicMonitorOptions>()(() => ({
  watchlists: required(anyOf(callable, { ...listOf(watchlistSchema), expected: 'a list of watchlists' })),
  sinks: listOf(alertSinkSchema),
  quietMs: milliseconds,
  onError: callable,
  clock: clockField,
}))

/** Creates a topic monitor. Pass it as `topics` to `createOrchestrator`. A refused pattern goes to `onError`. */
export function createTopicMonitor(options: TopicMonitorOptions): TopicMonitor {
  checkOptions('createTopicMonitor', topicMonitorSchema, options)
  const monitor = new Monitor(options)
  return {
    observe: (text, source, subject) => monitor.observe(text, source, subject),
    idle: () => monitor.idle(),
  }
}

const MAX_MUTED_ALERTS = 50_000
const SNIPPET_CHARACTERS = 200
const MAX_WAIT_MS = 30_000
const SEVERITIES: readonly AlertSeverity[] = ['info', 'warning', 'critical']

/** Returns 0 for the lowest severity. */
function rankOf(severity: AlertSeverity): number {
  return SEVERITIES.indexOf(severity)
}

class Monitor {
  readonly #options: TopicMonitorOptions
  readonly #clock: Clock
  readonly #compiled = new WeakMap<TopicRule, SafePattern | 'refused'>()
  /** When each alert may be raised again, by alert. Oldest first. */
  readonly #mutedUntil = new Map<string, number>()
  readonly #running = new Set<Promise<unknown>>()

  constructor(options: TopicMonitorOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  observe(text: string, source: TopicSource, subject: TopicSubject): Promise<readonly TopicAlert[]> {
    const work = this.#scan(text, source, subject).catch((error: unknown) => {
      this.#failed(error)
      return []
    })
    this.#running.add(work)
    void work.then(() => this.#running.delete(work))
    return work
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async #scan(text: string, source: TopicSource, subject: TopicSubject): Promise<readonly TopicAlert[]> {
    const { watchlists } = this.#options
    const lists = typeof watchlists === 'function' ? await this.#listsOf(watchlists, subject) : watchlists
    const alerts: TopicAlert[] = []
    for (const list of lists) {
      if (list.enabled === false || !appliesTo(list, subject)) continue
      for (const rule of list.rules) {
        const alert = await this.#check(rule, { list, text, source, subject })
        if (alert !== undefined) alerts.push(alert)
      }
    }
    for (const alert of alerts) await this.#notify(alert)
    return alerts
  }

  async #listsOf(
    load: Extract<TopicMonitorOptions['watchlists'], (...args: never) => unknown>,
    subject: TopicSubject,
  ): Promise<readonly Watchlist[]> {
    return this.#inTime(load(subject), `the watchlists did not load within ${MAX_WAIT_MS} ms`)
  }

  // A function that never answers would keep its text in memory for ever.
  #inTime<T>(work: T | PromiseLike<T>, message: string): Promise<T> {
    return inTime(work, { clock: this.#clock, ms: MAX_WAIT_MS, late: () => new LlmError('timeout', message) })
  }

  async #check(
    rule: TopicRule,
    { list, text, source, subject }: Observation,
  ): Promise<TopicAlert | undefined> {
    const key = JSON.stringify([subject.userId, list.id, rule.pattern, source])
    if (this.#isMuted(key)) return undefined
    const at = await this.#patternOf(rule, list.id)?.find(text)
    if (at === undefined || this.#isMuted(key)) return undefined
    this.#mute(key)
    const { pattern, category, severity = 'warning', note } = rule
    return {
      ...subject,
      id: newId('alert'),
      time: new Date(this.#clock.epochMs()).toISOString(),
      source,
      watchlist: list.id,
      scope: list.scope,
      pattern,
      category,
      severity,
      note,
      snippet: snippetAt(text, at),
    }
  }

  #patternOf(rule: TopicRule, watchlist: string): SafePattern | undefined {
    let pattern = this.#compiled.get(rule)
    if (pattern === undefined) {
      try {
        pattern = compileTopic(rule.pattern, watchlist)
      } catch (error) {
        pattern = 'refused'
        this.#failed(error)
      }
      this.#compiled.set(rule, pattern)
    }
    return pattern === 'refused' ? undefined : pattern
  }

  #isMuted(key: string): boolean {
    return (this.#mutedUntil.get(key) ?? -Infinity) > this.#clock.now()
  }

  #mute(key: string): void {
    const now = this.#clock.now()
    for (const [known, until] of this.#mutedUntil) {
      if (until > now && this.#mutedUntil.size < MAX_MUTED_ALERTS) break
      this.#mutedUntil.delete(known)
    }
    this.#mutedUntil.delete(key)
    this.#mutedUntil.set(key, now + (this.#options.quietMs ?? 300_000))
  }

  readonly #failed = (error: unknown): void => callSafely(() => this.#options.onError?.(error))

  async #notify(alert: TopicAlert): Promise<void> {
    for (const { minimumSeverity = 'critical', notify } of this.#options.sinks ?? []) {
      if (rankOf(alert.severity) < rankOf(minimumSeverity)) continue
      try {
        await this.#inTime(notify(alert), `the alert sink did not answer within ${MAX_WAIT_MS} ms`)
      } catch (error) {
        this.#failed(error)
      }
    }
  }
}

interface Observation {
  readonly list: Watchlist
  readonly text: string
  readonly source: TopicSource
  readonly subject: TopicSubject
}

function compileTopic(pattern: string, watchlist: string): SafePattern {
  const match = /^\/(.+)\/([a-z]*)$/s.exec(pattern)
  if (match === null) return compilePattern({ words: [pattern] })
  try {
    return compilePattern({ pattern: match[1] as string, flags: `i${match[2]}` })
  } catch (error) {
    if (!LlmError.is(error)) throw error
    const message = `watchlist "${watchlist}", pattern ${pattern.slice(0, 80)}: ${error.message}`
    throw new LlmError(error.kind, message, { issues: error.issues, cause: error })
  }
}

function appliesTo({ scope, scopeId }: Watchlist, subject: TopicSubject): boolean {
  if (scope === 'global') return true
  if (scopeId === undefined) return false
  const own = { user: subject.userId, team: subject.teamId, org: subject.orgId }[scope]
  return own === scopeId
}

function snippetAt(text: string, at: number): string {
  const from = Math.max(0, Math.min(at - SNIPPET_CHARACTERS / 4, text.length - SNIPPET_CHARACTERS))
  return text.slice(from, from + SNIPPET_CHARACTERS).toWellFormed()
}
