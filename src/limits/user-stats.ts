import type { Clock } from '../core/clock.ts'

/** Usage of one user since it was first seen. */
export interface UserStats {
  readonly requests: number
  /** Measured tokens if known, reserved ones otherwise. */
  readonly tokens: number
  /** Milliseconds since 1970. */
  readonly lastAt: number
  /** Usage of the last minute, in steps of 5 s. Tokens count when they are known. */
  readonly lastMinute: { readonly requests: number; readonly tokens: number }
  /** Requests per conversation, for the latest 100 conversations. */
  readonly conversations: Readonly<Record<string, number>>
}

const MOST_CONVERSATIONS = 100
const STEPS = 12
const STEP_MS = 60_000 / STEPS

/** Counts the usage of one user. */
export class UserCounter {
  readonly conversations: Map<string, number> = new Map()
  readonly #requestSteps: number[] = Array.from({ length: STEPS }, () => 0)
  readonly #tokenSteps: number[] = Array.from({ length: STEPS }, () => 0)
  #step = 0
  #requests = 0
  #tokens = 0
  #lastAt = 0

  /** Adds usage. Negative amounts subtract. */
  add(now: number, requests: number, tokens: number): void {
    this.#advance(now)
    this.#requests += requests
    this.#tokens += tokens
    this.#lastAt = now
    const place = this.#step % STEPS
    this.#requestSteps[place] = (this.#requestSteps[place] ?? 0) + requests
    this.#tokenSteps[place] = (this.#tokenSteps[place] ?? 0) + tokens
  }

  addConversation(conversation: string): void {
    const { conversations } = this
    conversations.set(conversation, (conversations.get(conversation) ?? 0) + 1)
    if (conversations.size <= MOST_CONVERSATIONS) return
    const [oldest] = conversations.keys()
    if (oldest !== undefined) conversations.delete(oldest)
  }

  read(clock: Clock): UserStats {
    const now = clock.now()
    this.#advance(now)
    const sum = (steps: readonly number[]): number =>
      Math.max(
        0,
        steps.reduce((all, one) => all + one, 0),
      )
    return {
      requests: this.#requests,
      tokens: this.#tokens,
      lastAt: clock.epochMs() - (now - this.#lastAt),
      lastMinute: { requests: sum(this.#requestSteps), tokens: sum(this.#tokenSteps) },
      conversations: Object.fromEntries(this.conversations),
    }
  }

  /** Clears the steps that have passed. */
  #advance(now: number): void {
    const step = Math.floor(now / STEP_MS)
    if (step === this.#step) return
    for (let passed = Math.max(this.#step + 1, step - STEPS + 1); passed <= step; passed++)
      this.#requestSteps[passed % STEPS] = this.#tokenSteps[passed % STEPS] = 0
    this.#step = step
  }
}

/**
 * Statistics of a bounded number of users in two generations. A seen user moves to the young generation. When that is
 * full it becomes the old one, and users left in the former old one are dropped.
 */
export class UserStatsTable {
  readonly #clock: Clock
  readonly #perGeneration: number
  #young: Map<string, UserCounter> = new Map()
  #old: Map<string, UserCounter> = new Map()

  constructor(clock: Clock, mostUsers: number) {
    this.#clock = clock
    this.#perGeneration = Math.ceil(mostUsers / 2)
  }

  /** Counts a granted call. Returns `undefined` without a user, or if statistics are off. */
  enter(
    id: string | undefined,
    conversation: string | undefined,
    { requests, tokens }: { readonly requests: number; readonly tokens: number },
  ): UserCounter | undefined {
    if (id === undefined || this.#perGeneration === 0) return undefined
    const user = this.#young.get(id) ?? this.#promote(id)
    user.add(this.#clock.now(), requests, tokens)
    if (conversation !== undefined && requests > 0) user.addConversation(conversation)
    return user
  }

  read(id: string | undefined): UserStats | undefined {
    return this.#find(id)?.read(this.#clock)
  }

  /** Returns the known conversations of a user. */
  conversationsOf(id: string | undefined): string[] {
    return [...(this.#find(id)?.conversations.keys() ?? [])]
  }

  #find(id: string | undefined): UserCounter | undefined {
    if (id === undefined) return undefined
    return this.#young.get(id) ?? this.#old.get(id)
  }

  #promote(id: string): UserCounter {
    const user = this.#old.get(id) ?? new UserCounter()
    this.#old.delete(id)
    if (this.#young.size >= this.#perGeneration) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(id, user)
    return user
  }
}
