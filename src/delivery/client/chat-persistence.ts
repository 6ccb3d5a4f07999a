import type { Clock, Timer } from '../../core/clock.ts'
import type { ChatStateStore } from './chat-state-store.ts'
import type { ChatClientOptions } from './options.ts'
import { readSnapshot, type ChatSnapshot } from './snapshot-storage.ts'

/** Dependencies of {@link ChatPersistence}. */
export interface ChatPersistenceParts {
  readonly options: ChatClientOptions
  readonly clock: Clock
  readonly state: ChatStateStore
  /** Returns the conversation as it is now. */
  readonly snapshot: () => ChatSnapshot
  /** Called once with what is stored, or with `undefined` if that is nothing or unreadable. */
  readonly onLoad: (stored: ChatSnapshot | undefined) => void
}

const DEFAULT_EVERY_MS = 1_000

type Action = () => void | Promise<void>

/** Loads the stored conversation once, then writes snapshots: one at a time, the newest wins. Does nothing without a store. */
export class ChatPersistence {
  /** Whether the store has been read, or its content is no longer wanted. */
  isLoaded = false
  readonly #parts: ChatPersistenceParts
  #timer: Timer | undefined
  #isWriting = false
  #next: Action | undefined

  constructor(parts: ChatPersistenceParts) {
    this.#parts = parts
  }

  /** Reads the store: a synchronous one is read when this returns, an asynchronous one when the promise resolves. */
  load(): Promise<void> {
    const { options, state } = this.#parts
    const fail = (error: unknown): void => {
      state.reportError(error, 'The stored chat could not be read')
      this.#restore(undefined)
    }
    try {
      const found = options.store?.load()
      if (found instanceof Promise) return found.then((value) => this.#restore(value), fail)
      this.#restore(found)
    } catch (error) {
      fail(error)
    }
    return Promise.resolve()
  }

  /** Stores the conversation within `storeEveryMs`: for changes that come many times a second. */
  saveSoon(): void {
    const { clock, options } = this.#parts
    const { store, storeEveryMs = DEFAULT_EVERY_MS } = options
    if (store !== undefined) this.#timer ??= clock.setTimer(() => this.save(), storeEveryMs)
  }

  /** Stores the conversation at once, or after the write that is running. */
  save(): void {
    const { options, snapshot } = this.#parts
    // Taken now, because the chat may be disposed before the running write has ended.
    const taken = snapshot()
    this.#write(() => options.store?.save(taken))
  }

  /** Deletes what is stored. A load that is still running is ignored. */
  clear(): void {
    this.isLoaded = true
    this.#write(() => this.#parts.options.store?.clear())
  }

  #restore(found: unknown): void {
    if (this.isLoaded) return
    this.isLoaded = true
    this.#parts.onLoad(readSnapshot(found))
  }

  #write(action: Action): void {
    this.#parts.clock.clearTimer(this.#timer)
    this.#timer = undefined
    if (this.#isWriting) this.#next = action
    else this.#run(action)
  }

  // A synchronous store is done when this returns, because a page that closes has no time for more.
  #run(action: Action): void {
    const fail = (error: unknown): void =>
      this.#parts.state.reportError(error, 'The chat could not be stored')
    try {
      const written = action()
      if (written === undefined) return
      this.#isWriting = true
      void written.catch(fail).then(() => {
        this.#isWriting = false
        const waiting = this.#next
        this.#next = undefined
        if (waiting !== undefined) this.#run(waiting)
      })
    } catch (error) {
      fail(error)
    }
  }
}
