import { describe, expect, test } from 'vitest'
import type { ToolFragment } from '../../src/core/dialect.ts'
import type { StreamEvent, ToolCallEvent } from '../../src/core/event.ts'
import { ToolCallAssembler } from '../../src/stream/assemble-tool-calls.ts'

type Piece = Omit<ToolFragment, 'type'>

function assemble(...pieces: Piece[]): {
  events: StreamEvent[]
  calls: { name: string; arguments: unknown }[]
} {
  const tools = new ToolCallAssembler(undefined)
  const events: StreamEvent[] = []
  for (const piece of pieces) tools.add({ type: 'tool', ...piece }, events)
  tools.end(events)
  const whole = events.filter((event): event is ToolCallEvent => event.type === 'tool-call')
  return { events, calls: whole.map(({ name, arguments: args }) => ({ name, arguments: args })) }
}

const A = { name: 'a', arguments: { x: 1 } }
const B = { name: 'b', arguments: { y: 2 } }

describe('tool calls are put together from every odd shape', () => {
  test.each<[string, Piece[], unknown[]]>([
    [
      'in order',
      [
        { index: 0, id: 'i', name: 'a', delta: '' },
        { index: 0, delta: '{"x"' },
        { index: 0, delta: ':1}' },
      ],
      [A],
    ],
    [
      'one id for two calls beside each other',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x":1}' },
        { index: 1, id: 'i', name: 'b', delta: '{"y"' },
        { index: 1, id: 'i', delta: ':2}' },
      ],
      [A, B],
    ],
    [
      'one id, its name repeated, under an index that grows',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x"' },
        { index: 1, id: 'i', name: 'a', delta: ':1}' },
      ],
      [A],
    ],
    ['no index, id only first', [{ id: 'i', name: 'a', delta: '{"x"' }, { delta: ':1}' }], [A]],
    [
      'no index, two ids',
      [
        { id: 'i', name: 'a', delta: '{"x":1}' },
        { id: 'j', name: 'b', delta: '{"y":2}' },
      ],
      [A, B],
    ],
    [
      'index reused with a new id',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x":1}' },
        { index: 0, id: 'j', name: 'b', delta: '{"y":2}' },
      ],
      [A, B],
    ],
    [
      'id on every piece',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x"' },
        { index: 0, id: 'i', delta: ':1}' },
      ],
      [A],
    ],
    [
      'id and name on every piece',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x"' },
        { index: 0, id: 'i', name: 'a', delta: ':1}' },
      ],
      [A],
    ],
    [
      'id never, index given',
      [
        { index: 0, name: 'a', delta: '{"x":1}' },
        { index: 1, name: 'b', delta: '{"y":2}' },
      ],
      [A, B],
    ],
    [
      'id and index never',
      [
        { name: 'a', delta: '{"x":1}' },
        { name: 'b', delta: '{"y":2}' },
      ],
      [A, B],
    ],
    [
      'the same tool twice, nothing to tell them apart',
      [
        { name: 'a', delta: '{"x":1}' },
        { name: 'a', delta: '{"x":1}' },
      ],
      [A, A],
    ],
    [
      'name late',
      [
        { index: 0, id: 'i', delta: '{"x"' },
        { index: 0, name: 'a', delta: ':1}' },
      ],
      [A],
    ],
    [
      'id late',
      [
        { index: 0, name: 'a', delta: '{"x"' },
        { index: 0, id: 'i', delta: ':1}' },
      ],
      [A],
    ],
    [
      'a prefix that parses',
      [
        { index: 0, id: 'i', name: 'n', delta: '1' },
        { index: 0, delta: '2' },
      ],
      [{ name: 'n', arguments: 12 }],
    ],
    [
      'interleaved',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x"' },
        { index: 1, id: 'j', name: 'b', delta: '{"y"' },
        { index: 0, delta: ':1}' },
        { index: 1, delta: ':2}' },
      ],
      [A, B],
    ],
    ['whole arguments', [{ id: 'i', name: 'a', arguments: { x: 1 } }], [A]],
    ['text that holds JSON text', [{ id: 'i', name: 'a', delta: '"{\\"x\\":1}"' }], [A]],
    ['no arguments', [{ id: 'i', name: 'a', delta: '' }], [{ name: 'a', arguments: {} }]],
    ['null arguments', [{ id: 'i', name: 'a', delta: 'null' }], [{ name: 'a', arguments: {} }]],
    [
      'empty id counts as none',
      [
        { index: 0, id: '', name: 'a', delta: '{"x"' },
        { index: 0, id: '', name: '', delta: ':1}' },
      ],
      [A],
    ],
    [
      'an empty object first',
      [
        { index: 0, id: 'i', name: 'a', delta: '{}' },
        { index: 0, delta: '{"x"' },
        { index: 0, delta: ':1}' },
      ],
      [A],
    ],
    ['an empty object around', [{ id: 'i', name: 'a', delta: '{}{"x":1}{}' }], [A]],
    [
      'all arguments once more',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x":' },
        { index: 0, delta: '1}' },
        { index: 0, id: 'i', delta: '{"x":1}' },
      ],
      [A],
    ],
    [
      'a new id in every piece',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x"' },
        { index: 0, id: 'j', delta: ':' },
        { index: 0, id: 'k', delta: '1}' },
      ],
      [A],
    ],
    [
      'a new id and the name in every piece',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x"' },
        { index: 0, id: 'j', name: 'a', delta: ':1}' },
      ],
      [A],
    ],
    [
      'a new id in every piece, no index',
      [
        { id: 'i', name: 'a', delta: '{"x"' },
        { id: 'j', delta: ':1}' },
      ],
      [A],
    ],
    [
      'an index that counts the pieces',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x"' },
        { index: 1, delta: ':' },
        { index: 2, delta: '1}' },
      ],
      [A],
    ],
    [
      'one id, the index only first',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x"' },
        { id: 'i', delta: ':1}' },
      ],
      [A],
    ],
    [
      'two whole calls of one tool under one index',
      [
        { index: 0, id: 'i', name: 'a', delta: '{"x":1}' },
        { index: 0, id: 'j', name: 'a', delta: '{"x":1}' },
      ],
      [A, A],
    ],
    ['never a name', [{ index: 0, id: 'i', delta: '{}' }], []],
  ])('%s', (_name, pieces, calls) => {
    expect(assemble(...pieces).calls).toEqual(calls)
  })

  test('an empty object before the arguments is not delivered', () => {
    const { events } = assemble({ id: 'i', name: 'a', delta: '{}' }, { id: 'i', delta: '{"x":1}' })
    const deltas = events.flatMap((event) => (event.type === 'tool-call-delta' ? [event.delta] : []))
    expect(deltas).toEqual(['{"x":1}'])
  })

  test.each([
    ['get<|channel|>commentary', 'get'],
    ['functions.get', 'get'],
    ['functions.get:0', 'get'],
    ['default_api.get', 'get'],
    ['get', 'get'],
    ['got<|channel|>commentary', 'got<|channel|>commentary'],
    ['functions.got', 'functions.got'],
  ])('of the name %s, %s is left', (given, name) => {
    const tools = new ToolCallAssembler(undefined, [{ name: 'get', parameters: {} }])
    const events: StreamEvent[] = []
    tools.add({ type: 'tool', id: 'i', name: given, delta: '{}', done: true }, events)
    expect(events.at(-1)).toMatchObject({ type: 'tool-call', name })
  })

  test('arguments that are no JSON are given as they came, and marked', () => {
    const { events } = assemble({ id: 'i', name: 'a', delta: '{"x": tru' })
    expect(events.at(-1)).toMatchObject({
      type: 'tool-call',
      arguments: '{"x": tru',
      invalid: expect.stringContaining('JSON'),
    })
  })

  test('start, deltas and call carry one id; a made id is stable', () => {
    const { events } = assemble({ index: 0, name: 'a', delta: '{"x"' }, { index: 0, delta: ':1}' })
    const ids = new Set(events.map((event) => ('id' in event ? event.id : undefined)))
    expect(events.map(({ type }) => type)).toEqual([
      'tool-call-start',
      'tool-call-delta',
      'tool-call-delta',
      'tool-call',
    ])
    expect(ids.size).toBe(1)
    expect([...ids][0]).toMatch(/^call_/)
  })

  test('a call that the wire completes is given at once', () => {
    const tools = new ToolCallAssembler(undefined)
    const events: StreamEvent[] = []
    tools.add({ type: 'tool', index: 0, id: 'i', name: 'a', delta: '{}', done: true }, events)
    expect(events.at(-1)?.type).toBe('tool-call')
    tools.end(events)
    expect(events.filter(({ type }) => type === 'tool-call')).toHaveLength(1)
  })
})
