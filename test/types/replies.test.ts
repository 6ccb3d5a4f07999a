import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import * as z3 from 'zod/v3'
import * as z from 'zod'
import {
  chatApiCall,
  createOrchestrator,
  defineTool,
  type ChatRequest,
  type ChatResponse,
  type ChatStream,
  type JsonValue,
  type ToolCall,
} from 'llm-switchyard'
import { runTools } from 'llm-switchyard/tools'

const messages = [{ role: 'user', content: 'Hi' }] as const
const target = { model: 'openai/gpt-5', messages } as const
type Recipe = { title: string; minutes: number }

const weather = defineTool({
  name: 'weather',
  parameters: z.object({ city: z.string(), days: z.number().default(3) }),
  execute: ({ city }) => city,
})
const search = defineTool({ name: 'search', parameters: type({ query: 'string' }), execute: () => 1 })
const jump = defineTool({ name: 'jump', parameters: v.object({ height: v.number() }) })
const save = defineTool({
  name: 'save',
  parameters: z3.object({ at: z3.date(), notes: z3.array(z3.string()) }),
})
const stop = defineTool({
  name: 'stop',
  parameters: { type: 'object', properties: { why: { enum: ['done', 'lost'], default: 'done' } } },
})

// Functions that are never called: their types are all that is asked.
describe('the object of a reply', () => {
  test('has the type of the schema', () => {
    const replies = async () => {
      const zod = await chatApiCall({
        ...target,
        responseFormat: { type: 'json', schema: z.object({ title: z.string(), minutes: z.number() }) },
      })
      expectTypeOf(zod.object).toEqualTypeOf<Recipe | undefined>()
      const zod3 = await chatApiCall({
        ...target,
        responseFormat: { type: 'json', schema: z3.object({ title: z3.string(), minutes: z3.number() }) },
      })
      expectTypeOf(zod3.object).toEqualTypeOf<Recipe | undefined>()
      const valibot = await chatApiCall({
        ...target,
        responseFormat: { type: 'json', schema: v.object({ title: v.string(), minutes: v.number() }) },
      })
      expectTypeOf(valibot.object).toEqualTypeOf<Recipe | undefined>()
      const arktype = await chatApiCall({
        ...target,
        responseFormat: { type: 'json', schema: type({ title: 'string', minutes: 'number' }) },
      })
      expectTypeOf(arktype.object).toEqualTypeOf<Recipe | undefined>()
      const json = await chatApiCall({
        ...target,
        responseFormat: {
          type: 'json',
          schema: {
            type: 'object',
            properties: { title: { type: 'string' }, minutes: { type: 'number' } },
            required: ['title', 'minutes'],
          },
        },
      })
      expectTypeOf(json.object).toEqualTypeOf<Recipe | undefined>()
    }
    expectTypeOf(replies).toBeFunction()
  })

  test('has it however the schema is given, streamed and in runs', () => {
    const schema = z.object({ title: z.string(), minutes: z.number() })
    const replies = async () => {
      const bare = await chatApiCall({ ...target, responseFormat: schema })
      expectTypeOf(bare.object).toEqualTypeOf<Recipe | undefined>()
      const bareJson = await chatApiCall({
        ...target,
        responseFormat: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
      })
      expectTypeOf(bareJson.object).toEqualTypeOf<{ a: string } | undefined>()
      const stream = await chatApiCall({ ...target, stream: true, responseFormat: { type: 'json', schema } })
      expectTypeOf((await stream.response).object).toEqualTypeOf<Recipe | undefined>()
      const transformed = await chatApiCall({
        ...target,
        responseFormat: { type: 'json', schema: z.object({ at: z.string().transform(Number) }) },
      })
      expectTypeOf(transformed.object).toEqualTypeOf<{ at: number } | undefined>()
      const run = await createOrchestrator().run({ ...target, responseFormat: { type: 'json', schema } })
      expectTypeOf(run.object).toEqualTypeOf<Recipe | undefined>()
      const runStream = await createOrchestrator().run({ ...target, stream: true, responseFormat: schema })
      expectTypeOf((await runStream.response).object).toEqualTypeOf<Recipe | undefined>()
      const own = await runTools(chatApiCall, { ...target, responseFormat: { type: 'json', schema } })
      expectTypeOf(own.object).toEqualTypeOf<Recipe | undefined>()
      const ownStream = await runTools(chatApiCall, { ...target, stream: true, responseFormat: schema })
      expectTypeOf((await ownStream.response).object).toEqualTypeOf<Recipe | undefined>()
    }
    expectTypeOf(replies).toBeFunction()
  })

  test('is JSON without a schema whose type is known', () => {
    const replies = async (request: ChatRequest, loaded: Record<string, JsonValue>) => {
      expectTypeOf((await chatApiCall(target)).object).toEqualTypeOf<JsonValue | undefined>()
      const text = await chatApiCall({ ...target, responseFormat: 'text' })
      expectTypeOf(text.object).toEqualTypeOf<JsonValue | undefined>()
      const json = await chatApiCall({ ...target, responseFormat: { type: 'json' } })
      expectTypeOf(json.object).toEqualTypeOf<JsonValue | undefined>()
      const later = await chatApiCall({ ...target, responseFormat: { type: 'json', schema: loaded } })
      expectTypeOf(later.object).toEqualTypeOf<JsonValue | undefined>()
      expectTypeOf(await chatApiCall(request)).toEqualTypeOf<ChatResponse | ChatStream>()
      expectTypeOf(await chatApiCall({ ...request, stream: false })).toEqualTypeOf<ChatResponse>()
      expectTypeOf(await chatApiCall({ ...request, stream: true })).toEqualTypeOf<ChatStream>()
    }
    expectTypeOf(replies).toBeFunction()
  })
})

describe('the tool calls of a reply', () => {
  test('have the arguments of the tool that they name', () => {
    const replies = async () => {
      const { toolCalls } = await chatApiCall({ ...target, tools: [weather, search, jump, save, stop] })
      expectTypeOf(toolCalls[0]!.name).toEqualTypeOf<'weather' | 'search' | 'jump' | 'save' | 'stop'>()
      for (const call of toolCalls) {
        // What a model writes: before defaults and transforms.
        if (call.name === 'weather')
          expectTypeOf(call.arguments).toEqualTypeOf<{ city: string; days?: number | undefined }>()
        if (call.name === 'search') expectTypeOf(call.arguments).toEqualTypeOf<{ query: string }>()
        if (call.name === 'jump') expectTypeOf(call.arguments).toEqualTypeOf<{ height: number }>()
        if (call.name === 'save')
          expectTypeOf(call.arguments).toEqualTypeOf<{ at: JsonValue; notes: string[] }>()
        if (call.name === 'stop') expectTypeOf(call.arguments).toEqualTypeOf<{ why?: 'done' | 'lost' }>()
      }
      const stream = await chatApiCall({ ...target, stream: true, tools: [weather, search] })
      const [streamed] = (await stream.response).toolCalls
      if (streamed?.name === 'search') expectTypeOf(streamed.arguments.query).toEqualTypeOf<string>()
      const run = await createOrchestrator().run({ ...target, tools: [weather, search] })
      const [ran] = run.toolCalls
      if (ran?.name === 'weather') expectTypeOf(ran.arguments.city).toEqualTypeOf<string>()
    }
    expectTypeOf(replies).toBeFunction()
  })

  test('have them for lists, and for tools in place and in the shape of OpenAI', () => {
    const replies = async () => {
      const list = [weather, search]
      const listed = await chatApiCall({ ...target, tools: list })
      for (const call of listed.toolCalls)
        if (call.name === 'weather') expectTypeOf(call.arguments.city).toEqualTypeOf<string>()
      const inPlace = await chatApiCall({
        ...target,
        tools: [
          {
            name: 'here',
            parameters: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          },
          { type: 'function', function: { name: 'there', parameters: z.object({ b: z.number() }) } },
          { name: 'nowhere' },
        ],
      })
      for (const call of inPlace.toolCalls) {
        if (call.name === 'here') expectTypeOf(call.arguments).toEqualTypeOf<{ a: string }>()
        if (call.name === 'there') expectTypeOf(call.arguments).toEqualTypeOf<{ b: number }>()
        if (call.name === 'nowhere') expectTypeOf(call.arguments).toEqualTypeOf<JsonValue>()
      }
      const untypedTools: ChatRequest['tools'] = list
      const untyped = await chatApiCall({ ...target, tools: untypedTools })
      expectTypeOf(untyped.toolCalls).toEqualTypeOf<readonly ToolCall[]>()
    }
    expectTypeOf(replies).toBeFunction()
  })

  test('a typed reply is a reply', () => {
    const read = (response: ChatResponse) => response.text
    const replies = async () => {
      read(await chatApiCall({ ...target, tools: [weather, search, jump, save, stop] }))
      read(await chatApiCall({ ...target, responseFormat: z.object({ title: z.string() }) }))
      const request = { ...target, tools: [weather] }
      read(await chatApiCall(request))
    }
    expectTypeOf(replies).toBeFunction()
  })
})

test('wrong names do not compile', () => {
  const wrong = async () => {
    // @ts-expect-error there is no such field
    await chatApiCall({ ...target, temprature: 1 })
    // @ts-expect-error there is no such field
    await createOrchestrator().run({ ...target, maxSteps: 'many' })
    // @ts-expect-error a role has no such name
    await chatApiCall({ ...target, messages: [{ role: 'usr', content: 'Hi' }] })
    const { toolCalls, object } = await chatApiCall({
      ...target,
      tools: [weather, search],
      responseFormat: z.object({ title: z.string() }),
    })
    // @ts-expect-error no tool has this name
    if (toolCalls[0]?.name === 'wether') return
    // @ts-expect-error the schema has no such field
    return object?.titel
  }
  expectTypeOf(wrong).toBeFunction()
})
