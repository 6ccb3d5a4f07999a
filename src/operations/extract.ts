import { addUsage } from '../core/add-usage.ts'
import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import { LlmError } from '../core/error.ts'
import type { ChatRequest, MessageInput, Schema } from '../core/request.ts'
import type { ChatResponse, Usage } from '../core/response.ts'
import type { SchemaOutput } from '../core/schema-types.ts'
import { count, listOf, nonEmptyText, required } from '../core/schema.ts'

/** Sends a request whole. */
export type AskOnce = (request: ChatRequest & { readonly stream?: false }) => Promise<ChatResponse>

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
  /** How often the model is asked again, with what is wrong about its answer. Default 1. */
  readonly maxRepairs?: number | undefined
}

/** A value that a model gave. */
export interface Extracted<Value> {
  readonly object: Value
  /** The response that has the value. */
  readonly response: ChatResponse
  /** Usage of all model calls. */
  readonly usage: Usage
  /** How often the model was asked again. */
  readonly repairs: number
}

const DEFAULT_REPAIRS = 1

/**
 * Asks for a value by a schema. An answer that does not fit is given back to the model with what is wrong about it, `maxRepairs`
 * times. Rejects with `reply-malformed` if the last one does not fit either, with that answer and the usage of all as `partial`.
 */
export async function extract<const S extends Schema>(
  chatApiCall: AskOnce,
  request: ExtractRequest<S>,
): Promise<Extracted<SchemaOutput<S>>> {
  const fields = { messages: argument.list, schema: argument.object, maxRepairs: count }
  checkArguments('extract', { chatApiCall: argument.function }, { chatApiCall })
  checkArguments('extract', fields, request)
  const { schema, name, strategy, maxRepairs = DEFAULT_REPAIRS, messages, ...rest } = request
  const responseFormat = { type: 'json', schema, name, strategy } as const
  let asked: readonly MessageInput[] = messages
  let usage: Usage | undefined
  for (let repairs = 0; ; repairs++) {
    const response: ChatResponse = await chatApiCall({
      ...rest,
      messages: asked,
      responseFormat,
      stream: false,
    })
    usage = usage === undefined ? response.usage : addUsage(usage, response.usage)
    if (response.object !== undefined)
      return { object: response.object as SchemaOutput<S>, response, usage, repairs }
    const reason = reasonOf(response)
    if (repairs >= maxRepairs) throw malformed(reason, { ...response, usage })
    asked = [
      ...asked,
      { role: 'assistant', content: response.text },
      { role: 'user', content: again(reason) },
    ]
  }
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

function again(reason: string): string {
  return `Your answer was not accepted: ${reason}. Answer again, with the JSON alone.`
}

function reasonOf({ text, warnings }: ChatResponse): string {
  if (text === '') return 'it has no text'
  const { message } = warnings.findLast(({ setting }) => setting === 'responseFormat') ?? {}
  return message?.replace(/; response\.object is not set$/, '') ?? 'it is not valid JSON'
}

function malformed(reason: string, partial: ChatResponse): LlmError {
  const issues = [{ path: 'responseFormat', message: reason }]
  return new LlmError('reply-malformed', `the model gave no value that fits: ${reason}`, { partial, issues })
}
