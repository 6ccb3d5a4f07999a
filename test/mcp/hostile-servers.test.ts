import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import type { McpClientOptions } from 'llm-switchyard/mcp'
import { describe, expect, test, vi } from 'vitest'
import { failure } from '../failure.ts'
import { asking, calling, runHost, saying, steps } from '../tools/run-host.ts'
import { client, run } from './mcp-host.ts'
import { httpSite, sdkServer } from './sdk-server.ts'

describe('servers of ill will', () => {
  type Handler = (params: { readonly cursor?: string; readonly name?: string }) => object | Promise<object>

  /** A server that answers by hand, without the SDK's checks. */
  function raw(answers: Readonly<Record<string, Handler>>): McpClientOptions['server'] {
    return async () => {
      const [ours, theirs] = InMemoryTransport.createLinkedPair()
      const initialize: Handler = () => ({
        protocolVersion: '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'raw', version: '1' },
      })
      const table = new Map(Object.entries({ initialize, ...answers }))
      Object.assign(theirs, {
        onmessage: async ({ id, method, params = {} }: { id?: number; method: string; params?: object }) => {
          if (id === undefined) return
          const result = await table.get(method)?.(params)
          await theirs.send({ jsonrpc: '2.0', id, result: result as never })
        },
      })
      await theirs.start()
      return ours
    }
  }
  const tool = (name: string, more: object = {}): object => ({
    name,
    inputSchema: { type: 'object' },
    ...more,
  })

  test('broken tools are left out, and names are made fit', async () => {
    const warn = vi.fn()
    const logger = { debug: warn, info: warn, warn, error: warn }
    const tools = [
      null,
      7,
      { name: 'no schema' },
      { inputSchema: { type: 'object' } },
      tool('fine'),
      tool('with spaces'),
      tool('x'.repeat(300)),
      tool('deep', { description: 5, annotations: 'none' }),
    ]
    await using made = client({ server: raw({ 'tools/list': () => ({ tools }) }), logger })
    const names = (await made.tools()).map(({ name }) => name)
    expect(names).toEqual([
      'harbour_fine',
      expect.stringMatching(/^harbour_with_spaces_\w{14}$/),
      expect.stringMatching(/^harbour_x{105}_\w{14}$/),
      'harbour_deep',
    ])
    expect(warn).toHaveBeenCalledTimes(4)
  })

  test('lists are bounded: many tools, and cursors without end', async () => {
    let pages = 0
    const many = (): object => ({
      tools: Array.from({ length: 500 }, (_, index) => tool(`t${pages}_${index}`)),
      nextCursor: `page ${++pages}`,
    })
    await using made = client({ server: raw({ 'tools/list': many }), maxTools: 700 })
    expect(await made.tools()).toHaveLength(700)
    expect(pages).toBe(2)
    await using looping = client({
      server: raw({ 'tools/list': () => ({ tools: [], nextCursor: 'again' }) }),
    })
    expect(await looping.tools()).toEqual([])
  })

  test.each([
    ['nothing', {}, null],
    [
      'content of no kind',
      { content: [{ type: 'smell' }] },
      [{ type: 'text', text: expect.stringContaining('smell') }],
    ],
    ['content that is no list', { content: 'x' }, null],
    ['an error without words', { isError: true }, new Error('the tool failed')],
  ])('a result of %s', async (_name, result, expected) => {
    await using made = client({
      server: raw({ 'tools/list': () => ({ tools: [tool('odd')] }), 'tools/call': () => result }),
    })
    const outcome = await run(made, 'harbour_odd').catch((error: unknown) => error)
    expect(outcome).toEqual(expected)
  })

  test('a huge result is cut for the model', async () => {
    const content = [{ type: 'text', text: 'x'.repeat(1_000_000) }]
    await using made = client({
      server: raw({ 'tools/list': () => ({ tools: [tool('huge')] }), 'tools/call': () => ({ content }) }),
      tool: () => ({ maxResultChars: 100 }),
    })
    await using it = await runHost(steps(calling(['harbour_huge', {}]), saying('Long.')))
    await it.orchestrator.run({ ...asking, tools: await made.tools() })
    expect(JSON.stringify(it.bodies()[1]).length).toBeLessThan(3000)
  })

  test('a message of HTTP that is too large ends the request', async () => {
    await using site = await httpSite(
      () => sdkServer(),
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(`"${'x'.repeat(50_000)}"`)
        return true
      },
    )
    await using made = client({
      server: { type: 'http', url: site.url },
      maxMessageBytes: 1000,
      reconnect: { attempts: 1 },
    })
    expect(await failure(made.tools())).toMatchObject({ message: expect.stringContaining('1000 bytes') })
  })
})
