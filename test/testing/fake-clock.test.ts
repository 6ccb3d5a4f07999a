import { createFakeClock, createFakeProvider, fakeFetch } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

const call = {
  method: 'POST',
  headers: { authorization: 'Bearer k' },
  body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream: true }),
}

describe('the fake clock', () => {
  test('stands still until it is told to go on', () => {
    const clock = createFakeClock({ epochMs: 1000 })
    expect([clock.now(), clock.epochMs()]).toEqual([0, 1000])
    clock.advance(250)
    expect([clock.now(), clock.epochMs()]).toEqual([250, 1250])
  })

  test('runs timers in order of time, then of setting, each at its own moment', () => {
    const clock = createFakeClock()
    const ran: string[] = []
    const note = (name: string) => () => void ran.push(`${name}@${clock.now()}`)
    clock.setTimer(note('late'), 30)
    clock.setTimer(note('a'), 10)
    clock.setTimer(note('b'), 10)
    clock.setTimer(() => clock.setTimer(note('chained'), 5), 10)
    const cleared = clock.setTimer(note('cleared'), 1)
    clock.clearTimer(cleared)
    expect(clock.pending).toBe(4)
    clock.advance(20)
    expect(ran).toEqual(['a@10', 'b@10', 'chained@15'])
    expect(clock.pending).toBe(1)
    clock.clearTimer(cleared)
    clock.advance(10)
    expect(ran.at(-1)).toBe('late@30')
    expect([clock.pending, clock.now()]).toEqual([0, 30])
  })

  test('advanceAsync carries a chain of waits', async () => {
    const clock = createFakeClock()
    const wait = (ms: number) => new Promise<void>((resolve) => void clock.setTimer(resolve, ms))
    let done = 0
    const chain = (async () => {
      for (let turn = 0; turn < 3; turn++) {
        await wait(10)
        done = clock.now()
      }
    })()
    await clock.advanceAsync(29)
    expect(done).toBe(20)
    await clock.advanceAsync(1)
    expect(done).toBe(30)
    await chain
  })

  test('drives the pacing of a fake', async () => {
    const clock = createFakeClock()
    const fetch = fakeFetch({ text: 'one two', pacing: { firstMs: 60_000, betweenMs: 1000 } }, { clock })
    const response = await fetch('https://any.test/v1/chat/completions', call)
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const reading = (async () => {
      for (let read = await reader.read(); !read.done; read = await reader.read()) text += read.value
    })()
    await clock.advanceAsync(59_999)
    expect(text).not.toContain('one')
    await clock.advanceAsync(1)
    expect(text).toContain('one')
    expect(text).not.toContain('two')
    await clock.advanceAsync(1000)
    await reading
    expect(text).toContain('[DONE]')
    expect(clock.pending).toBe(0)
    expect(fetch.log[0]).toMatchObject({ startedAt: 0, finishedAt: 61_000 })
  })
})

describe('close', () => {
  const resources = () => process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Pipe/.test(name))

  test('leaves no socket and no timer, whatever was going on', async () => {
    const before = resources()
    const provider = await createFakeProvider({
      script: ({ call: index }) =>
        [
          { text: 'one two', pacing: { betweenMs: 60_000 } },
          { chaos: { type: 'hang' as const, at: 'headers' as const } },
          { chaos: { type: 'hang' as const, at: 'start' as const, pingMs: 60_000 } },
          'done',
        ][index]!,
    })
    const url = `${provider.baseUrl('openai-chat')}/chat/completions`
    const open = [fetch(url, call)]
    await open[0]
    open.push(fetch(url, call).catch((error: unknown) => error as never))
    open.push(fetch(url, call), fetch(url, call))
    await Promise.all([open[2], open[3]].map(async (response) => response))
    const silent = await provider.silentUrl('gemini')
    const connecting = fetch(silent).catch((error: unknown) => error)
    await (await open[3])!.text()
    expect(provider.log).toHaveLength(4)
    await provider.close()
    await provider.close()
    await connecting
    for (const response of open) await (await response).text?.().catch(() => undefined)
    for (const entry of provider.log) {
      await entry.closed
      expect(entry.abortedAt).toBeUndefined()
      expect(entry.finishedAt).toBeDefined()
    }
    // A timer of the test run itself may have ended meanwhile: nothing may have been added.
    const left = [...before]
    const added = (): string[] =>
      resources().filter((name) => {
        const place = left.indexOf(name)
        return place === -1 || left.splice(place, 1).length === 0
      })
    await new Promise((resolve) => setImmediate(resolve))
    expect(added()).toEqual([])
    await expect(fetch(url, call)).rejects.toThrow('fetch failed')
  })

  test('await using closes it', async () => {
    let url: string
    {
      await using provider = await createFakeProvider()
      url = provider.url
      expect((await fetch(`${url}/anywhere`)).status).toBe(404)
    }
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })
})
