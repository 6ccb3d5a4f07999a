import { expect, test } from 'vitest'
import { LlmError, type ChatRequest } from 'llm-switchyard'
import { answered, bodyOf, replies } from '../requests/body-of.ts'
import { createRequests, targets } from './requests.ts'
import type { Wire } from './vendor-bodies.ts'
import { chance } from '../chance.ts'

/** Number of requests for each wire format: `SWITCHYARD_JUDGED=1250` makes 10 000 in all. */
const runs = Number(process.env['SWITCHYARD_JUDGED'] ?? 60)

const replyOf: Readonly<Record<Wire, string>> = {
  'anthropic-messages': 'anthropic',
  'bedrock-converse': 'converse',
  cohere: 'cohere',
  gemini: 'gemini',
  mistral: 'chat',
  ollama: 'ollama',
  'openai-chat': 'chat',
  'openai-responses': 'responses',
}

// Names that clients of single vendors write, and names of no vendor.
const NAMES =
  'allowed_callers annotations audio budget_tokens cacheControl container context custom_id defer_loading display documents eager_input_streaming encrypted_content format function_call generationConfig guardContent index input_examples media_resolution max_tokens prefix reasoning_details safety_settings status store summary thinking thoughtSignature title verbosity video_metadata weight x_own_field'.split(
    ' ',
  )

// What is in these is the vendor's or the application's own: arguments, schemas, raw items.
const FREE =
  /(^|\.)(arguments|schema|parameters|metadata|logitBias|filter|headers|details|block|content\.a|providerOptions)$/

type Draft = Record<string, unknown>

function placesOf(value: unknown, path = ''): [string, Draft][] {
  if (FREE.test(path) || typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([key, item]) =>
    placesOf(item, path === '' ? key : `${path}.${key}`),
  )
  // A result that is an object is its text.
  const isResult = /^messages\.\d+\.content$/.test(path)
  return Array.isArray(value) || isResult ? inner : [[path, value as Draft], ...inner]
}

interface Mutant {
  readonly request: ChatRequest
  readonly name: string
  readonly place: string
  readonly mark: string
}

function mutants(wire: Wire): () => Mutant {
  const next = createRequests(wire, 23)
  const random = chance(29)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length) % list.length] as T
  let at = 0
  return () => {
    const request = { ...next(), stream: false } as unknown as Draft
    const mark = `foreign-${at++}`
    for (;;) {
      const [place, object] = pick(placesOf(request))
      const name = pick(NAMES)
      if (Object.hasOwn(object, name)) continue
      object[name] = pick([mark, { a: mark }, [mark]])
      return { request: request as unknown as ChatRequest, name, place, mark }
    }
  }
}

const CACHED = /tools.* were left out: the cached content holds its own/

// A tool, or an option of one, that is not sent takes its fields with it.
function isLost(text: string): boolean {
  return CACHED.test(text) || /there is no such (tool|option)|serverTools (was|for .*) not sent/.test(text)
}

test.each(Object.keys(targets) as Wire[])('%s: no foreign field is lost without a word', async (wire) => {
  const next = mutants(wire)
  const silent: string[] = []
  for (let at = 0; at < runs; at++) {
    const { request, name, place, mark } = next()
    const isSent = (body: unknown): boolean => JSON.stringify(body).includes(mark)
    const isTold = (texts: readonly string[]): boolean =>
      texts.some((text) => text.includes(name) || isLost(text))
    const reply = await answered(request, replies[replyOf[wire]] ?? {}).catch(
      (refused: unknown) => refused as Error,
    )
    if (reply instanceof Error || isSent(reply.body)) continue
    const warnings = reply.reply.warnings.map(({ message, path = '' }) => `${path} ${message}`)
    if (!isTold(warnings)) silent.push(`warn: ${name} in ${place}`)
    const { error } = await bodyOf({ ...request, onUnsupported: 'error' })
    const refusal = LlmError.is(error) ? [error.message, ...(error.issues ?? []).map(({ path }) => path)] : []
    if (!isTold(refusal) && !warnings.some((text) => CACHED.test(text)))
      silent.push(`error: ${name} in ${place}`)
  }
  expect([...new Set(silent)]).toEqual([])
})
