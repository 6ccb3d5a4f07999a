import { addUsage } from '../core/add-usage.ts'
import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import { errorTable, LlmError } from '../core/error.ts'
import type { ChatRequest, MessageInput, Schema } from '../core/request.ts'
import type { ChatResponse, Usage } from '../core/response.ts'
import type { SchemaOutput } from '../core/schema-types.ts'
import { anyObject, anyOf, count, listOf, nonEmptyText, required } from '../core/schema.ts'
import { askAgain, misfitOf } from '../tools/index.ts'

/** Sends a request whole. */
export type AskOnce = (request: ChatRequest & { readonly stream?: false }) => Promise<ChatResponse>

/** A model that is asked when another one has failed, with what it takes to reach it. */
export type OtherModel = Pick<
  ChatRequest,
  | 'provider'
  | 'model'
  | 'api'
  | 'apiKey'
  | 'credentials'
  | 'baseUrl'
  | 'variables'
  | 'headers'
  | 'extraHeaders'
  | 'extraBody'
>

/** A chat request whose answer is a value. */
export interface ExtractRequest<S extends Schema> extends Omit<
  ChatRequest,
  'responseFormat' | 'stream' | 'n'
> {
  /** Schema of the value. */
  readonly schema: S
  /** Name of the value for providers that want one. */
  readonly name?: string | undefined
  /** How the model is asked for the value. Default `auto`. */
  readonly strategy?: 'auto' | 'native' | 'tool' | 'prompt' | undefined
  /** How often each model is asked again, with what is wrong about its answer. Default 1. */
  readonly maxRepairs?: number | undefined
  /**
   * Models that are asked in turn when the one before gives no value that fits, or fails as `fallback` provides for. Each as
   * `provider/model`, or with its access; `apiKey`, `baseUrl`, headers and the like of the request are for its own model. Default: none.
   */
  readonly models?: readonly (string | OtherModel)[] | undefined
}

/** A value that a model gave. */
export interface Extracted<Value> {
  readonly object: Value
  /** The response that has the value. */
  readonly response: ChatResponse
  /** Usage of all model calls, also of the models that gave no value. */
  readonly usage: Usage
  /** How often models were asked again. */
  readonly repairs: number
}

const DEFAULT_REPAIRS = 1
const extractFields = {
  messages: argument.list,
  schema: argument.object,
  maxRepairs: count,
  models: listOf(anyOf(nonEmptyText, anyObject)),
}

/**
 * Asks for a value by a schema. An answer that does not fit is given back to the model with what is wrong about it, `maxRepairs`
 * times; then the next of `models` is asked. Rejects with `reply-malformed` if no answer fits, with the last one and the usage
 * of all as `partial`; with the error of the last call if that failed.
 */
export async function extract<const S extends Schema>(
  chatApiCall: AskOnce,
  request: ExtractRequest<S>,
): Promise<Extracted<SchemaOutput<S>>> {
  checkArguments('extract', { chatApiCall: argument.function }, { chatApiCall })
  checkArguments('extract', extractFields, request)
  const { models = [], ...own } = request
  const asking = new Asking(chatApiCall)
  for (let at = 0; ; at++) {
    const other = models[at - 1]
    try {
      return (await asking.ask(other === undefined ? own : askOf(own, other))) as Extracted<SchemaOutput<S>>
    } catch (error) {
      if (at >= models.length || !fallsBack(error)) throw asking.withUsage(error)
    }
  }
}

/** The calls for one value, and what they have used. */
class Asking {
  readonly #call: AskOnce
  #usage: Usage | undefined
  #last: ChatResponse | undefined
  #repairs = 0

  constructor(call: AskOnce) {
    this.#call = call
  }

  /** Asks one model until its answer fits, or its repairs are used up. */
  async ask({
    schema,
    name,
    strategy,
    maxRepairs = DEFAULT_REPAIRS,
    messages,
    ...rest
  }: ExtractRequest<Schema>): Promise<Extracted<unknown>> {
    const responseFormat = { type: 'json', schema, name, strategy } as const
    let asked: readonly MessageInput[] = messages
    for (let repairs = 0; ; repairs++) {
      const response = await this.#once({ ...rest, messages: asked, responseFormat })
      const usage = this.#usage ?? response.usage
      if (response.object !== undefined)
        return { object: response.object, response, usage, repairs: this.#repairs }
      const reason = reasonOf(response)
      if (repairs >= maxRepairs) throw malformed(reason, response)
      this.#repairs++
      asked = [
        ...asked,
        { role: 'assistant', content: response.text },
        { role: 'user', content: askAgain(reason) },
      ]
    }
  }

  /** The error with the usage of all calls, if there was an answer. */
  withUsage(error: unknown): unknown {
    if (!LlmError.is(error) || this.#usage === undefined) return error
    const partial = error.partial ?? this.#last
    return partial === undefined ? error : error.with({ partial: { ...partial, usage: this.#usage } })
  }

  async #once(request: ChatRequest): Promise<ChatResponse> {
    try {
      const response = await this.#call({ ...request, stream: false })
      this.#last = response
      this.#add(response.usage)
      return response
    } catch (error) {
      if (LlmError.is(error) && error.partial !== undefined) this.#add(error.partial.usage)
      throw error
    }
  }

  #add(usage: Usage): void {
    this.#usage = this.#usage === undefined ? usage : addUsage(this.#usage, usage)
  }
}

// Limits and the queue of the application are not those of one model.
function fallsBack(error: unknown): boolean {
  if (!LlmError.is(error) || error.scope !== undefined || error.phase === 'queue') return false
  return errorTable[error.kind].fallsBack
}

// What reaches the model of the request does not reach another one.
const NO_ACCESS: Readonly<Record<keyof OtherModel, undefined>> = {
  provider: undefined,
  model: undefined,
  api: undefined,
  apiKey: undefined,
  credentials: undefined,
  baseUrl: undefined,
  variables: undefined,
  headers: undefined,
  extraHeaders: undefined,
  extraBody: undefined,
}

function askOf<S extends Schema>(request: ExtractRequest<S>, other: string | OtherModel): ExtractRequest<S> {
  return { ...request, ...NO_ACCESS, ...(typeof other === 'string' ? { model: other } : other) }
}

/** A chat request that is answered by one of several options. */
export interface ChooseRequest<Option extends string> extends Omit<
  ExtractRequest<Schema>,
  'schema' | 'name'
> {
  readonly options: readonly Option[]
}

/** Asks which of several options it is. Rejects with `reply-malformed` if the model names none of them. */
export async function choose<const Option extends string>(
  chatApiCall: AskOnce,
  choice: ChooseRequest<Option>,
): Promise<Option> {
  checkArguments('choose', { options: required(listOf(nonEmptyText, { min: 1 })) }, choice)
  const { options, ...request } = choice
  const schema = closed({ choice: { type: 'string', enum: [...options] } })
  const { object } = await extract(chatApiCall, { ...request, schema, name: 'choice' })
  return (object as { readonly choice: Option }).choice
}

/** Asks a question whose answer is yes or no. Rejects with `reply-malformed` if the model gives neither. */
export async function decide(
  chatApiCall: AskOnce,
  request: Omit<ExtractRequest<Schema>, 'schema' | 'name'>,
): Promise<boolean> {
  checkArguments('decide', { system: optional.text }, typeof request?.system === 'string' ? request : {})
  const schema = closed({ decision: { type: 'boolean' } })
  const { object } = await extract(chatApiCall, { ...request, schema, name: 'decision' })
  return (object as { readonly decision: boolean }).decision
}

function closed(properties: { readonly [name: string]: Schema }): Schema {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  } as Schema
}

function reasonOf(response: ChatResponse): string {
  if (response.text === '') return 'it has no text'
  return misfitOf(response) ?? 'it is not valid JSON'
}

function malformed(reason: string, partial: ChatResponse): LlmError {
  const issues = [{ path: 'responseFormat', message: reason }]
  return new LlmError('reply-malformed', `the model gave no value that fits: ${reason}`, { partial, issues })
}
