import { describe, expect, test, vi } from 'vitest'
import { LlmError } from '../../../src/core/error.ts'
import {
  ndjsonEncoder,
  plainSseEncoder,
  plainTextEncoder,
  uiMessageEncoder,
} from '../../../src/delivery/encoders/index.ts'
import { streamingBody } from '../../../src/delivery/http/streaming-body.ts'
import { createFakeClock } from '../../../src/testing/index.ts'
import { call, finish, ids, start, text } from '../encoders/answers.ts'
import { bench, Tap } from './tap.ts'

const content = (value: string): string => `data: {"type":"content","content":"${value}"}\n\n`
// One turn of the event loop: whatever can go on has gone on.
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a body', () => {
  test('begins at once, passes batches on as they come, and ends once', async () => {
    const { tap, next, ends, clock } = bench()
    expect(await next()).toBe(':ok\n\n')
    expect(tap.asked).toBe(0)
    tap.give(start, text('a'))
    expect(await next()).toBe(content('a'))
    tap.give(text('b'), text('c'))
    expect(await next()).toBe(content('b') + content('c'))
    tap.give(...finish())
    tap.end()
    expect(await next()).toMatch(/^data: \{"type":"done".*\n\ndata: \[DONE\]\n\n$/)
    expect(await next()).toBeNull()
    expect(ends).toEqual([{ type: 'done' }])
    expect(clock.pending).toBe(0)
  })

  test('reads only when its reader does', async () => {
    const { tap, next } = bench()
    for (const piece of ['a', 'b', 'c']) tap.give(text(piece))
    await settled()
    expect(tap.asked).toBe(0)
    await next()
    expect(await next()).toBe(content('a'))
    await settled()
    expect(tap.asked).toBe(1)
  })

  test('passes over batches that have no frames', async () => {
    const { tap, next } = bench()
    await next()
    tap.give(start)
    tap.give({ type: 'tool-call-start', id: 'c', name: 'now' })
    tap.give(text('x'))
    expect(await next()).toBe(content('x'))
    expect(tap.asked).toBe(3)
  })

  test('turns an error into the terminal frames', async () => {
    const { tap, next, ends, clock } = bench()
    await next()
    const error = new LlmError('timeout', 'silent')
    tap.give(text('x'))
    tap.fail(error)
    expect(await next()).toBe(content('x'))
    expect(await next()).toContain('"code":"timeout"')
    expect(await next()).toBeNull()
    expect(ends).toEqual([{ type: 'error', error }])
    expect(clock.pending).toBe(0)
  })

  test('takes an error of any make, and tells the outside what the host allows', async () => {
    const toPublic = (): LlmError => new LlmError('conflict', 'told')
    const { tap, next, ends } = bench({ toPublic })
    await next()
    tap.fail(new TypeError('odd'))
    expect(await next()).toContain('"message":"told"')
    expect(ends).toMatchObject([{ type: 'error', error: { kind: 'server-failed' } }])
  })

  test('breaks off where the protocol has no word for an error', async () => {
    const { tap, next, ends } = bench({}, plainTextEncoder())
    tap.give(text('x'))
    tap.fail(new LlmError('network', 'cut'))
    expect(await next()).toBe('x')
    await expect(next()).rejects.toMatchObject({ kind: 'network' })
    expect(ends).toMatchObject([{ type: 'error' }])
  })

  test('ends with an error, and lets its source go, when a value cannot be written', async () => {
    const { tap, next, ends } = bench()
    await next()
    const loop: Record<string, never> = {}
    Object.assign(loop, { loop })
    tap.give({ type: 'tool-result', id: 'c', name: 'now', result: loop })
    expect(await next()).toContain('"code":"reply-malformed"')
    expect(await next()).toBeNull()
    expect(tap.cancelled).toHaveLength(1)
    expect(ends).toHaveLength(1)
  })

  test('adds what the host wants after each batch', async () => {
    let seq = 0
    const { tap, next } = bench({ afterBatch: () => `id: ${++seq}\n\n` })
    await next()
    tap.give(text('a'), text('b'))
    expect(await next()).toBe(`${content('a')}${content('b')}id: 1\n\n`)
    tap.give(start)
    expect(await next()).toBe('id: 2\n\n')
  })

  test('survives callbacks of the host that throw', async () => {
    const fail = (): never => {
      throw new Error('host')
    }
    const { tap, next } = bench({ onEnd: fail })
    tap.end()
    while ((await next()) !== null);
    const second = bench({ afterBatch: fail })
    await second.next()
    second.tap.give(text('a'))
    expect(await second.next()).toContain('"code":"reply-malformed"')
    const third = bench({ toPublic: fail })
    await third.next()
    third.tap.fail(new LlmError('network', 'cut'))
    await expect(third.next()).rejects.toThrow('host')
    expect(third.ends).toHaveLength(1)
  })
})

describe('a reader that leaves', () => {
  test('ends the source at once, also while it waits', async () => {
    const { tap, reader, next, ends, clock } = bench()
    await next()
    const waiting = reader.read()
    await settled()
    await reader.cancel('gone')
    expect(tap.cancelled).toEqual(['gone'])
    expect(tap.returned).toBe(1)
    expect((await waiting).done).toBe(true)
    expect(ends).toEqual([{ type: 'cancelled', reason: 'gone' }])
    expect(clock.pending).toBe(0)
    await settled()
    expect(ends).toHaveLength(1)
  })

  test('before anything was read', async () => {
    const { tap, reader, ends } = bench()
    await reader.cancel('never mind')
    expect(tap.cancelled).toEqual(['never mind'])
    expect(ends).toEqual([{ type: 'cancelled', reason: 'never mind' }])
  })

  test('by signal, whose listener goes with the body', async () => {
    const leave = new AbortController()
    const { tap, next, ends, clock } = bench({ signal: leave.signal })
    await next()
    const waiting = next()
    leave.abort(new Error('socket closed'))
    await expect(waiting).rejects.toThrow('socket closed')
    expect(tap.cancelled).toHaveLength(1)
    expect(ends).toMatchObject([{ type: 'cancelled' }])
    expect(clock.pending).toBe(0)

    const stay = new AbortController()
    const added = vi.spyOn(stay.signal, 'addEventListener')
    const removed = vi.spyOn(stay.signal, 'removeEventListener')
    const second = bench({ signal: stay.signal })
    second.tap.end()
    while ((await second.next()) !== null);
    expect([added.mock.calls.length, removed.mock.calls.length]).toEqual([1, 1])
  })

  test('by a signal that was over before', async () => {
    const { tap, next, ends } = bench({ signal: AbortSignal.abort(new Error('late')) })
    await expect(next()).rejects.toThrow('late')
    expect(tap.cancelled).toHaveLength(1)
    expect(ends).toHaveLength(1)
  })
})

describe('the heartbeat', () => {
  test('comes only into silence, and only to a reader that waits', async () => {
    const { tap, next, clock } = bench()
    await next()
    const first = next()
    await settled()
    clock.advance(14_999)
    tap.give(text('a'))
    expect(await first).toBe(content('a'))
    // The reader is busy: nothing piles up.
    clock.advance(60_000)
    const second = next()
    await settled()
    clock.advance(15_000)
    expect(await second).toBe(': ping\n\n')
    const third = next()
    clock.advance(15_000)
    expect(await third).toBe(': ping\n\n')
    expect(tap.asked).toBe(2)
    tap.give(text('b'))
    expect(await next()).toBe(content('b'))
  })

  test('counts from the last frame', async () => {
    const { tap, next, clock } = bench({ heartbeatMs: 1000 })
    await next()
    const beats: string[] = []
    for (let at = 0; at < 5; at++) {
      const waiting = next()
      await settled()
      clock.advance(900)
      tap.give(text('x'))
      beats.push((await waiting) ?? '')
    }
    expect(beats).toEqual(Array.from({ length: 5 }, () => content('x')))
    const waiting = next()
    await settled()
    clock.advance(1000)
    expect(await waiting).toBe(': ping\n\n')
  })

  test('is off with 0, and where the protocol has none', async () => {
    const off = bench({ heartbeatMs: 0 })
    await off.next()
    expect(off.clock.pending).toBe(0)
    const lines = bench({}, ndjsonEncoder())
    const waiting = lines.next()
    await settled()
    expect(lines.clock.pending).toBe(0)
    lines.tap.give(start)
    expect(await waiting).toContain('"start"')
  })

  test('a batch that comes while nobody waits is kept, not lost', async () => {
    const { tap, next, clock } = bench()
    await next()
    const beat = next()
    await settled()
    clock.advance(15_000)
    expect(await beat).toBe(': ping\n\n')
    tap.give(text('a'))
    await settled()
    tap.give(text('b'))
    expect(await next()).toBe(content('a'))
    expect(await next()).toBe(content('b'))
  })
})

describe('coalescing', () => {
  test('sends text of one interval as one piece', async () => {
    const { tap, next, clock } = bench({ coalesce: { intervalMs: 100 } })
    await next()
    const waiting = next()
    for (const piece of ['a', 'b', 'c']) tap.give(text(piece))
    await settled()
    clock.advance(100)
    expect(await waiting).toBe(content('abc'))
  })

  test('sends at the size', async () => {
    const { tap, next } = bench({ coalesce: { maxChars: 4, intervalMs: 1e6 } })
    await next()
    for (const piece of ['ab', 'c', 'de', 'f']) tap.give(text(piece))
    expect(await next()).toBe(content('abcde'))
  })

  test('makes nobody wait for anything but text', async () => {
    const { tap, next } = bench({ coalesce: { intervalMs: 1e6 } })
    await next()
    tap.give(text('a'))
    tap.give(text('b'), ...call('c', 'now', { a: 'b' }))
    expect(await next()).toContain(`${content('ab')}data: {"type":"tool_call_start"`)
    tap.give(text('z'))
    tap.end()
    expect(await next()).toBe(content('z'))
    expect(await next()).toContain('[DONE]')
  })

  test('keeps apart what is not one text', async () => {
    const { tap, next } = bench({ coalesce: {} }, ndjsonEncoder())
    tap.give(text('a', 0), text('b', 1), { type: 'reasoning-delta', text: 'r' }, ...finish())
    const lines = ((await next()) ?? '').trim().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      'text-delta',
      'text-delta',
      'reasoning-delta',
      'usage',
    ])
  })

  test('loses no text when the stream breaks', async () => {
    const { tap, next, clock } = bench({ coalesce: { intervalMs: 1e6 } })
    await next()
    tap.give(text('a'))
    tap.fail(new LlmError('network', 'cut'))
    expect(await next()).toBe(content('a'))
    expect(await next()).toContain('"error"')
    expect(clock.pending).toBe(0)
  })
})

describe('pacing', () => {
  test('keeps pieces of text apart, in order', async () => {
    const { tap, next, clock } = bench({ paceMs: 50, heartbeatMs: 0 })
    await next()
    tap.give(start, text('a'), text('b'), text('c'), ...finish())
    tap.end()
    expect(await next()).toBe(content('a'))
    for (const piece of ['b', 'c']) {
      let got: string | null = null
      const waiting = next().then((frames) => (got = frames))
      clock.advance(49)
      await settled()
      expect(got).toBeNull()
      clock.advance(1)
      expect(await waiting).toBe(content(piece))
    }
    expect(await next()).toContain('"done"')
    expect(await next()).toBeNull()
    expect(clock.pending).toBe(0)
  })

  test('a reader that leaves meanwhile leaves no timer', async () => {
    const { tap, next, reader, clock } = bench({ paceMs: 50 })
    await next()
    tap.give(text('a'), text('b'))
    await next()
    const waiting = next()
    await settled()
    expect(clock.pending).toBe(2)
    await reader.cancel()
    expect(await waiting).toBeNull()
    expect(clock.pending).toBe(0)
  })
})

describe('a source that is still being made', () => {
  test('lets the body begin, and beats meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<Tap>()
    const clock = createFakeClock()
    const reader = streamingBody(promise, plainSseEncoder(ids), { clock }).getReader()
    const next = async (): Promise<string> => new TextDecoder().decode((await reader.read()).value)
    expect(await next()).toBe(':ok\n\n')
    const waiting = next()
    await settled()
    clock.advance(15_000)
    expect(await waiting).toBe(': ping\n\n')
    const tap = new Tap()
    tap.give(text('a'))
    resolve(tap)
    expect(await next()).toBe(content('a'))
  })

  test('fails as the call does', async () => {
    const failed = Promise.reject<Tap>(new LlmError('unauthorized', 'no key'))
    const body = streamingBody(failed, uiMessageEncoder(ids), { clock: createFakeClock() })
    const frames = await new Response(body).text()
    expect(frames).toContain('{"type":"error","errorText":"no key"}')
    expect(frames.match(/\[DONE\]/g)).toHaveLength(1)
  })

  test('is left as soon as it is there', async () => {
    const { promise, resolve } = Promise.withResolvers<Tap>()
    const body = streamingBody(promise, plainSseEncoder(ids), { clock: createFakeClock() })
    await body.cancel('gone')
    const tap = new Tap()
    resolve(tap)
    await settled()
    expect(tap.cancelled).toEqual(['gone'])
  })
})
