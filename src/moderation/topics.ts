import { systemClock, type Clock } from '../core/clock.ts'
import { newId } from '../core/create-id.ts'
import type { AlertSink } from './alert-sinks.ts'
import type { AlertSeverity, TopicAlert, TopicScope, TopicSource, TopicSubject } from './topic-alert.ts'
import { compilePattern, type SafePattern } from './safe-regex/index.ts'

/** One thing to watch for. */
export interface TopicRule {
  /** A pattern in JavaScript's syntax between slashes (`/launch\s+date/`), or words as they are. Case is ignored. */
  readonly pattern: string
  readonly category?: string | undefined
  /** Default `warning`. */
  readonly severity?: AlertSeverity | undefined
  readonly note?: string | undefined
}

/** Topics that are watched for one user, one team, one organisation, or everybody. */
export interface Watchlist {
  readonly id: string
  readonly scope: TopicScope
  /** Whose it is; none for `global`. */
  readonly scopeId?: string | undefined
  /** Default true. */
  readonly enabled?: boolean | undefined
  readonly rules: readonly TopicRule[]
}

export interface TopicMonitorOptions {
  /** The lists, or where to find those that concern someone. */
  readonly watchlists:
    | readonly Watchlist[]
    | ((subject: TopicSubject) => readonly Watchlist[] | Promise<readonly Watchlist[]>)
  /** Told of every alert, each from its own severity on. */
  readonly sinks?: readonly AlertSink[] | undefined
  /** One alert per user, list, pattern and source in so many milliseconds. Default 300 000. */
  readonly quietMs?: number | undefined
  /** Told what failed: a list that could not be read, a pattern that is refused, a sink. Default: nobody. */
  readonly onError?: ((error: unknown) => void) | undefined
  readonly clock?: Clock | undefined
}

/** Watches texts for topics. Never blocks and never changes a text; knows nothing of moderation. */
export interface TopicMonitor {
  /** Looks at a text, and gives the alerts that it raised. Never rejects. */
  observe(text: string, source: TopicSource, subject: TopicSubject): Promise<readonly TopicAlert[]>
  /** Resolves when everything that was observed so far has been looked at and told. */
  idle(): Promise<void>
}

/** Makes a monitor. */
export function createTopicMonitor(options: TopicMonitorOptions): TopicMonitor {
  const monitor = new Monitor(options)
  return {
    observe: (text, source, subject) => monitor.observe(text, source, subject),
    idle: () => monitor.idle(),
  }
}

const MOST_REMEMBERED = 50_000
const SNIPPET_CHARACTERS = 200
const SEVERITIES: readonly AlertSeverity[] = ['info', 'warning', 'critical']

/** 0 for the least. */
function rankOf(severity: AlertSeverity): number {
  return SEVERITIES.indexOf(severity)
}

class Monitor {
  readonly #options: TopicMonitorOptions
  readonly #clock: Clock
  readonly #compiled = new WeakMap<TopicRule, SafePattern | 'refused'>()
  /** Alert → until when it is not raised again. Oldest first. */
  readonly #quiet = new Map<string, number>()
  readonly #running = new Set<Promise<unknown>>()

  constructor(options: TopicMonitorOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  observe(text: string, source: TopicSource, subject: TopicSubject): Promise<readonly TopicAlert[]> {
    const work = this.#look(text, source, subject).catch((error: unknown) => {
      this.#options.onError?.(error)
      return []
    })
    this.#running.add(work)
    void work.then(() => this.#running.delete(work))
    return work
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async #look(text: string, source: TopicSource, subject: TopicSubject): Promise<readonly TopicAlert[]> {
    const { watchlists } = this.#options
    const lists = typeof watchlists === 'function' ? await watchlists(subject) : watchlists
    const alerts: TopicAlert[] = []
    for (const list of lists) {
      if (list.enabled === false || !concerns(list, subject)) continue
      for (const rule of list.rules) {
        const alert = await this.#check(rule, { list, text, source, subject })
        if (alert !== undefined) alerts.push(alert)
      }
    }
    for (const alert of alerts) await this.#notify(alert)
    return alerts
  }

  async #check(rule: TopicRule, { list, text, source, subject }: Looking): Promise<TopicAlert | undefined> {
    const key = JSON.stringify([subject.userId, list.id, rule.pattern, source])
    if (this.#isQuiet(key)) return undefined
    const at = await this.#patternOf(rule)?.find(text)
    if (at === undefined || this.#isQuiet(key)) return undefined
    this.#remember(key)
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

  #patternOf(rule: TopicRule): SafePattern | undefined {
    let pattern = this.#compiled.get(rule)
    if (pattern === undefined) {
      try {
        pattern = compileTopic(rule.pattern)
      } catch (error) {
        pattern = 'refused'
        this.#options.onError?.(error)
      }
      this.#compiled.set(rule, pattern)
    }
    return pattern === 'refused' ? undefined : pattern
  }

  #isQuiet(key: string): boolean {
    return (this.#quiet.get(key) ?? -Infinity) > this.#clock.now()
  }

  #remember(key: string): void {
    const now = this.#clock.now()
    for (const [known, until] of this.#quiet) {
      if (until > now && this.#quiet.size < MOST_REMEMBERED) break
      this.#quiet.delete(known)
    }
    this.#quiet.delete(key)
    this.#quiet.set(key, now + (this.#options.quietMs ?? 300_000))
  }

  async #notify(alert: TopicAlert): Promise<void> {
    for (const { minimumSeverity = 'critical', notify } of this.#options.sinks ?? []) {
      if (rankOf(alert.severity) < rankOf(minimumSeverity)) continue
      try {
        await notify(alert)
      } catch (error) {
        this.#options.onError?.(error)
      }
    }
  }
}

interface Looking {
  readonly list: Watchlist
  readonly text: string
  readonly source: TopicSource
  readonly subject: TopicSubject
}

function compileTopic(pattern: string): SafePattern {
  const match = /^\/(.+)\/([a-z]*)$/s.exec(pattern)
  if (match === null) return compilePattern({ words: [pattern] })
  return compilePattern({ pattern: match[1] as string, flags: `i${match[2]}` })
}

function concerns({ scope, scopeId }: Watchlist, subject: TopicSubject): boolean {
  if (scope === 'global') return true
  if (scopeId === undefined) return false
  const own = { user: subject.userId, team: subject.teamId, org: subject.orgId }[scope]
  return own === scopeId
}

function snippetAt(text: string, at: number): string {
  const from = Math.max(0, Math.min(at - SNIPPET_CHARACTERS / 4, text.length - SNIPPET_CHARACTERS))
  return text.slice(from, from + SNIPPET_CHARACTERS).toWellFormed()
}
