import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import type { EventBatch, StreamEvent } from '../core/event.ts'
import { loadSchemas } from '../core/fit/load-schemas.ts'
import type { PartialAnswer } from '../core/fit/partial-answer.ts'
import type { JsonValue } from '../core/json.ts'
import type { DeepPartial, ItemAt, ListPath } from '../core/partial-types.ts'
import type { ResolvedFormat } from '../core/resolved-settings.ts'

/** A stream of events whose answer is a value: of a call, a run, an agent or a turn. */
export interface ObjectStream<Parsed> extends AsyncIterable<StreamEvent> {
  readonly response?: Promise<Whole<Parsed>> | undefined
  /** The result, if the stream is a turn. */
  readonly turn?: Promise<Whole<JsonValue>> | undefined
  /** The format that was asked for. */
  readonly responseFormat?: ResolvedFormat | undefined
  batches?(): AsyncIterable<EventBatch>
  cancel?(reason?: unknown): void
}

/** Values of a streamed answer. Iterated once. */
export interface AnswerValues<Value> extends AsyncIterableIterator<Value, undefined>, AsyncDisposable {}

interface Whole<Parsed> {
  readonly object?: Parsed | undefined
}

/**
 * Iterates the value of a streamed answer while it grows, at most once per network read. Each partial is a snapshot: it does
 * not change, and shares with the next one what was complete. Numbers and words are whole, texts may be cut. Partials are not
 * checked by the schema; `stream.response` has the checked value. Leaving the loop cancels the call.
 */
export function partialObjects<Parsed>(stream: ObjectStream<Parsed>): AnswerValues<DeepPartial<Parsed>> {
  checkStream('partialObjects', stream)
  const read = (answer: PartialAnswer): readonly JsonValue[] => {
    const value = answer.takeValue()
    return value === undefined ? [] : [value]
  }
  return new ValueIterator(stream, { read, last: wholeValue }) as AnswerValues<never>
}

/**
 * Iterates the items of a list in a streamed answer, each when it is complete: of the list that is the answer, or of the one at
 * `path`, names with dots between them. An item that does not fit the schema is left out. Leaving the loop cancels the call.
 * Throws `invalid-request` at the first item if the schema has no list there.
 */
export function arrayElements<Parsed, Path extends ListPath<Parsed> | undefined = undefined>(
  stream: ObjectStream<Parsed>,
  path?: Path,
): AnswerValues<ItemAt<Parsed, Path>> {
  checkStream('arrayElements', stream)
  checkArguments('arrayElements', { path: optional.text }, { path })
  const names = path === undefined ? [] : path.split('.')
  return new ValueIterator(stream, {
    check: (answer) => answer.checkPath(names),
    read: (answer) => answer.takeItems(names),
  }) as AnswerValues<never>
}

function checkStream(where: string, stream: unknown): void {
  checkArguments(where, { stream: argument.object }, { stream })
  const { [Symbol.asyncIterator]: iterate } = stream as ObjectStream<unknown>
  checkArguments(
    where,
    { 'stream[Symbol.asyncIterator]': argument.function },
    {
      'stream[Symbol.asyncIterator]': iterate,
    },
  )
}

interface Reading {
  /** The values that the newest text has brought. */
  readonly read: (answer: PartialAnswer) => readonly JsonValue[]
  readonly check?: ((answer: PartialAnswer) => void) | undefined
  /** The values of an answer without braces. */
  readonly last?: ((stream: ObjectStream<unknown>) => Promise<readonly JsonValue[]>) | undefined
}

type Read = IteratorResult<JsonValue, undefined>

/** Iterates values of an answer. Unlike a generator it cancels the stream also before the first read, and while one waits. */
class ValueIterator implements AnswerValues<JsonValue> {
  readonly #stream: ObjectStream<unknown>
  readonly #values: AsyncGenerator<JsonValue, undefined, undefined>
  #hasBegun = false
  #reads = 0
  #isLeft = false

  constructor(stream: ObjectStream<unknown>, reading: Reading) {
    this.#stream = stream
    this.#values = this.#read(reading)
  }

  next(): Promise<Read> {
    this.#hasBegun = true
    this.#reads++
    return this.#values.next().finally(() => this.#reads--)
  }

  return(): Promise<Read> {
    this.#isLeft = true
    if (!this.#hasBegun || this.#reads > 0) this.#stream.cancel?.()
    return this.#values.return(undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async *#read(reading: Reading): AsyncGenerator<JsonValue, undefined, undefined> {
    try {
      yield* valuesOf(this.#stream, reading)
    } catch (error) {
      this.#stream.cancel?.()
      // The reader who has left does not wait for the error that follows from it.
      if (!this.#isLeft) throw error
    }
    return undefined
  }
}

async function* valuesOf(
  stream: ObjectStream<unknown>,
  { read, check, last }: Reading,
): AsyncGenerator<JsonValue, void, undefined> {
  const { PartialAnswer: Answer } = await loadSchemas()
  const schema = stream.responseFormat?.schema
  let answer = new Answer(schema)
  check?.(answer)
  for await (const batch of batchesOf(stream)) {
    for (const event of batch) {
      if (event.type === 'text-delta' && (event.choice ?? 0) === 0) answer.push(event.text)
      // Each step of a run is an answer of its own.
      else if (event.type === 'step') answer = new Answer(schema)
    }
    yield* read(answer)
  }
  answer.end()
  yield* read(answer)
  if (!answer.hasBegun && last !== undefined) yield* await last(stream)
}

// The answer is a text, a number or a truth, which has no parts.
async function wholeValue({ response, turn }: ObjectStream<unknown>): Promise<readonly JsonValue[]> {
  const whole = await (response ?? turn)
  return whole?.object === undefined ? [] : [whole.object as JsonValue]
}

async function* batchesOf(stream: ObjectStream<unknown>): AsyncGenerator<EventBatch, void, undefined> {
  if (stream.batches !== undefined) yield* stream.batches()
  else for await (const event of stream) yield [event]
}
