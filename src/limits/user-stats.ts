import type { Clock } from '../core/clock.ts'

/** What one user did, since it was last seen for the first time. */
export interface UserStats {
  readonly requests: number
  /** Tokens that count: measured where known, reserved where not. */
  readonly tokens: number
  /** Milliseconds since 1970. */
  readonly lastAt: number
  /** In steps of five seconds. Tokens count when they are known. */
  readonly lastMinute: { readonly requests: number; readonly tokens: number }
  /** Requests per conversation, of the latest 100 conversations. */
  readonly conversations: Readonly<Record<string, number>>
}

const MOST_CONVERSATIONS = 100
const STEPS = 12
const STEP_MS = 60_000 / STEPS

/** The figures of one user. */
export class UserCounter {
  readonly conversations: Map<string, number> = new Map()
  readonly #requestSteps: number[] = Array.from({ length: STEPS }, () => 0)
  readonly #tokenSteps: number[] = Array.from({ length: STEPS }, () => 0)
  #step = 0
  #requests = 0
  #tokens = 0
  #lastAt = 0

  /** Adds, or takes back with amounts below 0. */
  add(now: number, requests: number, tokens: number): void {
    this.#turn(now)
    this.#requests += requests
    this.#tokens += tokens
    this.#lastAt = now
    const place = this.#step % STEPS
    this.#requestSteps[place] = (this.#requestSteps[place] ?? 0) + requests
    this.#tokenSteps[place] = (this.#tokenSteps[place] ?? 0) + tokens
  }

  talked(conversation: string): void {
    const { conversations } = this
    conversations.set(conversation, (conversations.get(conversation) ?? 0) + 1)
    if (conversations.size <= MOST_CONVERSATIONS) return
    const [oldest] = conversations.keys()
    if (oldest !== undefined) conversations.delete(oldest)
  }

  read(clock: Clock): UserStats {
    const now = clock.now()
    this.#turn(now)
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

  /** Empties the steps that have gone by. */
  #turn(now: number): void {
    const step = Math.floor(now / STEP_MS)
    if (step === this.#step) return
    for (let passed = Math.max(this.#step + 1, step - STEPS + 1); passed <= step; passed++)
      this.#requestSteps[passed % STEPS] = this.#tokenSteps[passed % STEPS] = 0
    this.#step = step
  }
}

/**
 * Figures per user, for a bounded number of users. Two generations: whoever comes moves to the young one; when that is
 * full, it becomes the old one, and who was in the old one since is forgotten.
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

  /** Counts an admitted call. None where no figures are kept. */
  enter(id: string, conversation: string | undefined, tokens: number): UserCounter | undefined {
    if (this.#perGeneration === 0) return undefined
    const user = this.#young.get(id) ?? this.#rejuvenate(id)
    user.add(this.#clock.now(), 1, tokens)
    if (conversation !== undefined) user.talked(conversation)
    return user
  }

  read(id: string): UserStats | undefined {
    return this.#find(id)?.read(this.#clock)
  }

  /** Conversations the user is known to have. */
  conversationsOf(id: string): string[] {
    return [...(this.#find(id)?.conversations.keys() ?? [])]
  }

  #find(id: string): UserCounter | undefined {
    return this.#young.get(id) ?? this.#old.get(id)
  }

  #rejuvenate(id: string): UserCounter {
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
