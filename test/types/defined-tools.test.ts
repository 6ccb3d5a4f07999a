import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import * as z3 from 'zod/v3'
import * as z from 'zod'
import * as mini from 'zod/mini'
import { defineTool, type JsonValue, type Tool, type ToolContext } from 'llm-switchyard'

interface Forecast {
  readonly city: string
  readonly days: number
}
const report = ({ city, days }: Forecast) => ({ text: `${city} for ${days} days` })

// Types are checked by the step `types` of npm test; running the file shows that the definitions are accepted, too.
describe('arguments and results follow from the schema', () => {
  test('of zod 4', () => {
    const weather = defineTool({
      name: 'weather',
      parameters: z.object({
        city: z.string(),
        days: z.number().default(3),
        unit: z.enum(['c', 'f']).optional(),
        at: z.string().transform((text) => new Date(text)),
      }),
      execute: async (args, context) => {
        expectTypeOf(args.city).toEqualTypeOf<string>()
        expectTypeOf(args.days).toEqualTypeOf<number>()
        expectTypeOf(args.unit).toEqualTypeOf<'c' | 'f' | undefined>()
        expectTypeOf(args.at).toEqualTypeOf<Date>()
        expectTypeOf(context).toEqualTypeOf<ToolContext>()
        return report(args)
      },
      toModelOutput: (result) => {
        expectTypeOf(result).toEqualTypeOf<{ text: string }>()
        return result.text
      },
      needsApproval: (args) => {
        expectTypeOf(args.at).toEqualTypeOf<Date>()
        return args.days > 7
      },
    })
    expectTypeOf(weather.name).toEqualTypeOf<'weather'>()
    expectTypeOf(weather.execute).returns.toEqualTypeOf<Promise<{ text: string }>>()
    expectTypeOf(weather.execute)
      .parameter(0)
      .toEqualTypeOf<{ city: string; days: number; unit?: 'c' | 'f' | undefined; at: Date }>()
    expectTypeOf(weather).toExtend<Tool>()
  })

  test('of zod mini', () => {
    defineTool({
      name: 'weather',
      parameters: mini.object({ city: mini.string(), days: mini.optional(mini.number()) }),
      execute: (args) => expectTypeOf(args).toEqualTypeOf<{ city: string; days?: number | undefined }>(),
    })
  })

  test('of zod 3', () => {
    const weather = defineTool({
      name: 'weather',
      parameters: z3.object({
        city: z3.string(),
        days: z3.number().default(3),
        size: z3.string().transform((text) => text.length),
        kind: z3.union([z3.literal('long'), z3.literal('short')]).nullable(),
      }),
      execute: (args) => {
        expectTypeOf(args).toEqualTypeOf<{
          city: string
          days: number
          size: number
          kind: 'long' | 'short' | null
        }>()
        return report(args)
      },
    })
    expectTypeOf(weather.execute).returns.toEqualTypeOf<{ text: string }>()
    expectTypeOf(weather).toExtend<Tool>()
  })

  test('of valibot', () => {
    const weather = defineTool({
      name: 'weather',
      parameters: v.object({
        city: v.string(),
        days: v.optional(v.number(), 3),
        size: v.pipe(
          v.string(),
          v.transform((text) => text.length),
        ),
        tags: v.optional(v.array(v.picklist(['a', 'b']))),
      }),
      execute: async (args) => {
        expectTypeOf(args.city).toEqualTypeOf<string>()
        expectTypeOf(args.days).toEqualTypeOf<number>()
        expectTypeOf(args.size).toEqualTypeOf<number>()
        expectTypeOf(args.tags).toEqualTypeOf<('a' | 'b')[] | undefined>()
        return report(args)
      },
    })
    expectTypeOf(weather.execute).returns.toEqualTypeOf<Promise<{ text: string }>>()
    expectTypeOf(weather).toExtend<Tool>()
  })

  test('of arktype', () => {
    const weather = defineTool({
      name: 'weather',
      parameters: type({
        city: 'string',
        days: 'number = 3',
        size: ['string', '=>', (text) => text.length],
        'unit?': "'c' | 'f'",
      }),
      execute: (args) => {
        expectTypeOf(args.city).toEqualTypeOf<string>()
        expectTypeOf(args.days).toEqualTypeOf<number>()
        expectTypeOf(args.size).toEqualTypeOf<number>()
        expectTypeOf(args.unit).toEqualTypeOf<'c' | 'f' | undefined>()
        return report(args)
      },
    })
    expectTypeOf(weather.execute).returns.toEqualTypeOf<{ text: string }>()
    expectTypeOf(weather).toExtend<Tool>()
  })

  test('of any Standard Schema', () => {
    const own = {
      '~standard': {
        version: 1,
        vendor: 'own',
        validate: (value: unknown) => ({ value: value as Forecast }),
        types: undefined as { input: { city: string }; output: Forecast } | undefined,
      },
    } as const
    defineTool({
      name: 'weather',
      parameters: own,
      execute: (args) => expectTypeOf(args).toEqualTypeOf<Forecast>(),
    })
  })
})

describe('arguments follow from a JSON Schema', () => {
  test('that is written in place, also without as const', () => {
    const weather = defineTool({
      name: 'weather',
      parameters: {
        type: 'object',
        properties: {
          city: { type: 'string' },
          days: { type: 'integer', default: 3 },
          unit: { enum: ['c', 'f'] },
          exact: { type: 'boolean' },
          kind: { const: 'weather' },
          height: { type: ['number', 'null'] },
          where: { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'number' } }] },
          place: {
            type: 'object',
            properties: { x: { type: 'number' }, y: { type: 'number' } },
            required: ['x'],
          },
          labels: { type: 'object', additionalProperties: { type: 'string' } },
          more: { $ref: '#/$defs/more' },
          list: { type: 'array' },
          free: { type: 'object' },
        },
        required: ['city', 'kind', 'height'],
        additionalProperties: false,
      },
      execute: (args) => {
        expectTypeOf(args.city).toEqualTypeOf<string>()
        expectTypeOf(args.days).toEqualTypeOf<number>()
        expectTypeOf(args.unit).toEqualTypeOf<'c' | 'f' | undefined>()
        expectTypeOf(args.exact).toEqualTypeOf<boolean | undefined>()
        expectTypeOf(args.kind).toEqualTypeOf<'weather'>()
        expectTypeOf(args.height).toEqualTypeOf<number | null>()
        expectTypeOf(args.where).toEqualTypeOf<string | number[] | undefined>()
        expectTypeOf(args.place).toEqualTypeOf<{ x: number; y?: number } | undefined>()
        expectTypeOf(args.labels).toEqualTypeOf<{ [name: string]: string } | undefined>()
        expectTypeOf(args.more).toEqualTypeOf<JsonValue | undefined>()
        expectTypeOf(args.list).toEqualTypeOf<JsonValue[] | undefined>()
        expectTypeOf(args.free).toEqualTypeOf<{ [name: string]: JsonValue } | undefined>()
        return args.city
      },
    })
    expectTypeOf(weather.execute).returns.toEqualTypeOf<string>()
    expectTypeOf(weather).toExtend<Tool>()
  })

  test('that is kept elsewhere as const, under either name', () => {
    const parameters = {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'number' } },
      required: ['city'],
    } as const
    const expected = { city: 'Bern', days: 1 }
    type Expected = Partial<typeof expected> & { city: string }
    defineTool({ name: 'a', parameters, execute: (args) => expectTypeOf(args).toExtend<Expected>() })
    defineTool({
      name: 'b',
      inputSchema: parameters,
      execute: (args) => expectTypeOf(args).toExtend<Expected>(),
    })
    defineTool({
      name: 'c',
      parameters,
      execute: (args) => expectTypeOf(args).toEqualTypeOf<{ city: string; days?: number }>(),
    })
  })
})

describe('definitions of before', () => {
  test('state the types of their arguments themselves', () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } } }
    const loaded = defineTool({ name: 'weather', parameters, execute: ({ city }: Forecast) => city })
    expectTypeOf(loaded.execute).returns.toEqualTypeOf<string>()
    const inPlace = defineTool({
      name: 'weather',
      parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'number' } } },
      execute: ({ city }: Forecast) => city,
    })
    expectTypeOf(inPlace.execute).returns.toEqualTypeOf<string>()
    defineTool({ name: 'now', execute: () => Date.now() })
    const described = defineTool({ name: 'described', description: 'Is run by the host.' })
    expectTypeOf(described.execute).toEqualTypeOf<undefined>()
    const failing = defineTool({
      name: 'failing',
      execute: () => {
        throw new Error('never')
      },
    })
    expectTypeOf(failing.execute).returns.toEqualTypeOf<never>()
    const tool: Tool = { name: 'any', execute: ({ city }: Forecast) => city }
    expectTypeOf(defineTool(tool)).toExtend<Tool>()
  })

  test('a list of tools takes every tool', () => {
    const tools: Tool[] = [
      defineTool({ name: 'a', parameters: z.object({ a: z.string() }), execute: ({ a }) => a }),
      defineTool({ name: 'b', parameters: type({ b: 'string' }), execute: ({ b }) => b }),
      defineTool({ name: 'c', parameters: v.object({ c: v.string() }) }),
      defineTool({ name: 'd' }),
    ]
    expectTypeOf(tools).toEqualTypeOf<Tool[]>()
  })

  test('wrong definitions do not compile', () => {
    const parameters = z.object({ city: z.string() })
    // @ts-expect-error the schema has no town
    defineTool({ name: 'a', parameters, execute: ({ town }) => String(town) })
    // @ts-expect-error the city is text
    defineTool({ name: 'b', parameters, execute: ({ city }: { city: number }) => city })
    try {
      // @ts-expect-error there is no such field
      defineTool({ name: 'c', parameters, needsAproval: true })
    } catch {
      // It is refused at run time, too.
    }
    // @ts-expect-error the result is a number
    defineTool({ name: 'd', execute: () => 1, toModelOutput: (result) => result.text })
  })
})
