import { defineTool } from 'llm-switchyard'
import { withJsonSchema } from 'llm-switchyard/tools'
import * as v from 'valibot'
import { expect, expectTypeOf, test } from 'vitest'
import { z as z4 } from 'zod'
import * as mini from 'zod/mini'
import { z as z3 } from 'zod/v3'
import { failure } from '../failure.ts'
import { asking, calling, runHost, saying, steps } from './run-host.ts'

const json = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const

test.each([
  ['zod 3', z3.object({ city: z3.string().min(2) })],
  ['zod/mini', mini.object({ city: mini.string().check(mini.minLength(2)) })],
  ['valibot', v.object({ city: v.pipe(v.string(), v.minLength(2)) })],
])('a schema of %s is sent as its JSON Schema, and checks the arguments itself', async (_name, schema) => {
  const cities: string[] = []
  const tool = defineTool({
    name: 'weather',
    parameters: withJsonSchema(schema, json),
    execute: ({ city }) => {
      expectTypeOf(city).toEqualTypeOf<string>()
      cities.push(city)
    },
  })
  await using it = await runHost(
    steps(calling(['weather', { city: 'x' }], ['weather', { city: 'Oslo' }, 'ok']), saying('Cold.')),
  )
  const reply = await it.orchestrator.run({ ...asking, tools: [tool] })
  expect(cities).toEqual(['Oslo'])
  expect(reply.steps[0]?.results.map(({ success }) => success)).toEqual([false, true])
  expect(JSON.stringify(it.bodies()[0])).toContain('"required":["city"]')
})

test('without it, the error says what to do', async () => {
  await using it = await runHost('Hi.')
  const ask = (parameters: object) =>
    failure(it.orchestrator.run({ ...asking, tools: [{ name: 'a', parameters: parameters as never }] }))
  for (const schema of [z3.object({}), mini.object({}), v.object({})])
    expect((await ask(schema)).message).toContain('withJsonSchema(schema, ')
})

test('arguments of a wrong kind', async () => {
  for (const args of [
    [json, json],
    [z4.string(), 'x'],
    [null, json],
  ] as const)
    expect(await failure(() => withJsonSchema(args[0] as never, args[1] as never))).toMatchObject({
      kind: 'misconfigured',
    })
})
