import type { Fragment, ToolFragment } from '../../core/dialect.ts'
import { listOf, objectOf, textOf, type JsonValue } from '../../core/json.ts'
import { createPartialArguments, type PartialArguments } from './partial-args.ts'

type Call = Record<string, unknown>

/** Reads the function calls of one answer: whole ones, and those whose arguments come value by value. */
export class CallReader {
  readonly #mark: { readonly choice: number } | undefined
  /** The call whose end has not come. */
  #open: PartialArguments | undefined

  constructor(mark: { readonly choice: number } | undefined) {
    this.#mark = mark
  }

  read(call: Call, signature: string | undefined, out: Fragment[]): void {
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
      this.#push(out, { ...started, arguments: argsOf(call), done: true })
      return
    }
    this.#open = createPartialArguments()
    this.#push(out, started)
    if (partial !== undefined) this.#continue(call, undefined, out)
  }

  /** Ends the call that is open, if one is. */
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
