import { onAbort, untilAborted, type AbortSources } from '../../core/abort.ts'
import type { Clock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import { isPromise } from '../../core/host-function.ts'
import type { ChatStore, ChatStoreUnit, StoreCall } from '../storage/index.ts'

/** How long a chat service waits for its store. */
export interface StoreBounds {
  readonly clock: Clock
  /** Maximum time of one call and of one transaction, in ms; 0 or `Infinity`: none. */
  readonly timeoutMs: number
}

/**
 * Returns the store with every call ended by its own signal, and by `overloaded` after the time limit, whatever the store
 * waits for. A transaction that lost is aborted, and what it still writes is rolled back.
 */
export function boundedStore(store: ChatStore, bounds: StoreBounds): ChatStore {
  const part = <T extends object>(of: T): T => boundedPart(of, bounds)
  const unit: ChatStoreUnit = {
    conversations: part(store.conversations),
    messages: part(store.messages),
    reactions: part(store.reactions),
    attachments: part(store.attachments),
    tasks: part(store.tasks),
    summaries: part(store.summaries),
    usage: part(store.usage),
  }
  return {
    ...unit,
    transaction: (work, call) => boundedTransaction(store, bounds, { work, call }),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

function boundedPart<T extends object>(part: T, bounds: StoreBounds): T {
  return new Proxy(part, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target)
      if (typeof method !== 'function') return method
      return (...args: readonly unknown[]): unknown => {
        const running: unknown = method.apply(target, args)
        if (!isPromise(running)) return running
        const { signal } = (args.at(-1) ?? {}) as StoreCall
        return bounded(running, bounds, { signal })
      }
    },
  })
}

async function boundedTransaction<T>(
  store: ChatStore,
  bounds: StoreBounds,
  {
    work,
    call,
  }: { readonly work: (unit: ChatStoreUnit) => Promise<T>; readonly call?: StoreCall | undefined },
): Promise<T> {
  const abort = new AbortController()
  const stop = call?.signal === undefined ? undefined : onAbort(call, (error) => abort.abort(error))
  const whole = async (unit: ChatStoreUnit): Promise<T> => {
    const result = await work(unit)
    abort.signal.throwIfAborted()
    return result
  }
  try {
    return await bounded(store.transaction(whole, { ...call, signal: abort.signal }), bounds, call ?? {})
  } catch (error) {
    abort.abort(error)
    throw error
  } finally {
    stop?.()
  }
}

async function bounded<T>(
  work: PromiseLike<T>,
  { clock, timeoutMs }: StoreBounds,
  sources: AbortSources,
): Promise<T> {
  const waiting = sources.signal === undefined ? work : untilAborted(sources, work)
  if (timeoutMs === 0 || timeoutMs === Infinity) return waiting
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = clock.setTimer(() => reject(lateError(timeoutMs)), timeoutMs)
  try {
    return await Promise.race([waiting, late])
  } finally {
    clock.clearTimer(timer)
  }
}

function lateError(timeoutMs: number): LlmError {
  return new LlmError(
    'overloaded',
    `the chat store did not answer within ${timeoutMs} ms (storeTimeoutMs); check the database, then try again`,
    { code: 'store-timeout' },
  )
}
