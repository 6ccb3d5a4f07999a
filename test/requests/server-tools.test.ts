import { describe, expect, test } from 'vitest'
import { type ChatRequest, type ServerTool } from 'llm-switchyard'
import { serverToolTypes } from '../../src/core/server-tool.ts'
import { answered, bodyOf, replies } from './body-of.ts'

// One tool of each type with every option that some provider has.
const tools: Readonly<Record<(typeof serverToolTypes)[number], ServerTool>> = {
  'web-search': {
    type: 'web-search',
    maxUses: 3,
    allowedDomains: ['a.test'],
    userLocation: { city: 'Bonn', country: 'DE' },
    contextSize: 'low',
  },
  'web-fetch': { type: 'web-fetch', maxUses: 2, citations: true, maxContentTokens: 9 },
  'code-execution': { type: 'code-execution', container: 'c1' },
  'file-search': { type: 'file-search', stores: ['s1'], maxResults: 4 },
  'image-generation': { type: 'image-generation', model: 'm', size: '1x1' },
  mcp: { type: 'mcp', name: 'srv', url: 'https://mcp.test', authorization: 'tok', approval: 'never' },
  computer: { type: 'computer', displayWidth: 800, displayHeight: 600 },
  browser: { type: 'browser' },
  'tool-search': { type: 'tool-search' },
  memory: { type: 'memory' },
  shell: { type: 'shell' },
  'text-editor': { type: 'text-editor', maxCharacters: 7 },
  advisor: { type: 'advisor', model: 'big' },
  maps: { type: 'maps' },
  'x-search': { type: 'x-search', allowedHandles: ['h'], since: '2026-01-01' },
}

const approximate = { type: 'approximate', city: 'Bonn', country: 'DE' }
const anthropic = {
  'web-search': {
    type: 'web_search_20250305',
    name: 'web_search',
    max_uses: 3,
    allowed_domains: ['a.test'],
    user_location: approximate,
  },
  'web-fetch': {
    type: 'web_fetch_20250910',
    name: 'web_fetch',
    max_uses: 2,
    citations: { enabled: true },
    max_content_tokens: 9,
  },
  'code-execution': { type: 'code_execution_20250825', name: 'code_execution' },
  mcp: { type: 'mcp_toolset', mcp_server_name: 'srv' },
  computer: { type: 'computer_20251124', name: 'computer', display_width_px: 800, display_height_px: 600 },
  browser: { type: 'browser_toolset_20260801' },
  'tool-search': { type: 'tool_search_tool_bm25_20251119', name: 'tool_search_tool_bm25' },
  memory: { type: 'memory_20250818', name: 'memory' },
  shell: { type: 'bash_20250124', name: 'bash' },
  'text-editor': { type: 'text_editor_20250728', name: 'str_replace_based_edit_tool', max_characters: 7 },
  advisor: { type: 'advisor_20260301', name: 'advisor', model: 'big' },
}
const mcp = {
  type: 'mcp',
  server_label: 'srv',
  server_url: 'https://mcp.test',
  authorization: 'tok',
  require_approval: 'never',
}
const files = { type: 'file_search', vector_store_ids: ['s1'], max_num_results: 4 }
const responses = {
  'web-search': {
    type: 'web_search',
    filters: { allowed_domains: ['a.test'] },
    user_location: approximate,
    search_context_size: 'low',
  },
  'code-execution': { type: 'code_interpreter', container: 'c1' },
  'file-search': files,
  'image-generation': { type: 'image_generation', model: 'm', size: '1x1' },
  mcp,
  computer: { type: 'computer' },
  'tool-search': { type: 'tool_search' },
  shell: { type: 'shell' },
  'text-editor': { type: 'apply_patch' },
}
const computerUse = { computerUse: { environment: 'ENVIRONMENT_BROWSER' } }
const gemini = {
  'web-search': { googleSearch: {} },
  'web-fetch': { urlContext: {} },
  'code-execution': { codeExecution: {} },
  computer: computerUse,
  browser: computerUse,
  maps: { googleMaps: {} },
}

// The tools of each provider as they are on the wire; what is not listed gives a warning.
const targets: readonly [string, Partial<ChatRequest>, Readonly<Record<string, object>>][] = [
  ['anthropic', { model: 'claude-sonnet-4-5' }, anthropic],
  ['vertex', { model: 'claude-sonnet-4-5', api: 'anthropic' }, anthropic],
  ['openai', { model: 'gpt-5', api: 'responses' }, responses],
  ['azure', { model: 'gpt-5', api: 'responses', baseUrl: 'https://r.test/openai/v1' }, responses],
  ['openai', { model: 'gpt-4.1' }, {}],
  [
    'google',
    { model: 'gemini-3-flash' },
    { ...gemini, 'file-search': { fileSearch: { fileSearchStoreNames: ['s1'], topK: 4 } } },
  ],
  [
    'vertex',
    { model: 'gemini-3-flash' },
    { ...gemini, 'file-search': { retrieval: { vertexAiSearch: { datastore: ['s1'] } } } },
  ],
  [
    'xai',
    { model: 'grok-4.3', api: 'responses' },
    {
      'web-search': { type: 'web_search', filters: { allowed_domains: ['a.test'] } },
      'code-execution': { type: 'code_interpreter' },
      'file-search': files,
      'image-generation': { type: 'image_generation' },
      mcp,
      'x-search': { type: 'x_search', allowed_x_handles: ['h'], from_date: '2026-01-01' },
    },
  ],
  [
    'mistral',
    { model: 'mistral-large-latest' },
    {
      'web-search': { type: 'web_search' },
      'code-execution': { type: 'code_interpreter' },
      'file-search': { type: 'document_library', library_ids: ['s1'] },
      'image-generation': { type: 'image_generation' },
    },
  ],
  [
    'openrouter',
    { model: 'a/b' },
    {
      'web-search': {
        type: 'openrouter:web_search',
        parameters: { allowed_domains: ['a.test'], user_location: approximate, search_context_size: 'low' },
      },
      'web-fetch': { type: 'openrouter:web_fetch' },
      'code-execution': { type: 'openrouter:code_interpreter' },
      'image-generation': { type: 'openrouter:image_generation', parameters: { model: 'm' } },
      browser: { type: 'openrouter:browser_use' },
      mcp: { type: 'openrouter:mcp' },
      'tool-search': { type: 'openrouter:tool_search' },
      memory: { type: 'openrouter:memory' },
      shell: { type: 'openrouter:shell' },
      'text-editor': { type: 'openrouter:text_editor' },
      advisor: { type: 'openrouter:advisor', parameters: { model: 'big' } },
    },
  ],
  [
    'groq',
    { model: 'openai/gpt-oss-120b' },
    { 'web-search': { type: 'browser_search' }, 'code-execution': { type: 'code_interpreter' } },
  ],
  ['groq', { model: 'llama-3.3-70b-versatile' }, {}],
  [
    'bedrock',
    { model: 'us.amazon.nova-pro-v1:0' },
    {
      'web-search': { systemTool: { name: 'nova_grounding' } },
      'code-execution': { systemTool: { name: 'nova_code_interpreter' } },
    },
  ],
  ['bedrock', { model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0' }, {}],
  ['cohere', { model: 'command-a-03-2025' }, {}],
  ['ollama', { model: 'qwen3' }, {}],
  ['koboldcpp', { model: 'm' }, {}],
  ['deepseek', { model: 'deepseek-chat' }, {}],
]

const cells = targets.flatMap(([provider, how, has]) =>
  serverToolTypes.map((type) => ({
    provider,
    model: how.model,
    api: how.api,
    type,
    request: { provider, ...how },
    wire: has[type],
  })),
)

function toolsOf(body: Record<string, unknown>): unknown {
  return body['tools'] ?? (body['toolConfig'] as { tools?: unknown } | undefined)?.tools
}

describe('a server tool', () => {
  test.each(cells)('$type at $provider ($model, $api)', async ({ type, request, wire }) => {
    const { body, error } = await bodyOf({ ...request, serverTools: [tools[type]] })
    expect(error).toBeUndefined()
    expect(toolsOf(body)).toEqual(wire === undefined ? undefined : [wire])
    if (wire !== undefined) return
    const refused = await bodyOf({ ...request, serverTools: [tools[type]], onUnsupported: 'error' })
    expect(refused.error).toMatchObject({ kind: 'unsupported', issues: [{ path: 'serverTools' }] })
  })

  const raw = { type: 'their_own', any: { thing: [1] } }
  test.each(targets.slice(0, 14))('%s %o takes one in its own form', async (provider, how) => {
    const { body } = await bodyOf({ provider, ...how, tools: [{ name: 't' }], serverTools: [{ raw }] })
    expect(toolsOf(body)).toContainEqual(raw)
    expect(toolsOf(body)).toHaveLength(2)
  })

  test("one in a provider's form among the caller's tools is sent as it is", async () => {
    const vendors = { type: 'web_search_20250305', name: 'web_search' }
    const request = { provider: 'anthropic', model: 'claude-sonnet-4-5', tools: [{ name: 't' }, vendors] }
    const { body } = await bodyOf(request)
    expect(body['tools']).toEqual([
      expect.objectContaining({ name: 't', input_schema: expect.anything() }),
      vendors,
    ])
  })

  test('an option that the provider lacks gives a warning', async () => {
    const { reply } = await answered(
      {
        provider: 'mistral',
        model: 'mistral-large-latest',
        serverTools: [{ type: 'web-search', maxUses: 1 }],
      },
      replies['chat'] ?? {},
    )
    expect(reply.warnings).toMatchObject([{ type: 'unsupported', setting: 'serverTools' }])
    expect(reply.warnings[0]?.message).toContain('maxUses of web-search was not sent')
  })

  test('a misspelt option gives a warning, a misspelt type is refused', async () => {
    const request = { provider: 'anthropic', model: 'claude-sonnet-4-5', onUnsupported: 'error' as const }
    const option = [{ type: 'web-search', maxUse: 1 }] as unknown as ServerTool[]
    const { error } = await bodyOf({ ...request, serverTools: option })
    expect(error).toMatchObject({ kind: 'unsupported' })
    expect(error?.message).toContain('maxUse of web-search was not sent')
    const type = [{ type: 'web-serch' }] as unknown as ServerTool[]
    expect((await bodyOf({ ...request, serverTools: type })).error).toMatchObject({ kind: 'invalid-request' })
  })

  test('Anthropic: servers and betas are beside the tools', async () => {
    const { body, headers } = await bodyOf({
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      serverTools: [tools.mcp, tools['code-execution'], tools['web-fetch']],
    })
    expect(body['mcp_servers']).toEqual([
      { type: 'url', name: 'srv', url: 'https://mcp.test', authorization_token: 'tok' },
    ])
    expect(body['container']).toBe('c1')
    expect(headers['anthropic-beta']).toBe(
      'mcp-client-2025-11-20,code-execution-2025-08-25,web-fetch-2025-09-10',
    )
  })

  test("search models of OpenAI's chat completions take it as options", async () => {
    const request = { provider: 'openai', model: 'gpt-4o-search-preview' }
    const search = { type: 'web-search', contextSize: 'high', userLocation: { country: 'DE' } } as const
    const { body } = await bodyOf({ ...request, serverTools: [search] })
    expect(body['web_search_options']).toEqual({
      search_context_size: 'high',
      user_location: { type: 'approximate', approximate: { country: 'DE' } },
    })
    expect(body).not.toHaveProperty('tools')
  })

  test('Gemini: beside functions from the third generation on', async () => {
    const request = { provider: 'google', tools: [{ name: 't' }], serverTools: [tools.maps] }
    const { body } = await bodyOf({ ...request, model: 'gemini-3-flash' })
    expect(body['tools']).toHaveLength(2)
    expect(body['toolConfig']).toMatchObject({ includeServerSideToolInvocations: true })
    const early = await bodyOf({ ...request, model: 'gemini-2.5-flash', onUnsupported: 'error' })
    expect(early.error).toMatchObject({ kind: 'unsupported' })
  })

  test('`version` and providerOptions reach the tool', async () => {
    const { body } = await bodyOf({
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      serverTools: [
        {
          type: 'web-search',
          version: 'web_search_20260318',
          providerOptions: { anthropic: { allowed_callers: ['direct'] } },
        },
      ],
    })
    expect(body['tools']).toEqual([
      { type: 'web_search_20260318', name: 'web_search', allowed_callers: ['direct'] },
    ])
  })
})

describe('a choice of tools', () => {
  const serverTools: ServerTool[] = [{ type: 'web-search' }]
  const choices: readonly [Partial<ChatRequest>, unknown][] = [
    [
      { provider: 'anthropic', model: 'claude-sonnet-4-5' },
      { type: 'tool', name: 'web_search' },
    ],
    [{ provider: 'openai', model: 'gpt-5', api: 'responses' }, { type: 'web_search' }],
  ]
  test.each(choices)('%o can name a server tool', async (target, wire) => {
    const { body } = await bodyOf({ ...target, serverTools, toolChoice: { name: 'web-search' } })
    expect(body['tool_choice']).toEqual(wire)
  })

  test('that names one is not sent where the format has no word for it', async () => {
    const request = { provider: 'mistral', model: 'mistral-large-latest', serverTools }
    const { body, error } = await bodyOf({ ...request, toolChoice: { name: 'web-search' } })
    expect(error).toBeUndefined()
    expect(body).not.toHaveProperty('tool_choice')
  })

  test('counts server tools as tools', async () => {
    const { body } = await bodyOf({
      provider: 'openai',
      model: 'gpt-5',
      api: 'responses',
      serverTools,
      toolChoice: 'required',
      parallelToolCalls: false,
    })
    expect(body).toMatchObject({ tool_choice: 'required', parallel_tool_calls: false })
  })
})

describe('citations of a file', () => {
  const file = {
    type: 'file',
    data: 'SGVsbG8=',
    mediaType: 'text/plain',
    filename: 'a.txt',
    citations: true,
  } as const
  const request = {
    messages: [{ role: 'user' as const, content: [file, { type: 'text' as const, text: 'x' }] }],
  }
  const asked: readonly [string, string, unknown][] = [
    ['anthropic', 'claude-sonnet-4-5', '"citations":{"enabled":true}'],
    ['bedrock', 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', '"citations":{"enabled":true}'],
    ['cohere', 'command-a-03-2025', '"documents":[{"data":{"title":"a.txt","text":"Hello"}}]'],
  ]
  test.each(asked)('are asked for: %s', async (provider, model, wire) => {
    const { body, error } = await bodyOf({ provider, model, ...request, onUnsupported: 'error' })
    expect(error).toBeUndefined()
    expect(JSON.stringify(body)).toContain(wire)
  })

  test.each([
    ['openai', 'gpt-4.1'],
    ['google', 'gemini-3-flash'],
    ['ollama', 'qwen3'],
  ])('are refused under "error" where there are none: %s', async (provider, model) => {
    const { error } = await bodyOf({ provider, model, ...request, onUnsupported: 'error' })
    expect(error).toMatchObject({ kind: 'unsupported' })
  })
})
