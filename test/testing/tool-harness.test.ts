import { type Tool } from 'llm-switchyard'
import { createFakeClock, toolHarness } from 'llm-switchyard/testing'
import { deferred } from 'llm-switchyard/tools'
import { expect, test } from 'vitest'

const sum: Tool = {
  name: 'sum',
  parameters: {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'number', default: 1 } },
    required: ['a'],
  },
  toModelOutput: (result: number) => `the sum is ${result}`,
  execute: ({ a, b }: { readonly a: number; readonly b: number }, { emit }) => {
    emit?.({ a })
    return a + b
  },
}

test('a tool runs as in a loop: defaults, result, output and progress', async () => {
  expect(await toolHarness(sum).call({ a: 2 })).toEqual({
    state: 'success',
    data: 3,
    output: 'the sum is 3',
    progress: [{ a: 2 }],
  })
})

test.each<[string, Tool, object]>([
  [
    'arguments that do not fit',
    sum,
    { state: 'error', error: expect.stringContaining('invalid arguments: a') },
  ],
  ['a missing permission', { ...sum, permission: 'deploy' }, { state: 'error' }],
  ['an approval', { ...sum, parameters: undefined, needsApproval: true }, { state: 'needs-approval' }],
  ['a later result', { name: 'sum', execute: () => deferred() }, { state: 'pending' }],
  ['no execute', { name: 'sum' }, { state: 'pending' }],
])('%s', async (_what, tool, expected) => {
  expect(await toolHarness(tool).call({ a: 'x' })).toMatchObject(expected)
})

test('a tool that never answers ends by the clock of the test', async () => {
  const clock = createFakeClock()
  const result = toolHarness({ name: 'slow', execute: () => new Promise(() => undefined) }, { clock }).call()
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
  clock.advance(15_000)
  expect(await result).toMatchObject({ state: 'error', error: 'the tool did not answer within 15000 ms' })
})
