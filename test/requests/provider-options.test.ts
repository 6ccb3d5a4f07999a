import { describe, expect, test } from 'vitest'
import { createOrchestrator, type ChatRequest } from 'llm-switchyard'
import { answered, bodyOf, replies, wires } from './body-of.ts'

// Fields of a request: the option, and where the body has it.
const fields: readonly [string, Partial<ChatRequest>, string, object, string][] = [
  ['anthropic', { model: 'claude-sonnet-4-5' }, 'anthropic', { service_tier: 'auto' }, 'service_tier'],
  [
    'anthropic',
    { model: 'claude-sonnet-4-5' },
    'anthropic',
    { context_management: { edits: [] } },
    'context_management.edits',
  ],
  ['openai', { model: 'gpt-4.1' }, 'openai', { store: true }, 'store'],
  [
    'openai',
    { model: 'gpt-4.1' },
    'openai',
    { prediction: { type: 'content', content: 'a' } },
    'prediction.content',
  ],
  ['openai', { model: 'gpt-5', api: 'responses' }, 'openai', { truncation: 'auto' }, 'truncation'],
  [
    'openai',
    { model: 'gpt-5', api: 'responses' },
    'openai',
    { text: { verbosity: 'low' } },
    'text.verbosity',
  ],
  ['azure', { model: 'gpt-4.1' }, 'openai', { verbosity: 'low' }, 'verbosity'],
  ['google', { model: 'gemini-3-flash' }, 'google', { safetySettings: [] }, 'safetySettings'],
  [
    'google',
    { model: 'gemini-3-flash' },
    'google',
    { speechConfig: { a: 1 } },
    'generationConfig.speechConfig.a',
  ],
  [
    'google',
    { model: 'gemini-3-flash' },
    'google',
    { generationConfig: { imageConfig: {} } },
    'generationConfig.imageConfig',
  ],
  ['vertex', { model: 'gemini-3-flash' }, 'google', { labels: { a: 'b' } }, 'labels.a'],
  ['vertex', { model: 'claude-opus-4-5', api: 'anthropic' }, 'anthropic', { speed: 'fast' }, 'speed'],
  [
    'bedrock',
    { model: 'amazon.nova-pro-v1:0' },
    'bedrock',
    { guardrailConfig: { a: 1 } },
    'guardrailConfig.a',
  ],
  ['cohere', { model: 'command-a-03-2025' }, 'cohere', { safety_mode: 'OFF' }, 'safety_mode'],
  ['ollama', { model: 'qwen3' }, 'ollama', { keep_alive: '5m' }, 'keep_alive'],
  ['ollama', { model: 'qwen3' }, 'ollama', { num_ctx: 8192 }, 'options.num_ctx'],
  ['openrouter', { model: 'a/b' }, 'openrouter', { provider: { sort: 'price' } }, 'provider.sort'],
  ['groq', { model: 'llama-3.3-70b-versatile' }, 'groq', { search_settings: { a: 1 } }, 'search_settings.a'],
  ['mistral', { model: 'mistral-large-latest' }, 'mistral', { safe_prompt: true }, 'safe_prompt'],
  ['deepseek', { model: 'deepseek-chat' }, 'deepseek', { anything: { of: 'its own' } }, 'anything.of'],
]

function at(body: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((held, key) => (held as Record<string, unknown> | undefined)?.[key], body)
}

describe('providerOptions of a request', () => {
  test.each(fields)('%s %o reads those of %s: %o is at %s', async (...[provider, how, id, options, path]) => {
    const azure = provider === 'azure' ? { baseUrl: 'https://r.test/openai/v1' } : {}
    const { body, error } = await bodyOf({ provider, ...azure, ...how, providerOptions: { [id]: options } })
    expect(error).toBeUndefined()
    expect(at(body, path)).toBeDefined()
  })

  test('come over the settings and under extraBody', async () => {
    const request = { provider: 'openai', model: 'gpt-4.1', temperature: 0.1, topP: 0.1, seed: 1 }
    const { body } = await bodyOf({
      ...request,
      providerOptions: { openai: { store: true, metadata: { a: 'options', b: 'options' }, user: 'options' } },
      metadata: { a: 'setting', c: 'setting' },
      user: 'setting',
      extraBody: { metadata: { b: 'extra' } },
    })
    expect(body).toMatchObject({ user: 'options', metadata: { a: 'options', b: 'extra', c: 'setting' } })
  })

  test('of another provider are left alone', async () => {
    const { body, reply } = await answered(
      { provider: 'openai', model: 'gpt-4.1', providerOptions: { anthropic: { speed: 'fast' } } },
      replies['chat'] ?? {},
    )
    expect(body).not.toHaveProperty('speed')
    expect(reply.warnings).toEqual([])
  })

  test('a misspelt name is refused with the right one', async () => {
    const { error } = await bodyOf({
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      providerOptions: { anthropic: { service_teir: 'auto' } as object },
    })
    expect(error).toMatchObject({ kind: 'invalid-request' })
    expect(error?.message).toContain('did you mean "service_tier"')
  })

  test('an unknown name is sent with a warning, one of another api is not sent', async () => {
    const request = { provider: 'openai', model: 'gpt-4.1' }
    const options = { zzzz: 1, truncation: 'auto' } as const
    const { body, reply } = await answered(
      { ...request, providerOptions: { openai: options } },
      replies['chat'] ?? {},
    )
    expect(body).toMatchObject({ zzzz: 1 })
    expect(body).not.toHaveProperty('truncation')
    expect(reply.warnings.map(({ type, path }) => [type, path])).toEqual([
      ['other', 'providerOptions.openai.zzzz'],
      ['unsupported', 'providerOptions.openai.truncation'],
    ])
  })

  test('a deployment reads those of the provider that it extends; its own win', async () => {
    let body: unknown
    const orchestrator = createOrchestrator({
      providers: {
        'openai-eu': {
          extends: 'openai',
          apiKey: 'k',
          fetch: async (_url, init) => {
            body = JSON.parse(init?.body as string)
            return Response.json(replies['chat'])
          },
        },
      },
    })
    await orchestrator.chatApiCall({
      model: 'openai-eu/gpt-4.1',
      messages: [{ role: 'user', content: 'x' }],
      providerOptions: { openai: { store: true, verbosity: 'low' }, 'openai-eu': { verbosity: 'high' } },
    })
    await orchestrator.close()
    expect(body).toMatchObject({ store: true, verbosity: 'high' })
  })

  test('betas are a header, joined with that of the caller', async () => {
    const { headers, body } = await bodyOf({
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      extraHeaders: { 'anthropic-beta': 'a' },
      providerOptions: { anthropic: { betas: ['b', 'c'] } },
    })
    expect(headers['anthropic-beta']).toBe('a,b,c')
    expect(body).not.toHaveProperty('betas')
  })
})

const mark = (id: string) => ({ [id]: { own_field: 'here' } })

// Places of a request that each wire has: message, part of a user, of a tool result, tool.
const places: Readonly<Record<string, { part: boolean; result: boolean }>> = {
  anthropic: { part: true, result: true },
  chat: { part: true, result: true },
  responses: { part: true, result: false },
  gemini: { part: true, result: false },
  converse: { part: true, result: true },
  cohere: { part: true, result: false },
  ollama: { part: false, result: false },
}

describe('providerOptions of messages, parts and tools', () => {
  const requests = (id: string): Readonly<Record<string, Partial<ChatRequest>>> => ({
    user: { messages: [{ role: 'user', content: 'x', providerOptions: mark(id) }] },
    system: {
      messages: [
        { role: 'system', content: 's', providerOptions: mark(id) },
        { role: 'user', content: 'x' },
      ],
    },
    assistant: {
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: 'y', providerOptions: mark(id) },
        { role: 'user', content: 'z' },
      ],
    },
    tool: { tools: [{ name: 't', providerOptions: mark(id) }] },
    'openai tool': { tools: [{ type: 'function', function: { name: 't', providerOptions: mark(id) } }] },
    part: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x', providerOptions: mark(id) },
            { type: 'image', data: 'AAAA', mediaType: 'image/png' },
          ],
        },
      ],
    },
    image: {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'x' },
            { type: 'image', data: 'AAAA', mediaType: 'image/png', providerOptions: mark(id) },
          ],
        },
      ],
    },
    result: {
      tools: [{ name: 't' }],
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', toolCalls: [{ id: 'c1', name: 't', arguments: {} }] },
        { role: 'tool', toolCallId: 'c1', content: [{ type: 'text', text: 'r', providerOptions: mark(id) }] },
      ],
    },
  })

  const cells = wires.flatMap((target) =>
    Object.keys(requests('')).map((place) => ({ ...target, place, has: hasPlace(target.wire, place) })),
  )

  function hasPlace(wire: string, place: string): boolean {
    const { part, result } = places[wire] ?? { part: false, result: false }
    if (place === 'result') return result
    // The model takes no images.
    if (place === 'image' && wire === 'cohere') return false
    return place === 'part' || place === 'image' ? part : true
  }

  test.each(cells)('$wire: of a $place, sent $has', async ({ wire, place, has, ...target }) => {
    const { body, reply } = await answered(
      { ...target, ...requests(target.provider)[place] },
      replies[wire] ?? {},
    )
    expect(JSON.stringify(body).includes('own_field')).toBe(has)
    const told = reply.warnings.filter(({ message }) => message.includes('providerOptions'))
    // The name is none that the wire has.
    expect(told.map(({ type }) => type)).toEqual([has ? 'other' : 'unsupported'])
    // Nothing of the library's own form goes out.
    expect(JSON.stringify(body)).not.toMatch(/providerOptions|placed/)
    const other = await answered({ ...target, ...requests('elsewhere')[place] }, replies[wire] ?? {})
    expect(JSON.stringify(other.body)).not.toContain('own_field')
    expect(other.reply.warnings.filter(({ message }) => message.includes('providerOptions'))).toEqual([])
  })

  test.each([
    ['anthropic', 'claude-sonnet-4-5', 'part', 'citatoins', 'citations'],
    ['anthropic', 'claude-sonnet-4-5', 'tool', 'defer_loadng', 'defer_loading'],
    ['openai', 'gpt-4.1', 'user', 'nmae', 'name'],
    ['google', 'gemini-3-flash', 'part', 'videoMetdata', 'videoMetadata'],
    ['google', 'gemini-3-flash', 'tool', 'behaviour', 'behavior'],
    ['bedrock', 'amazon.nova-pro-v1:0', 'part', 'guardContnet', 'guardContent'],
    ['cohere', 'command-a-03-2025', 'assistant', 'tool_plna', 'tool_plan'],
    ['ollama', 'qwen3', 'user', 'imagse', 'images'],
    ['mistral', 'mistral-large-latest', 'assistant', 'prefx', 'prefix'],
  ] as const)('%s %s: a misspelt field of a %s is refused with the right one', async (...row) => {
    const [provider, model, place, wrong, right] = row
    const request = JSON.stringify(requests(provider)[place]).replace('own_field', wrong)
    const { error } = await bodyOf({ provider, model, ...(JSON.parse(request) as Partial<ChatRequest>) })
    expect(error).toMatchObject({ kind: 'invalid-request' })
    expect(error?.message).toContain(`did you mean "${right}"`)
  })

  test('a field that the wire has is sent without a word', async () => {
    const tools = [{ name: 't', providerOptions: { anthropic: { defer_loading: true } } }]
    const to = { provider: 'anthropic', model: 'claude-sonnet-4-5', tools }
    const { body, reply } = await answered(to, replies['anthropic'] ?? {})
    expect(body['tools']).toMatchObject([{ name: 't', defer_loading: true }])
    expect(reply.warnings).toEqual([])
  })

  test.each(cells.filter(({ has }) => !has))('$wire: of a $place is refused under "error"', async (cell) => {
    const { place, wire: _wire, has: _has, ...target } = cell
    const { error } = await bodyOf({ ...target, ...requests(target.provider)[place], onUnsupported: 'error' })
    expect(error).toMatchObject({ kind: 'unsupported' })
  })
})
