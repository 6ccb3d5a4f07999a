import { describe, expect, test } from 'vitest'
import { setUp, turn } from './set-up.ts'

describe('a slot at once', () => {
  test('is given while there is room and no call waits for it', async () => {
    const under = setUp({ concurrency: 2, perProvider: { p: 1 } })
    const first = under.queue.tryAcquire({ requestId: 'first', provider: 'p' })
    expect(first).toMatchObject({ requestId: 'first', waitedMs: 0 })
    expect(under.queue.tryAcquire({ provider: 'p' })).toBeUndefined()
    const other = under.queue.tryAcquire({ provider: 'q' })
    expect(under.queue.tryAcquire()).toBeUndefined()
    expect(under.queue.status()).toMatchObject({ running: 2, pending: 0, rejected: 0 })

    under.ask('waits')
    other?.release()
    // The slot is as good as theirs.
    expect(under.queue.tryAcquire()).toBeUndefined()
    await turn()
    expect(under.names()).toEqual(['waits'])
    first?.release()
    expect(under.queue.tryAcquire({ provider: 'p' })).toBeDefined()
    expect(under.events.map(({ type }) => type).filter((type) => type !== 'queued')).toEqual([
      'started',
      'started',
      'over',
      'started',
      'over',
      'started',
    ])
  })

  test('is not given to a call that is over, nor by a queue that is paused or closed', async () => {
    const under = setUp({ concurrency: 1 })
    expect(under.queue.tryAcquire({ signal: AbortSignal.abort() })).toBeUndefined()
    under.queue.pause()
    expect(under.queue.tryAcquire()).toBeUndefined()
    under.queue.resume()
    under.queue.tryAcquire()?.release()
    await under.queue.close()
    expect(under.queue.tryAcquire()).toBeUndefined()
    expect(under.queue.status()).toMatchObject({ processed: 1, running: 0 })
  })

  test('counts for its user as any other', async () => {
    const under = setUp({ concurrency: 1 })
    const held = under.queue.tryAcquire({ user: 'a' })
    for (const user of ['a', 'a', 'b']) under.ask(`of ${user}`, { user })
    held?.release()
    await turn()
    expect(under.names()).toEqual(['of b'])
  })
})
