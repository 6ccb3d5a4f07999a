import type { Fragment, ToolFragment } from '../../core/dialect.ts'
import { listOf, objectOf, textOf, type JsonValue } from '../../core/json.ts'
import { createPartialArguments, type PartialArguments } from './partial-args.ts'

type Call = Record<string, unknown>

/** A complete call, and the part that held it. */
interface HeldCall {
  readonly fragment: ToolFragment
  readonly part: JsonValue
}

/**
 * Reads the function calls of one answer, also those whose arguments arrive value by value. Complete calls are held until
 * the next part, because a call that the service runs itself is followed by its result and is not the caller's.
 */
export class CallReader {
  readonly #mark: { readonly choice: number } | undefined
  readonly #held: HeldCall[] = []
  /** The unfinished call. */
  #open: PartialArguments | undefined

  constructor(mark: { readonly choice: number } | undefined) {
    this.#mark = mark
  }

  read(part: Record<string, unknown>, out: Fragment[]): void {
    const call = objectOf(part['functionCall'])
    const signature = textOf(part['thoughtSignature'])
    const name = textOf(call['name'])
    const partial = call['partialArgs']
    const goesOn = call['willContinue'] === true
    if (name === undefined) {
      if (this.#open !== undefined) this.#continue(call, signature, out)
      return
    }
    this.end(out)
    const started = { id: textOf(call['id']), name, ...(signature === undefined ? undefined : { signature }) }
    if (partial === undefined && !goesOn) {
      const fragment = {
        type: 'tool',
        ...started,
        arguments: argsOf(call),
        done: true,
        ...this.#mark,
      } as const
      this.#held.push({ fragment, part: part as JsonValue })
      return
    }
    this.release(out)
    this.#open = createPartialArguments()
    this.#push(out, started)
    if (partial !== undefined) this.#continue(call, undefined, out)
  }

  /** Removes the call that the service answered itself. Returns the part that held it; empty if there was none. */
  answer({ id, name }: Record<string, unknown>): JsonValue[] {
    const at = this.#held.findIndex(
      ({ fragment: call }) => call.name === name && (id === undefined || (call.id ?? id) === id),
    )
    return this.#held.splice(at, at === -1 ? 0 : 1).map(({ part }) => part)
  }

  /** Adds the calls without a result of the service to `out`. */
  release(out: Fragment[]): void {
    out.push(...this.#held.splice(0).map(({ fragment }) => fragment))
  }

  /** Ends the unfinished call, if any. */
  end(out: Fragment[]): void {
    const last = this.#open?.end()
    this.#open = undefined
    if (last === undefined) return
    this.#push(out, { ...('whole' in last ? { arguments: last.whole } : { delta: last.delta }), done: true })
  }

  #continue(call: Call, signature: string | undefined, out: Fragment[]): void {
    const values = listOf(call['partialArgs'])
    const delta = this.#open?.add(values)
    const signed = signature === undefined ? undefined : { signature }
    if ((delta !== undefined && delta !== '') || signed !== undefined) this.#push(out, { delta, ...signed })
    const goesOn =
      call['willContinue'] === true || values.some((value) => objectOf(value)['willContinue'] === true)
    if (!goesOn) this.end(out)
  }

  #push(out: Fragment[], fragment: Omit<ToolFragment, 'type'>): void {
    out.push({ type: 'tool', ...fragment, ...this.#mark })
  }
}

function argsOf({ args }: Call): JsonValue {
  return (args ?? {}) as JsonValue
}
