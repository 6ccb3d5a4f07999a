import * as v from 'valibot'
import { chatApiCall, defineTool, type LlmError, type Tool } from 'llm-switchyard'
import { createFakeProvider } from 'llm-switchyard/testing'
import { createToolRegistry, lazyTools, runTools, searchTool } from 'llm-switchyard/tools'
import { describe, expect, test, vi } from 'vitest'
import * as z from 'zod'

const named = (name: string, more: Partial<Tool> = {}): Tool => ({ name, execute: () => name, ...more })
const names = (tools: readonly Tool[]) => tools.map(({ name }) => name)

function filled() {
  const registry = createToolRegistry()
  registry.register(named('now'))
  registry.register(named('read_file', { tags: ['navigator', 'files'], permission: 'read' }))
  registry.register(named('write_file', { tags: ['navigator', 'files'], permission: 'write' }))
  registry.register(named('ship', { tags: ['deployer', 'releases'], permission: 'deploy' }))
  registry.register(named('ask', { tags: ['generalist'] }))
  return registry
}

describe('a registry', () => {
  test('registers, gets, replaces and removes', () => {
    const registry = createToolRegistry()
    registry.register(named('a', { description: 'old' }))
    registry.register(named('b'))
    registry.replace(named('a', { description: 'new' }))
    registry.replace(named('c'))
    expect(registry.get('a')?.description).toBe('new')
    expect(registry.get('constructor')).toBeUndefined()
    expect(names(registry.list())).toEqual(['a', 'b', 'c'])
    expect([registry.remove('b'), registry.remove('b')]).toEqual([true, false])
    expect(names(registry.list())).toEqual(['a', 'c'])
  })

  test('refuses a name that is taken, and keeps the tool that has it', () => {
    const registry = createToolRegistry()
    registry.register(named('a', { description: 'first' }))
    const expected: Partial<LlmError> = { kind: 'conflict', code: 'duplicate-tool' }
    expect(() => registry.register(named('a'))).toThrow(expect.objectContaining(expected))
    expect(registry.get('a')?.description).toBe('first')
  })

  test.each<[string, unknown]>([
    ['without a name', { execute: () => 1 }],
    ['with a name that providers refuse', { name: 'no spaces' }],
    ['with an unknown field', { name: 'a', needsAproval: true }],
    ['with a wrong field', { name: 'a', timeoutMs: 'soon' }],
    ['that is nothing', undefined],
    ['that is text', 'a tool'],
    ['whose schema is no schema', { name: 'a', parameters: 'city' }],
    ['whose schema brings no JSON Schema', { name: 'a', parameters: v.object({ a: v.string() }) }],
    ['whose schema JSON cannot hold', { name: 'a', parameters: z.object({ at: z.date() }) }],
    [
      'whose fields throw',
      {
        get name() {
          throw new Error('no')
        },
      },
    ],
  ])('leaves out a definition %s, with a warning', (_name, broken) => {
    const warn = vi.fn()
    const silent = () => undefined
    const registry = createToolRegistry({ logger: { debug: silent, info: silent, warn, error: silent } })
    const added = registry.registerAll([named('first'), broken, named('last')])
    expect(names(added)).toEqual(['first', 'last'])
    expect(names(registry.list())).toEqual(['first', 'last'])
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ index: 1 }),
      expect.stringContaining('left out'),
    )
    expect(() => registry.register(broken as Tool)).toThrow(/./)
  })

  test('leaves out the second of two definitions with one name', () => {
    const registry = createToolRegistry()
    expect(names(registry.registerAll([named('a'), named('a'), named('b')]))).toEqual(['a', 'b'])
  })

  test('discovers by archetype, capability and permission', () => {
    const registry = filled()
    const found = (query: Parameters<typeof registry.discover>[0]) => names(registry.discover(query))
    expect(found({})).toEqual(['now', 'read_file', 'write_file', 'ship', 'ask'])
    expect(found({ archetype: 'navigator' })).toEqual(['now', 'read_file', 'write_file'])
    expect(found({ capabilities: ['releases', 'files'] })).toEqual(['now', 'read_file', 'write_file', 'ship'])
    expect(found({ permissions: ['read'] })).toEqual(['now', 'read_file', 'ask'])
    expect(found({ archetype: 'navigator', capabilities: ['releases'] })).toEqual(['now'])
    expect(found({ archetype: 'navigator', permissions: ['write'] })).toEqual(['now', 'write_file'])
    expect(() => registry.discover({ archtype: 'navigator' } as object)).toThrow('archetype')
  })

  test('gives a caller the tools that it may use', () => {
    const registry = filled()
    expect(names(registry.toolsFor())).toEqual(['now', 'ask'])
    expect(names(registry.toolsFor({ archetype: 'deployer', permissions: ['deploy'] }))).toEqual([
      'now',
      'ship',
    ])
  })
})

describe('a search for tools', () => {
  const registry = createToolRegistry()
  for (let index = 0; index < 500; index++)
    registry.register(named(`unrelated_${index}`, { description: `Does thing ${index}` }))
  registry.register(named('listInvoices', { description: 'Lists what customers owe.' }))
  registry.register(
    named('refund', {
      description: 'Pays an invoice back.',
      parameters: { type: 'object', properties: { customer: { type: 'string' } } },
      permission: 'write',
    }),
  )
  const found = (query: string, permissions?: string[]) =>
    searchTool(registry)
      .execute({ query }, { toolCallId: '1', permissions })
      .tools.map(({ name }) => name)

  test.each<[string, string[] | undefined, string[]]>([
    ['invoice', undefined, ['listInvoices']],
    ['invoice', ['write'], ['listInvoices', 'refund']],
    ['pay back a customer', ['write'], ['refund', 'listInvoices']],
    ['unrelated 7', undefined, ['unrelated_7']],
    ['', undefined, []],
    ['?!', undefined, []],
    ['nothing like it', undefined, []],
  ])('%j with %j', (query, permissions, expected) => {
    expect(found(query, permissions).slice(0, expected.length || 5)).toEqual(expected)
    expect(found(query, permissions).length).toBeLessThanOrEqual(5)
  })

  test('makes what it finds callable from the next step on', async () => {
    const replies = [
      { toolCalls: [{ name: 'search_tools', arguments: { query: 'invoices of customers' } }] },
      { toolCalls: [{ name: 'listInvoices', arguments: {} }] },
    ]
    await using provider = await createFakeProvider({ script: () => replies.shift() ?? 'Done' })
    const shown: string[][] = []
    const lazy = lazyTools(registry, { always: [defineTool({ name: 'now', execute: () => 0 })] })
    const response = await runTools(chatApiCall, {
      model: 'openai/m',
      baseUrl: provider.baseUrl('openai-chat'),
      apiKey: 'k',
      messages: [{ role: 'user', content: 'Who owes us?' }],
      ...lazy,
      prepareStep: (run) => {
        const settings = lazy.prepareStep(run)
        shown.push(names((settings.tools ?? []) as readonly Tool[]))
        return settings
      },
    })
    expect(response.text).toBe('Done')
    expect(response.steps[1]?.results).toMatchObject([{ name: 'listInvoices', data: 'listInvoices' }])
    expect(shown[0]).toEqual(['search_tools', 'now'])
    expect(shown[1]).toContain('listInvoices')
    expect(shown[1]).not.toContain('refund')
    expect(shown[2]).toEqual(shown[1])
  })
})
