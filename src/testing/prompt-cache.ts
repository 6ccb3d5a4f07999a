import type { Clock } from '../core/clock.ts'
import { isObject, listOf, objectOf, textOf, type JsonObject } from '../core/json.ts'
import type { Usage } from '../core/response.ts'
import type { FakeRequest } from './request.ts'

/** The part of a usage that tells what a vendor's prompt cache did. */
export type CachedUsage = Pick<Usage, 'inputTokens' | 'cachedInputTokens' | 'cacheWriteTokens'>

/** A simulated prompt cache: counts the tokens of a request that were cached, and caches the request. */
export type PromptCache = (request: FakeRequest) => CachedUsage | undefined

/** A block of a prompt, in the order in which vendors cache: tools, instructions, messages. */
interface Segment {
  readonly text: string
  /** Lifetime of the mark at its end. Absent: no mark. */
  readonly markedMs?: number | undefined
}

const CHARACTERS_PER_TOKEN = 4
const MINUTE_MS = 60_000
// Claude looks back over about 20 blocks from each mark, and reads at most 4 marks.
const LOOKBACK = 20
const MAX_MARKS = 4
/** Shortest cached prefix in tokens, by vendor: Claude 512 to 4 096 by model, OpenAI 1 024, Gemini 2 048 and more. */
const MINIMUM = { claude: 1_024, openai: 1_024, gemini: 2_048 } as const
/** OpenAI caches in steps of 128 tokens. */
const OPENAI_STEP = 128
const MAX_PROMPTS = 256

/**
 * Creates a prompt cache by the documented rules: Anthropic and Bedrock read and write at marks; OpenAI and Gemini find
 * the longest beginning of an earlier prompt. A request in another format has no counts.
 */
export function createPromptCache(clock: Clock): PromptCache {
  const marked = markedCache(clock)
  const openai = prefixCache(MINIMUM.openai, OPENAI_STEP)
  const gemini = prefixCache(MINIMUM.gemini, 1)
  return (request) => {
    const { body, model } = request
    switch (request.dialect) {
      case 'anthropic-messages':
        return marked(model, claudeSegments(body))
      case 'bedrock-converse':
        return marked(model, converseSegments(body))
      case 'openai-chat':
        return openai([model, textOf(body['prompt_cache_key'])], plain(body['tools'], body['messages']))
      case 'openai-responses':
        return openai(
          [model, textOf(body['prompt_cache_key'])],
          plain(body['tools'], body['instructions'], body['input']),
        )
      case 'gemini':
        return gemini([model], plain(body['tools'], body['systemInstruction'], body['contents']))
      default:
        return undefined
    }
  }
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN)
}

/** A cache that is written and read at marks. */
function markedCache(clock: Clock): (model: string, segments: readonly Segment[]) => CachedUsage {
  /** When each cached prefix expires. */
  const entries = new Map<string, number>()
  return (model, segments) => {
    const now = clock.now()
    const prefixes: { readonly key: string; readonly tokens: number }[] = []
    let key = model
    let tokens = 0
    for (const { text } of segments) {
      key = hashOf(key + text)
      tokens += tokensOf(text)
      prefixes.push({ key, tokens })
    }
    const marks = segments.flatMap(({ markedMs }, at) => (markedMs === undefined ? [] : [{ at, markedMs }]))
    const used = marks.slice(-MAX_MARKS)
    const isCached = (at: number): boolean => (entries.get(prefixes[at]?.key ?? '') ?? 0) > now
    const hits = used.flatMap(({ at }) => {
      for (let from = at; from >= 0 && from > at - LOOKBACK; from--) if (isCached(from)) return [from]
      return []
    })
    const read = prefixes[Math.max(-1, ...hits)]?.tokens ?? 0
    // What is read lives on.
    for (const at of hits) entries.set(prefixes[at]?.key ?? '', now + 5 * MINUTE_MS)
    let written = 0
    for (const { at, markedMs } of used) {
      const prefix = prefixes[at]
      if (prefix === undefined || prefix.tokens < MINIMUM.claude) continue
      entries.set(prefix.key, now + markedMs)
      written = Math.max(written, prefix.tokens - read)
    }
    return { inputTokens: tokens, cachedInputTokens: read, cacheWriteTokens: written }
  }
}

/** A cache that finds the longest common beginning with an earlier prompt of the same key. */
function prefixCache(
  minimum: number,
  step: number,
): (key: readonly unknown[], segments: readonly string[]) => CachedUsage {
  const prompts: { readonly key: string; readonly text: string }[] = []
  return (key, segments) => {
    const text = segments.join('\n')
    const name = JSON.stringify(key)
    const common = prompts.map((prompt) => (prompt.key === name ? commonLength(prompt.text, text) : 0))
    const longest = Math.floor(Math.max(0, ...common) / CHARACTERS_PER_TOKEN)
    const read = longest < minimum ? 0 : Math.floor(longest / step) * step
    prompts.push({ key: name, text })
    if (prompts.length > MAX_PROMPTS) prompts.shift()
    return { inputTokens: tokensOf(text), cachedInputTokens: read }
  }
}

function commonLength(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  let at = 0
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++
  return at
}

function plain(...fields: readonly unknown[]): string[] {
  return fields.flatMap((field) =>
    (Array.isArray(field) ? field : [field ?? '']).map((one) => JSON.stringify(one)),
  )
}

function claudeSegments(body: JsonObject): Segment[] {
  const segments = [
    ...listOf(body['tools']).map(claudeBlock),
    ...blocksOf(body['system']).map(claudeBlock),
    // Another choice or another way of thinking changes the messages, but not what is before them.
    { text: JSON.stringify([body['tool_choice'], body['thinking'], body['output_config']]) },
    ...listOf(body['messages']).flatMap((message) => {
      const { role, content } = objectOf(message)
      return blocksOf(content).map((block) => named(String(role), claudeBlock(block)))
    }),
  ]
  const ttl = lifetimeOf(
    objectOf(body['cache_control'])['type'] === undefined ? undefined : body['cache_control'],
  )
  // The field marks the last block.
  const last = segments.at(-1)
  if (ttl !== undefined && last !== undefined) segments[segments.length - 1] = { ...last, markedMs: ttl }
  return segments
}

function claudeBlock(block: unknown): Segment {
  const { cache_control: mark, ...content } = objectOf(block)
  return { text: JSON.stringify(content), markedMs: lifetimeOf(mark) }
}

function lifetimeOf(mark: unknown): number | undefined {
  return isObject(mark) ? (mark['ttl'] === '1h' ? 60 : 5) * MINUTE_MS : undefined
}

function blocksOf(content: unknown): readonly unknown[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : listOf(content)
}

function named(role: string, segment: Segment): Segment {
  return { ...segment, text: `${role} ${segment.text}` }
}

function converseSegments(body: JsonObject): Segment[] {
  return [
    ...marksAfter(listOf(objectOf(body['toolConfig'])['tools'])),
    ...marksAfter(listOf(body['system'])),
    {
      text: JSON.stringify([
        objectOf(body['toolConfig'])['toolChoice'],
        body['additionalModelRequestFields'],
      ]),
    },
    ...listOf(body['messages']).flatMap((message) => {
      const { role, content } = objectOf(message)
      return marksAfter(listOf(content)).map((segment) => named(String(role), segment))
    }),
  ]
}

/** A mark is an entry of its own, after the block whose end it is. */
function marksAfter(entries: readonly unknown[]): Segment[] {
  const segments: Segment[] = []
  for (const entry of entries) {
    const point = objectOf(entry)['cachePoint']
    const last = segments.at(-1)
    if (point === undefined) segments.push({ text: JSON.stringify(entry) })
    else if (last !== undefined) segments[segments.length - 1] = { ...last, markedMs: lifetimeOf(point) }
  }
  return segments
}

function hashOf(text: string): string {
  let a = 0x811c9dc5
  let b = 0x01000193
  for (let at = 0; at < text.length; at++) {
    a = Math.imul(a ^ text.charCodeAt(at), 0x01000193)
    b = Math.imul(b + text.charCodeAt(at), 0x85ebca6b) ^ (b >>> 13)
  }
  return `${(a >>> 0).toString(36)}.${(b >>> 0).toString(36)}.${text.length}`
}
