import { expect, test } from 'vitest'
import { setUp } from './set-up.ts'

test('calls that go ahead are served before every priority, and those that go behind after every priority', async () => {
  const { ask, next, names } = setUp({ concurrency: 1, maxPending: 10 })
  ask('running')
  ask('behind', { place: 'behind', priority: 'critical' })
  ask('low', { priority: 'low' })
  ask('critical', { priority: 'critical' })
  ask('ahead', { place: 'ahead', priority: 'low' })
  for (let ended = 0; ended < 5; ended++) await next()
  expect(names()).toEqual(['running', 'ahead', 'critical', 'low', 'behind'])
})

test('a call that goes ahead or behind waits where maxPending refuses others, and without a time limit', async () => {
  const { ask, clock, next, names } = setUp({ concurrency: 1, maxPending: 1, timeoutMs: 1_000 })
  ask('running')
  const behind = ask('behind', { place: 'behind' })
  const waiting = ask('waiting')
  const ahead = ask('ahead', { place: 'ahead' })
  const refused = ask('refused')
  await clock.advanceAsync(5_000)
  expect(refused.error?.kind).toBe('queue-full')
  expect(waiting.error?.kind).toBe('timeout')
  expect([ahead.error, behind.error]).toEqual([undefined, undefined])
  for (let ended = 0; ended < 3; ended++) await next()
  expect(names()).toEqual(['running', 'ahead', 'behind'])
})
