import { describe, expect, test } from 'vitest'
import { eventLength, eventText, eventTraits, isContent, withEventText } from '../../src/core/event.ts'
import type { StreamEvent } from '../../src/core/event.ts'

const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
const events: ReadonlyArray<
  readonly [event: StreamEvent, content: boolean, text: string | undefined, length: number]
> = [
  [{ type: 'start', provider: 'p', model: 'm' }, false, undefined, 0],
  [{ type: 'text-delta', text: 'Hi' }, true, 'Hi', 2],
  [{ type: 'text-delta', text: '' }, false, '', 0],
  [{ type: 'reasoning-delta', text: 'so' }, true, 'so', 2],
  [{ type: 'reasoning-delta', text: '', encrypted: 'x' }, false, '', 0],
  [{ type: 'tool-call-start', id: 'c', name: 'f' }, true, undefined, 0],
  [{ type: 'tool-call-delta', id: 'c', delta: '{"a"' }, true, '{"a"', 4],
  [{ type: 'tool-call', id: 'c', name: 'f', arguments: { a: 1 } }, true, undefined, 7],
  [{ type: 'citation', url: 'https://x.test' }, false, undefined, 0],
  [{ type: 'file', mediaType: 'image/png', data: 'AAAA' }, true, undefined, 4],
  [{ type: 'file', mediaType: 'image/png', url: 'https://x.test/a.png' }, true, undefined, 0],
  [{ type: 'usage', usage }, false, undefined, 0],
  [{ type: 'warning', warning: { type: 'other', message: 'w' } }, false, undefined, 0],
  [{ type: 'finish', finishReason: 'stop', usage }, false, undefined, 0],
  [{ type: 'tool-result', id: 'c', name: 'f', result: [1] }, false, undefined, 3],
  [{ type: 'tool-error', id: 'c', name: 'f', message: 'no' }, false, undefined, 2],
  [{ type: 'tool-progress', id: 'c', name: 'f', progress: [1] }, false, undefined, 3],
  [{ type: 'approval-requested', runId: 'r', id: 'c', name: 'f', arguments: { a: 1 } }, false, undefined, 7],
  [
    {
      type: 'agent-event',
      agent: 'a',
      parentToolCallId: 'c',
      event: { type: 'text-delta', text: 'Hi' },
    },
    false,
    undefined,
    2,
  ],
  [{ type: 'step', index: 0, finishReason: 'stop', usage }, false, undefined, 0],
  [{ type: 'server-tool-call', id: 's', name: 'web_search', arguments: {} }, false, undefined, 0],
  [{ type: 'server-tool-result', id: 's', name: 'web_search', result: {} }, false, undefined, 0],
  [{ type: 'continued', offset: 1, provider: 'p', model: 'm', after: 'network' }, false, undefined, 0],
]

describe('the facts about events', () => {
  test.each(events)('%j', (event, content, text, length) => {
    expect([isContent(event), eventText(event), eventLength(event)]).toEqual([content, text, length])
    expect(eventText(withEventText(event, 'other'))).toBe(text === undefined ? undefined : 'other')
  })

  test('are told of every type, and one type ends a stream', () => {
    expect(new Set(events.map(([{ type }]) => type))).toEqual(new Set(Object.keys(eventTraits)))
    const terminal = Object.entries(eventTraits).filter(([, traits]) => traits.isTerminal === true)
    expect(terminal.map(([type]) => type)).toEqual(['finish'])
  })

  test('an event of a later version has none', () => {
    const later = { type: 'hologram', text: 'x' } as unknown as StreamEvent
    expect([isContent(later), eventText(later), eventLength(later), withEventText(later, 'y')]).toEqual([
      false,
      undefined,
      0,
      later,
    ])
  })
})
