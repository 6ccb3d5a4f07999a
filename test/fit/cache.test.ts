import type { ChatRequest } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { isObject } from '../../src/core/json.ts'
import { anyVariables, refusalOf as refusalWith, sentBy as sentWith, type Sent } from '../providers/sent.ts'

const sentBy = (request: Parameters<typeof sentWith>[0]): Promise<Sent> =>
  sentWith({ variables: anyVariables, ...request })
const refusalOf = (request: Partial<ChatRequest>) => refusalWith({ variables: anyVariables, ...request })

const control = { cache_control: { type: 'ephemeral' } }
const hour = { cache_control: { type: 'ephemeral', ttl: '1h' } }
const point = { cachePoint: { type: 'default' } }
const hourPoint = { cachePoint: { type: 'default', ttl: '1h' } }
const brink = { prompt_cache_breakpoint: { mode: 'explicit' } }
const longBrink = { prompt_cache_breakpoint: { mode: 'explicit', ttl: '12h' } }

/** Where a mark is in a request, under each of the ways to write one. */
const places = [
  'system',
  'instructions',
  'user',
  'image',
  'message',
  'answer',
  'call',
  'result',
  'part',
  'tool',
] as const
type Place = (typeof places)[number]

/** A request with a mark in one place. */
function marked(place: Place, mark: object): Pick<ChatRequest, 'messages' | 'system' | 'tools'> {
  const at = (where: Place): object => (where === place ? mark : {})
  const call = { type: 'tool-call', id: 'call_abcde', name: 'look', arguments: {}, ...at('call') }
  const picture = { type: 'image', url: 'https://a.test/a.png', ...at('image') }
  const messages = [
    { role: 'system', content: [{ type: 'text', text: 'IN-PLACE', ...at('instructions') }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'ASKED', ...at('user') },
        { type: 'text', text: 'more' },
      ],
    },
    { role: 'assistant', content: [{ type: 'text', text: 'SAID', ...at('answer') }, call] },
    place === 'part'
      ? { role: 'tool', toolCallId: 'call_abcde', content: [{ type: 'text', text: 'SEEN', ...mark }] }
      : { role: 'tool', toolCallId: 'call_abcde', content: 'SEEN', ...at('result') },
    { role: 'assistant', content: 'fine' },
    { role: 'user', content: [{ type: 'text', text: 'what' }, ...(place === 'image' ? [picture] : [])] },
    { role: 'assistant', content: 'this' },
    { role: 'user', content: 'WHOLE', ...at('message') },
  ]
  return {
    messages: messages as ChatRequest['messages'],
    system: [{ type: 'text', text: 'SYSTEM', ...at('system') }],
    tools: [{ name: 'look', parameters: { type: 'object', properties: {} }, ...at('tool') }],
  }
}

/** What a vendor makes of a mark, by where it is. `undefined`: it has none there, and a warning says so. */
interface Target {
  readonly name: string
  readonly to: Pick<ChatRequest, 'provider' | 'model' | 'api'> & { readonly provider: string }
  /** The field beside the marked block, or the entry behind it. */
  readonly field: object
  readonly long: object
  readonly without: readonly Place[]
}

type To = readonly [provider: string, model: string, api?: string]
const target = (
  [provider, model, api]: To,
  [field, long]: readonly [field: object, long: object],
  without: readonly Place[] = [],
): Target => ({
  name: `${provider} ${model} ${api ?? ''}`,
  to: { provider, model, api },
  field,
  long,
  without,
})
const controls = [control, hour] as const
const points = [point, hourPoint] as const
const brinks = [brink, longBrink] as const
const targets: readonly Target[] = [
  target(['anthropic', 'claude-sonnet-4-5'], controls),
  target(['vertex', 'claude-sonnet-4-5', 'anthropic'], controls),
  target(['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', 'invoke'], controls),
  target(['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'], points),
  target(['bedrock', 'us.amazon.nova-pro-v1:0'], points, ['tool']),
  target(['openrouter', 'anthropic/claude-sonnet-4.5'], controls, ['call']),
  target(['litellm', 'claude-sonnet'], controls, ['call']),
  target(['vercel-gateway', 'anthropic/claude-sonnet-4.5'], controls, ['call']),
  target(['qwen', 'qwen3.7-plus'], controls, ['call', 'tool']),
  target(['openai', 'gpt-5.6', 'chat'], brinks, ['call', 'tool', 'answer']),
  target(['openai', 'gpt-5.6'], brinks, ['call', 'tool', 'answer']),
  target(['openai', 'gpt-6-astra', 'responses'], brinks, ['call', 'tool', 'answer']),
]

/** The text that identifies the block that a mark ends; the image and the tool have their own. */
const SIGNS: Readonly<Record<Place, string>> = {
  system: 'SYSTEM',
  instructions: 'IN-PLACE',
  user: 'ASKED',
  image: 'a.png',
  message: 'WHOLE',
  answer: 'SAID',
  call: 'call_abcde',
  result: 'SEEN',
  part: 'SEEN',
  tool: 'look',
}

type Found = { readonly block: string; readonly mark: object }
const KEYS: ReadonlySet<string> = new Set(['cache_control', 'prompt_cache_breakpoint', 'cachePoint'])

/** Every mark of a body, with the block that it ends: the one that holds it, or the one before it in its list. */
function marksIn(value: unknown, before?: unknown): Found[] {
  if (Array.isArray(value)) return value.flatMap((item, at) => marksIn(item, value[at - 1]))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (!KEYS.has(key)) return marksIn(inner)
    const { [key]: mark, ...rest } = value
    const block = key === 'cachePoint' ? before : rest
    return [{ block: JSON.stringify(block), mark: { [key]: mark } }]
  })
}

describe.each(targets)('marks of $name', ({ to, field, long, without }) => {
  const ways = [
    [{ cache: true }, field],
    [{ cache: { ttl: '1h' } }, long],
    [{ cache_control: { type: 'ephemeral' } }, field],
    [{ cache_control: { type: 'ephemeral', ttl: '1h' } }, long],
  ] as const
  test.each(places)('%s', async (place) => {
    for (const [mark, expected] of ways) {
      const { body, warnings } = await sentBy({ ...to, ...marked(place, mark) })
      const about = warnings.filter((warning) => warning.includes('cache'))
      if (without.includes(place)) {
        expect(marksIn(body)).toEqual([])
        expect(about).toEqual([expect.stringContaining('none there')])
        expect(
          await refusalOf({ ...to, ...marked(place, mark), apiKey: 'k', onUnsupported: 'error' }),
        ).toMatchObject({
          kind: 'unsupported',
        })
      } else {
        expect(about).toEqual([])
        const found = marksIn(body)
        expect(found.map((one) => one.mark)).toEqual([expected])
        expect(found[0]?.block).toContain(SIGNS[place])
        // Only this block, not a list of several.
        expect(found[0]?.block).not.toContain(place === 'user' ? 'more' : 'ASKED","')
      }
    }
  })

  test('no mark, no field', async () => {
    const { body } = await sentBy({ ...to, ...marked('user', {}) })
    expect(marksIn(body)).toEqual([])
    expect(JSON.stringify(body)).not.toContain('cache')
  })

  test('a false mark is none', async () => {
    const { body } = await sentBy({ ...to, ...marked('user', { cache: false }) })
    expect(marksIn(body)).toEqual([])
  })
})

const unmarked = [
  ['openai', 'gpt-4.1', undefined],
  ['openai', 'gpt-5.2', 'responses'],
  ['google', 'gemini-3-flash', undefined],
  ['vertex', 'gemini-3-flash', undefined],
  ['mistral', 'mistral-large-latest', undefined],
  ['xai', 'grok-4.3', undefined],
  ['deepseek', 'deepseek-v4-pro', undefined],
  ['cohere', 'command-a-03-2025', undefined],
  ['ollama', 'qwen3', undefined],
  ['groq', 'llama-3.3-70b-versatile', undefined],
  ['bedrock', 'us.meta.llama4-scout-17b-instruct-v1:0', undefined],
] as const

describe.each(unmarked)('%s %s %s has no marks', (provider, model, api) => {
  test.each(['system', 'user', 'result', 'tool'] as const)('%s: a warning, or a refusal', async (place) => {
    for (const mark of [{ cache: true }, control]) {
      const request = { provider, model, api, ...marked(place, mark) }
      const { body, warnings } = await sentBy(request)
      expect(marksIn(body)).toEqual([])
      expect(warnings.filter((warning) => warning.includes('cache'))).toHaveLength(1)
      const refused = await refusalOf({ ...request, apiKey: 'k', onUnsupported: 'error' })
      expect(refused.kind).toBe('unsupported')
    }
  })
})

const conversation = {
  system: 'Be brief.',
  messages: [
    { role: 'user', content: 'one' },
    { role: 'assistant', content: 'two' },
    { role: 'user', content: 'three' },
    { role: 'assistant', content: 'four' },
    { role: 'user', content: 'five' },
  ],
} as const satisfies Partial<ChatRequest>

describe("cache: 'auto'", () => {
  const auto = async (to: Target['to'], more?: Partial<ChatRequest>) =>
    sentBy({ ...to, ...conversation, cache: 'auto', ...more })
  const automatic = [
    ...targets.map(({ to }) => to),
    ...unmarked.map(([provider, model, api]) => ({ provider, model, api })),
  ]
  test.each(automatic)('$provider $model $api: no warning, and nothing that error refuses', async (to) => {
    expect((await auto(to)).warnings).toEqual([])
    expect((await auto(to, { onUnsupported: 'error' })).warnings).toEqual([])
  })

  test.each([
    ['vertex', 'claude-sonnet-4-5', 'anthropic', control],
    ['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', undefined, point],
    ['bedrock', 'us.amazon.nova-pro-v1:0', undefined, point],
    ['litellm', 'claude-sonnet', undefined, control],
    ['vercel-gateway', 'anthropic/claude-sonnet-4.5', undefined, control],
  ] as const)(
    '%s %s %s: the instructions and the last two questions are marked',
    async (provider, model, api, mark) => {
      const found = marksIn((await auto({ provider, model, api })).body)
      expect(found.map((one) => one.mark)).toEqual([mark, mark, mark])
      for (const text of ['Be brief.', 'three', 'five'])
        expect(found.filter((one) => one.block.includes(text))).toHaveLength(1)
    },
  )

  test.each([
    ['anthropic', 'claude-sonnet-4-5'],
    ['openrouter', 'anthropic/claude-sonnet-4.5'],
  ])('%s %s: one field asks the vendor', async (provider, model) => {
    const { body } = await auto({ provider, model })
    expect(body['cache_control']).toEqual({ type: 'ephemeral' })
    expect(marksIn(body)).toHaveLength(1)
    const hours = await auto({ provider, model }, { cache: { ttl: '1h' } })
    expect(hours.body['cache_control']).toEqual({ type: 'ephemeral', ttl: '1h' })
  })

  test.each([
    ['openai', 'gpt-5.6', 'chat'],
    ['openai', 'gpt-6-astra', 'responses'],
    ['qwen', 'qwen3.7-plus', undefined],
    ...unmarked,
  ] as const)('%s %s %s: the vendor does it by itself', async (provider, model, api) => {
    const { body } = await auto({ provider, model, api })
    expect(JSON.stringify(body)).not.toContain('cache')
  })

  test('a lifetime goes to every mark that is placed', async () => {
    const to = { provider: 'litellm', model: 'claude-sonnet' }
    const found = marksIn((await auto(to, { cache: { ttl: '1h' } })).body)
    expect(found.map((one) => one.mark)).toEqual([hour, hour, hour])
  })
})

describe('key', () => {
  test.each([
    ['openai', 'gpt-4.1', undefined],
    ['openai', 'gpt-5.2', 'responses'],
    ['openai', 'gpt-5.6', 'chat'],
    ['azure', 'gpt-4.1', undefined],
    ['mistral', 'mistral-large-latest', undefined],
    ['xai', 'grok-4.3', undefined],
    ['xai', 'grok-4.3', 'chat'],
    ['openrouter', 'openai/gpt-5.2', undefined],
    ['litellm', 'gpt-5.2', undefined],
    ['vercel-gateway', 'openai/gpt-5.2', undefined],
  ] as const)('%s %s %s: prompt_cache_key', async (provider, model, api) => {
    const { body, warnings } = await sentBy({ provider, model, api, cache: { key: 'chat-7' } })
    expect([body['prompt_cache_key'], warnings]).toEqual(['chat-7', []])
    expect(body['cache_control']).toBeUndefined()
  })

  test.each([
    ['anthropic', 'claude-sonnet-4-5'],
    ['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'],
    ['google', 'gemini-3-flash'],
    ['cohere', 'command-a-03-2025'],
    ['ollama', 'qwen3'],
  ])('%s %s: a warning', async (provider, model) => {
    const { body, warnings } = await sentBy({ provider, model, cache: { key: 'chat-7' } })
    expect(JSON.stringify(body)).not.toContain('chat-7')
    expect(warnings).toEqual([expect.stringContaining('cache')])
  })
})

describe('ttl', () => {
  test.each([
    ['gpt-4.1', undefined, '24h', { prompt_cache_retention: '24h' }],
    ['gpt-4.1', undefined, '1h', { prompt_cache_retention: 'in_memory' }],
    ['gpt-5.2', 'responses', '12h', { prompt_cache_retention: '24h' }],
    ['gpt-5.5', undefined, '1h', { prompt_cache_retention: '24h' }],
    ['gpt-5.5', 'responses', '24h', { prompt_cache_retention: '24h' }],
    ['gpt-5.6', undefined, '30m', { prompt_cache_options: { mode: 'implicit', ttl: '30m' } }],
    ['gpt-6-astra', 'responses', '1h', { prompt_cache_options: { mode: 'implicit', ttl: '12h' } }],
    ['gpt-6-astra', 'chat', '5m', { prompt_cache_options: { mode: 'implicit', ttl: '30m' } }],
  ] as const)('openai %s %s: %s', async (model, api, ttl, expected) => {
    for (const provider of ['openai', 'azure']) {
      const { body, warnings } = await sentBy({ provider, model, api, cache: { ttl } })
      const fields = Object.entries(body).filter(([name]) => name.startsWith('prompt_cache'))
      expect([Object.fromEntries(fields), warnings]).toEqual([expected, []])
    }
  })

  test('a lifetime longer than the format has is shortened, and it is said', async () => {
    const to = { provider: 'openai', model: 'gpt-5.6', api: 'chat' } as const
    const { body, warnings } = await sentBy({ ...to, cache: { ttl: '1h' } })
    expect(body['prompt_cache_options']).toEqual({ mode: 'implicit', ttl: '30m' })
    expect(warnings).toEqual([expect.stringContaining('ttl 1h was sent as 30m')])
  })

  test('a mark is not sent with a longer lifetime than the one before it', async () => {
    const content = ['5m', '1h'].map((ttl) => ({ type: 'text', text: ttl, cache: { ttl } }))
    const { body } = await sentBy({
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      messages: [{ role: 'user', content }] as ChatRequest['messages'],
    })
    expect(marksIn(body).map(({ mark }) => mark)).toEqual([hour, hour])
  })
})

describe('id', () => {
  test.each(['google', 'vertex'])('%s: the cached content is not repeated', async (provider) => {
    const request = {
      toolChoice: 'required',
      cache: { id: 'cachedContents/c1' },
      onUnsupported: 'error',
    } as const
    const { body, warnings } = await sentBy({
      ...marked('user', {}),
      provider,
      model: 'gemini-3-flash',
      ...request,
    })
    expect(body['cachedContent']).toBe('cachedContents/c1')
    expect(Object.keys(body)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(systemInstruction|tools|toolConfig)$/)]),
    )
    expect(warnings).toEqual([expect.stringContaining('the cached content holds its own')])
    expect(JSON.stringify(body['contents'])).toContain('ASKED')
  })

  test.each([
    ['openai', 'gpt-4.1'],
    ['anthropic', 'claude-sonnet-4-5'],
    ['bedrock', 'us.amazon.nova-pro-v1:0'],
    ['deepseek', 'deepseek-v4-pro'],
  ])('%s %s: a warning', async (provider, model) => {
    const { warnings } = await sentBy({ provider, model, cache: { id: 'cachedContents/c1' } })
    expect(warnings).toEqual([expect.stringContaining('cache')])
  })
})

describe('more marks than a vendor takes', () => {
  const many = (count: number): ChatRequest['messages'] =>
    Array.from({ length: count }, (_, at) => [
      { role: 'user', content: [{ type: 'text', text: `q${at}`, cache: true }] } as const,
      { role: 'assistant', content: 'a' } as const,
    ]).flat()
  const system = [{ type: 'text', text: 'SHARED', cache: true } as const]
  const tool = { name: 'look', cache: true } as const

  test.each(targets.filter(({ name }) => !/vercel/.test(name)))(
    '$name: the last ones, and that of the instructions',
    async ({ to }) => {
      const most = to.provider === 'openai' ? 3 : 4
      const { body, warnings } = await sentBy({ ...to, system, messages: many(7) })
      const blocks = marksIn(body).map(({ block }) => /SHARED|q\d/.exec(block)?.[0])
      expect(blocks).toEqual(
        ['SHARED', 'q4', 'q5', 'q6'].slice(0, 1).concat(['q4', 'q5', 'q6'].slice(4 - most)),
      )
      expect(warnings).toEqual([expect.stringContaining(`only the last ${most} marks`)])
    },
  )

  test('many tools and many instructions are held to the number, too', async () => {
    const { body } = await sentBy({
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      tools: Array.from({ length: 6 }, (_, at) => ({ ...tool, name: `look${at}` })),
      system: Array.from({ length: 6 }, (_, at) => ({ type: 'text', text: `S${at}`, cache: true }) as const),
      messages: many(2),
    })
    expect(marksIn(body).map(({ block }) => /look\d|S\d|q\d/.exec(block)?.[0])).toEqual([
      'S4',
      'S5',
      'q0',
      'q1',
    ])
  })

  test("the field of cache: 'auto' takes the place of one", async () => {
    const { body } = await sentBy({
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      cache: 'auto',
      messages: many(5),
    })
    expect(marksIn(body.messages)).toHaveLength(3)
    expect(body['cache_control']).toEqual({ type: 'ephemeral' })
  })
})

test.each([
  ['cache', { cache: { key: 'k', tll: '1h' } }],
  [
    'messages.0.content.0.cache',
    { messages: [{ role: 'user', content: [{ type: 'text', text: 't', cache: { tl: 1 } }] }] },
  ],
  ['tools.0.cache', { tools: [{ name: 't', cache: { ttl: '2h' } }] }],
  ['cache_control', { cache_control: { type: 'ephemeral' } }],
])('%s: a wrong setting is refused with its path', async (path, wrong) => {
  const error = await refusalOf({
    model: 'anthropic/claude-sonnet-4-5',
    apiKey: 'k',
    ...(wrong as Partial<ChatRequest>),
  })
  expect(error.kind).toBe('invalid-request')
  expect(error.issues?.some((issue) => issue.path.startsWith(path))).toBe(true)
})
