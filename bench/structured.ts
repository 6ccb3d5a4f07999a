// CPU of a streamed object of 1 MB, beside the same stream read as text and beside other libraries, in one process and in
// turns: npm run bench -- structured
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { jsonSchema, Output, streamText } from 'ai'
import { createOrchestrator, type JsonObject } from 'llm-switchyard'
import { arrayElements, partialObjects } from 'llm-switchyard/tools'

const BYTES = 1_000_000
const DELTA_CHARS = 200
const READ_BYTES = 16_384
const WARM_RUNS = 10
const ROUNDS = 21
// The AI SDK reads the whole text again at every delta and keeps each partial: 1 MB takes more than 4 GB of memory.
const SMALLER = [25_000, 50_000, 100_000, 200_000]

interface Row extends JsonObject {
  readonly id: number
  readonly name: string
  readonly tags: readonly string[]
  readonly isOpen: boolean
}

const schema = {
  type: 'object',
  properties: {
    rows: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          id: { type: 'integer' },
          name: { type: 'string' },
          tags: { type: 'array', items: { type: 'string' } },
          isOpen: { type: 'boolean' },
        },
        required: ['id', 'name', 'tags', 'isOpen'],
        additionalProperties: false,
      },
    },
  },
  required: ['rows'],
  additionalProperties: false,
} as const

type Read = () => Promise<number>

function answerOf(bytes: number): { readonly text: string; readonly rows: number } {
  const rows: Row[] = []
  for (let length = 0; length < bytes;) {
    const at = rows.length
    const row = {
      id: at,
      name: `Boat ${at} of the harbour`,
      tags: ['sail', `no-${at}`],
      isOpen: at % 2 === 0,
    }
    rows.push(row)
    length += JSON.stringify(row).length + 1
  }
  return { text: JSON.stringify({ rows }), rows: rows.length }
}

/** Answers with a stream of the text, in deltas and in network reads of a fixed size. */
function fakeFetch(text: string): typeof fetch {
  const frame = (delta: JsonObject, more: JsonObject = {}, finish: string | null = null): string => {
    const choices = [{ index: 0, delta, finish_reason: finish }]
    const chunk = { id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more }
    return `data: ${JSON.stringify(chunk)}\n\n`
  }
  const usage = { prompt_tokens: 10, completion_tokens: 250_000, total_tokens: 250_010 }
  let body = frame({ role: 'assistant', content: '' })
  for (let at = 0; at < text.length; at += DELTA_CHARS)
    body += frame({ content: text.slice(at, at + DELTA_CHARS) })
  const bytes = new TextEncoder().encode(`${body}${frame({}, { usage }, 'stop')}data: [DONE]\n\n`)
  return async () => {
    let at = 0
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) return controller.close()
        controller.enqueue(bytes.slice(at, (at += READ_BYTES)))
      },
    })
    return new Response(stream, { headers: { 'content-type': 'text/event-stream' } })
  }
}

const address = { baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'k' }
const messages = [{ role: 'user' as const, content: 'List the boats.' }]

/** Our ways to read the stream. Each gives the number of what it has read. */
function ours(text: string): {
  readonly asText: Read
  readonly partials: Read
  readonly items: Read
  readonly whole: Read
} {
  const { chatApiCall } = createOrchestrator({ fetch: fakeFetch(text) })
  const target = { model: 'openai-compatible/m', ...address, messages, stream: true } as const
  const responseFormat = { type: 'json', schema } as const
  return {
    asText: async () => {
      let length = 0
      for await (const event of await chatApiCall(target))
        if (event.type === 'text-delta') length += event.text.length
      return length
    },
    partials: async () => {
      let rows = 0
      for await (const partial of partialObjects(await chatApiCall({ ...target, responseFormat })))
        rows = partial.rows?.length ?? 0
      return rows
    },
    whole: async () => {
      const stream = await chatApiCall({ ...target, responseFormat })
      for await (const _partial of partialObjects(stream));
      return (await stream.response).object?.rows?.length ?? 0
    },
    items: async () => {
      let rows = 0
      for await (const _row of arrayElements(await chatApiCall({ ...target, responseFormat }), 'rows')) rows++
      return rows
    },
  }
}

function aiSdk(text: string): { readonly asText: Read; readonly partials: Read } {
  const provider = createOpenAICompatible({
    name: 'fake',
    baseURL: address.baseUrl,
    apiKey: 'k',
    fetch: fakeFetch(text),
    supportsStructuredOutputs: true,
  })
  const model = provider.chatModel('m')
  return {
    asText: async () => {
      let length = 0
      for await (const piece of streamText({ model, prompt: 'List the boats.' }).textStream)
        length += piece.length
      return length
    },
    partials: async () => {
      let rows = 0
      const output = Output.object({ schema: jsonSchema<{ rows: readonly Row[] }>(schema as never) })
      const { partialOutputStream } = streamText({ model, prompt: 'List the boats.', output })
      for await (const partial of partialOutputStream) rows = partial.rows?.length ?? 0
      return rows
    },
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

async function measure(read: Read, expected: number): Promise<number> {
  const before = cpuMs()
  const count = await read()
  if (count !== expected) throw new Error(`${count} were read of ${expected}`)
  return cpuMs() - before
}

async function medianOf(read: Read, expected: number, rounds: number): Promise<number> {
  const samples: number[] = []
  for (let at = 0; at < rounds; at++) samples.push(await measure(read, expected))
  return samples.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0
}

/** Prints the median CPU of one streamed answer in milliseconds, and what partials and items cost over its text. */
export async function printStructuredCosts(): Promise<void> {
  const { text, rows } = answerOf(BYTES)
  const { asText, partials, items, whole } = ours(text)
  const reads = [
    ['as text', asText, text.length],
    ['partialObjects', partials, rows],
    ['partialObjects and response.object', whole, rows],
    ['arrayElements', items, rows],
  ] as const
  for (const [, read, expected] of reads) for (let at = 0; at < WARM_RUNS; at++) await measure(read, expected)
  const samples = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++)
    for (const [title, read, expected] of reads)
      samples.set(title, [...(samples.get(title) ?? []), await measure(read, expected)])
  const median = (title: string): number =>
    samples.get(title)?.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
  console.log(`CPU of a streamed object of 1 MB with ${rows} rows, in deltas of ${DELTA_CHARS} characters`)
  const print = (title: string, total: number, base: number): void =>
    console.log(
      `${title.padEnd(52)} ${total.toFixed(1).padStart(9)} ms  ${(total - base).toFixed(1).padStart(9)} ms over text`,
    )
  for (const [title] of reads) print(`llm-switchyard, ${title}`, median(title), median('as text'))
  const sdkWhole = aiSdk(text)
  const aiText = await medianOf(sdkWhole.asText, text.length, 3)
  print('ai, streamText as text', aiText, aiText)
  for (const bytes of SMALLER) {
    const less = answerOf(bytes)
    const sdk = aiSdk(less.text)
    const lessText = await medianOf(sdk.asText, less.text.length, 3)
    print(
      `ai, partialOutputStream of ${bytes / 1_000} KB`,
      await medianOf(sdk.partials, less.rows, 3),
      lessText,
    )
  }
}
