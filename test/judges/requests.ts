import type { ChatRequest } from 'llm-switchyard'
import { chance } from '../chance.ts'
import { ownSteps } from './own-steps.ts'
import { schemaOf, serverToolsOf } from './random-tools.ts'
import type { Wire } from './vendor-bodies.ts'

type Target = Pick<ChatRequest, 'provider' | 'model' | 'api'>
type Message = ChatRequest['messages'][number]

/** Models of each wire format, of every family that has rules of its own. */
export const targets: Readonly<Record<Wire, readonly Target[]>> = {
  'anthropic-messages': models(
    'anthropic',
    'claude-sonnet-4-5 claude-opus-5-5 claude-haiku-4-5 claude-opus-4-7 claude-3-5-haiku-latest',
  ),
  'bedrock-converse': models(
    'bedrock',
    'us.anthropic.claude-sonnet-4-5-20250929-v1:0 anthropic.claude-3-haiku-20240307-v1:0 amazon.nova-pro-v1:0 mistral.mistral-large-2407-v1:0 cohere.command-r-plus-v1:0 openai.gpt-oss-120b-1:0 deepseek.r1-v1:0 meta.llama3-3-70b-instruct-v1:0 anthropic.claude-opus-5-5',
  ),
  cohere: models(
    'cohere',
    'command-a-03-2025 command-a-reasoning-08-2025 command-a-vision-07-2025 command-r7b-12-2024',
  ),
  gemini: models(
    'google',
    'gemini-2.5-flash gemini-2.5-pro gemini-3-flash gemini-3.6-flash gemini-4-argon gemini-2.0-flash',
  ),
  mistral: models(
    'mistral',
    'mistral-large-latest mistral-medium-latest magistral-medium-latest mistral-small-2603 codestral-latest',
  ),
  ollama: models('ollama', 'qwen3 gpt-oss:20b llama3.3'),
  'openai-chat': models(
    'openai',
    'gpt-4.1 gpt-4o gpt-5-chat-latest o3-mini gpt-4o-search-preview gpt-5 gpt-5.6',
    'chat',
  ),
  'openai-responses': models('openai', 'gpt-4.1 gpt-5 o3 gpt-5.6 gpt-6', 'responses'),
}

function models(provider: string, names: string, api?: string): readonly Target[] {
  return names.split(' ').map((model) => (api === undefined ? { provider, model } : { provider, model, api }))
}

/** Makes requests of every setting, part and shape of history for one wire format, repeatable by the seed. */
export function createRequests(wire: Wire, seed: number): () => ChatRequest {
  const random = chance(seed)
  const dice = {
    below: (count: number): number => Math.floor(random() * count) % count,
    one: <T extends readonly unknown[]>(...values: T): T[number] =>
      values[Math.floor(random() * values.length) % values.length],
    maybe: <T>(share: number, make: () => T): T | undefined => (random() < share ? make() : undefined),
  }
  return () => new RequestMaker(wire, dice).request()
}

export interface Dice {
  readonly below: (count: number) => number
  readonly one: <T extends readonly unknown[]>(...values: T) => T[number]
  readonly maybe: <T>(share: number, make: () => T) => T | undefined
}

const PNG = 'iVBORw0KGgo='
const ORIGINS = [
  'anthropic-messages',
  'openai-responses',
  'openai-chat',
  'gemini',
  'cohere',
  'bedrock-converse',
  undefined,
]
const TEXTS = ['Hello!', '', ' \n', 'Zażółć 名前 🎉', 'half \ud83d', 'x'.repeat(300), '{"a":1}']
const NAMES = ['look_up', 'files.read/all', 'ns:tool-1', 'x'.repeat(100)]

class RequestMaker {
  readonly #wire: Wire
  readonly #dice: Dice
  #calls = 0

  constructor(wire: Wire, dice: Dice) {
    this.#wire = wire
    this.#dice = dice
  }

  request(): ChatRequest {
    const { one, maybe, below } = this.#dice
    const tools = maybe(0.6, () => this.#tools())
    const serverTools = maybe(0.25, () => serverToolsOf(this.#dice))
    const request = {
      ...one(...targets[this.#wire]),
      ...this.#settings(),
      tools,
      serverTools,
      toolChoice: this.#choice(tools),
      responseFormat: maybe(0.3, () => this.#format()),
      reasoning: maybe(0.4, () => this.#reasoning()),
      cache: maybe(0.2, () =>
        one(
          'auto',
          { key: 'k' },
          { ttl: '1h' },
          { auto: true, ttl: '5m', key: 'k' },
          { id: 'cachedContents/a' },
        ),
      ),
      system: maybe(0.3, () =>
        one('Be brief.', [this.#text(), { type: 'text', text: 'And kind.', cache: true }]),
      ),
      messages: this.#messages(1 + below(5)),
      stream: one(true, false),
    }
    return JSON.parse(JSON.stringify(request)) as ChatRequest
  }

  #settings(): object {
    const { one, maybe } = this.#dice
    return {
      maxTokens: maybe(0.3, () => one(1, 1_000, 100_000)),
      temperature: maybe(0.2, () => one(0, 0.5, 2)),
      topP: maybe(0.2, () => one(0, 0.5, 1)),
      topK: maybe(0.15, () => one(0, 40)),
      minP: maybe(0.1, () => 0.1),
      stop: maybe(0.2, () => one('END', ['a', 'b'], [' ', 'a', 'b', 'c', 'd', 'e'])),
      seed: maybe(0.2, () => one(7, -1, 2 ** 40)),
      frequencyPenalty: maybe(0.1, () => one(-2, 0.5)),
      presencePenalty: maybe(0.1, () => one(-2, 0.5)),
      repetitionPenalty: maybe(0.1, () => 1.1),
      logitBias: maybe(0.1, () => ({ 50256: -100 })),
      logprobs: maybe(0.15, () => one(true, false)),
      topLogprobs: maybe(0.1, () => one(0, 5)),
      n: maybe(0.1, () => one(1, 3)),
      parallelToolCalls: maybe(0.2, () => one(true, false)),
      user: maybe(0.2, () => 'user-1'),
      metadata: maybe(0.2, () => ({ a: 'b' })),
    }
  }

  #tools(): object[] {
    const { one, maybe, below } = this.#dice
    return Array.from({ length: 1 + below(3) }, (_, at) => {
      const tool = {
        name: at === 0 ? one(...NAMES) : `tool_${at}`,
        description: maybe(0.5, () => 'What it does'),
        parameters: maybe(0.8, () => schemaOf(this.#dice)),
        strict: maybe(0.4, () => one(true, false)),
        cache: maybe(0.15, () => one(true, { ttl: '1h' })),
      }
      return maybe(0.2, () => ({ type: 'function', function: tool })) ?? tool
    })
  }

  #choice(tools: object[] | undefined): unknown {
    const { one, maybe } = this.#dice
    const names = (tools ?? []).map(
      (tool) => ('function' in tool ? (tool.function as { name: string }) : (tool as { name: string })).name,
    )
    const [name] = names
    if (name === undefined) return maybe(0.3, () => one('auto', 'none', 'required'))
    return maybe(0.5, () =>
      one(
        'auto',
        'none',
        'required',
        { name },
        { names },
        { names, mode: 'auto' },
        { type: 'function', function: { name } },
      ),
    )
  }

  #format(): unknown {
    const { one, maybe } = this.#dice
    const schema = schemaOf(this.#dice)
    return one(
      'text',
      'json',
      {
        type: 'json',
        schema,
        name: maybe(0.5, () => 'answer'),
        description: maybe(0.5, () => 'd'),
        strict: maybe(0.5, () => one(true, false)),
      },
      { type: 'json_object' },
      { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } },
    )
  }

  #reasoning(): unknown {
    const { one, maybe } = this.#dice
    const effort = one('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max')
    return one(true, false, effort, {
      effort: maybe(0.5, () => effort),
      budgetTokens: maybe(0.5, () => one(0, 100, 20_000)),
      thinking: maybe(0.2, () => one(true, false)),
      summary: maybe(0.4, () => one('auto', 'concise', 'detailed')),
    })
  }

  #messages(count: number): Message[] {
    const { one } = this.#dice
    const turns = Array.from({ length: count }, () =>
      one(
        () => this.#user(),
        () => this.#system(),
        () => this.#answer(),
        () => this.#round(),
      )(),
    )
    return [...turns.flat(), ...this.#user()] as Message[]
  }

  #system(): object[] {
    const { one } = this.#dice
    return [{ role: one('system', 'developer'), content: one('Be brief.', [this.#text(), this.#text()]) }]
  }

  #user(): object[] {
    const { one, maybe, below } = this.#dice
    const name = maybe(0.2, () => one('ann', 'José Müller', 'a<|b|>', '', 'x'.repeat(99)))
    const parts = Array.from({ length: 1 + below(4) }, () => this.#userPart())
    return [{ role: 'user', name, content: one(one(...TEXTS), parts, parts) }]
  }

  #text(): object {
    const { one, maybe } = this.#dice
    return { type: 'text', text: one(...TEXTS), cache: maybe(0.15, () => one(true, { ttl: '5m' })) }
  }

  #userPart(): object {
    const { one, maybe } = this.#dice
    const file = one(
      { data: 'JVBERi0xLjcK', mediaType: 'application/pdf' },
      { data: 'aGVsbG8=', mediaType: 'text/plain' },
      { url: 'https://x.test/a.pdf', mediaType: 'application/pdf' },
      {
        data: 'AAAA',
        mediaType: one(
          'application/zip',
          'text/csv',
          'video/mp4',
          'audio/mpeg',
          'image/png',
          'application/msword',
        ),
      },
      { fileId: 'file-1', mediaType: maybe(0.5, () => one('image/png', 'application/pdf')) },
    )
    const detail = maybe(0.4, () => one('low', 'high', 'auto'))
    return one(
      this.#text(),
      {
        type: 'image',
        data: PNG,
        mediaType: one('image/png', 'image/jpg', 'image/bmp', 'image/heic'),
        detail,
        cache: maybe(0.1, () => true),
      },
      { type: 'image', url: one('https://x.test/a.png', `data:image/webp;base64,${PNG}`), detail },
      { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail } },
      {
        type: 'file',
        ...file,
        filename: maybe(0.5, () => 'a b.pdf'),
        citations: maybe(0.3, () => true),
        cache: maybe(0.1, () => true),
      },
      {
        type: 'file',
        file: one(
          { file_id: 'f' },
          { file_data: `data:application/pdf;base64,JVBERi0xLjcK`, filename: 'a.pdf' },
        ),
      },
      { type: 'audio', data: 'AAAA', mediaType: one('audio/wav', 'audio/mpeg', 'audio/ogg', 'audio/flac') },
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
    )
  }

  #thought(): object {
    const { one, maybe } = this.#dice
    const origin = one(...ORIGINS, ...Array.from({ length: 4 }, () => this.#origin()))
    return {
      type: 'reasoning',
      text: one('Let me see.', ''),
      origin,
      signature: maybe(0.5, () => 'c2ln'),
      encrypted: maybe(0.3, () => 'ZW5j'),
      id: maybe(0.3, () => 'rs_1'),
      details:
        origin?.startsWith('openai-chat') === true
          ? undefined
          : maybe(0.2, () => one('reasoning_text', ['one', 'two'], { tool_plan: 'I will look.' })),
    }
  }

  #origin(): string {
    return this.#wire === 'mistral' ? 'openai-chat' : this.#wire
  }

  #answer(): object[] {
    const { one, maybe, below } = this.#dice
    const steps = maybe(0.3, () => ownSteps(this.#wire)) ?? []
    const parts = Array.from({ length: 1 + below(3) }, () =>
      one(
        this.#text(),
        {
          type: 'text',
          text: 'Well.',
          signature: maybe(0.3, () => 'c2ln'),
          phase: maybe(0.3, () => one('commentary', 'final_answer')),
          id: maybe(0.3, () => 'msg_1'),
        },
        this.#thought(),
        { type: 'file', data: PNG, mediaType: 'image/png', signature: maybe(0.5, () => 'c2ln') },
        { type: 'refusal', refusal: 'No.' },
      ),
    )
    const name = maybe(0.1, () => one('bot', 'My Bot'))
    return [
      one(
        { role: 'assistant', name, content: [...parts, ...steps, { type: 'text', text: 'Done.' }] },
        { role: 'assistant', name, content: one(...TEXTS) },
        { role: 'assistant', content: null, refusal: 'No.' },
        { role: 'assistant', content: 'a', reasoning_content: 'r' },
        { role: 'assistant', content: parts },
      ),
    ]
  }

  #round(): object[] {
    const { one, maybe, below } = this.#dice
    const calls = Array.from({ length: 1 + below(2) }, () => {
      const id = one(
        `call_${this.#calls++}`,
        `toolu_${this.#calls++}`,
        `odd:${'y'.repeat(60)}${this.#calls++}`,
      )
      return {
        id,
        name: one(...NAMES, 'made<|up'),
        arguments: one({}, { a: 1, b: ['x'] }, 'text', null, [1], { big: 2 ** 60 }),
        signature: maybe(0.3, () => 'c2ln'),
      }
    })
    const results = calls.map(({ id, name }) => ({
      role: 'tool',
      toolCallId: id,
      name: maybe(0.3, () => name),
      content: this.#result(),
      isError: maybe(0.3, () => one(true, false)),
      cache: maybe(0.1, () => true),
    }))
    const thoughts = maybe(0.4, () => [this.#thought()]) ?? []
    const asked = one(
      {
        role: 'assistant',
        content: [
          ...thoughts,
          { type: 'text', text: 'Let me look.' },
          ...calls.map((call) => ({ type: 'tool-call', ...call })),
        ],
      },
      { role: 'assistant', content: maybe(0.5, () => 'Let me look.'), toolCalls: calls },
      {
        role: 'assistant',
        content: null,
        tool_calls: calls.map(({ id, name, arguments: args }) => ({
          id,
          type: 'function',
          function: { name, arguments: JSON.stringify(args) },
        })),
      },
    )
    // Histories are cut and torn by applications.
    return one(
      () => [asked, ...results],
      () => [asked, ...results.toReversed()],
      () => [asked, ...results.slice(1)],
      () => results,
    )()
  }

  #result(): unknown {
    const { one } = this.#dice
    return one(
      'seen',
      '',
      { a: 1 },
      7,
      null,
      [this.#text()],
      [this.#text(), { type: 'image', data: PNG, mediaType: 'image/png' }],
      [{ type: 'file', data: 'JVBERi0xLjcK', mediaType: 'application/pdf', filename: 'a.pdf' }],
    )
  }
}
