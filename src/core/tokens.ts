import { estimateTokenCount } from 'tokenx'
import { plainText, type Message } from './message.ts'
import type { Usage } from './response.ts'

// Tokens of role marks and separators that chat templates add to every message.
const TOKENS_PER_MESSAGE = 4
// Approximate charge of providers for an image of common size.
const TOKENS_PER_IMAGE = 800

/** Estimates the tokens of a text by its script and word lengths, within about 10 % of real tokenizers on prose and code. */
export function estimateTokens(text: string): number {
  return text === '' ? 0 : estimateTokenCount(text)
}

/** Estimates the usage of messages and output, for a provider that reports none. The result has `estimated: true`. `count` counts the tokens of a text. */
export function estimateUsage(
  messages: readonly Message[],
  output: string,
  count: (text: string) => number = estimateTokens,
): Usage {
  let inputTokens = 0
  for (const { content } of messages) {
    inputTokens += TOKENS_PER_MESSAGE + count(plainText(content))
    if (typeof content !== 'string')
      for (const part of content) {
        if (part.type === 'image') inputTokens += TOKENS_PER_IMAGE
        else if (part.type === 'tool-call') inputTokens += count(part.name + JSON.stringify(part.arguments))
      }
  }
  const outputTokens = count(output)
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens, estimated: true }
}

/** What of a call a model reads, and how its tokens are counted. */
interface EstimatedCall {
  readonly messages: readonly Message[]
  readonly settings: { readonly tools?: readonly object[] | undefined }
  readonly estimateTokens?: ((text: string) => number) | undefined
}

/** Estimates the usage of a call, as `estimateUsage` does. Its tools count as a message with their JSON. */
export function estimateCall(
  { messages, settings, estimateTokens: count }: EstimatedCall,
  output: string,
): Usage {
  const { tools } = settings
  const content = tools?.map(toolText).join('')
  return estimateUsage(content ? [...messages, { role: 'user', content }] : messages, output, count)
}

/** A tool, as far as a model reads it. */
interface CountedTool {
  readonly name?: unknown
  readonly description?: unknown
  readonly parameters?: unknown
}

// The text of a schema is kept, because many calls carry the same one.
const schemaTexts: WeakMap<object, string> = new WeakMap()

function toolText(tool: object): string {
  const { name, description = '', parameters } = tool as CountedTool
  return `{"name":"${String(name)}","description":"${String(description)}","parameters":${schemaText(parameters)}}`
}

function schemaText(schema: unknown): string {
  if (typeof schema !== 'object' || schema === null) return '{}'
  let text = schemaTexts.get(schema)
  if (text === undefined) schemaTexts.set(schema, (text = JSON.stringify(schema, plainOnly) ?? ''))
  return text
}

// A schema object of a validation library is large and may hold itself.
const plainOnly = (_key: string, value: object | null | undefined): unknown =>
  value?.['~standard' as never] === undefined ? value : undefined
