import type { JsonObject, JsonValue } from 'llm-switchyard'
import type { Dice } from './requests.ts'

/** A schema with a value of it. */
export interface Sample {
  readonly schema: JsonObject
  readonly value: JsonValue
}

const MAX_DEPTH = 4
// Words of JSON Schema are names like any other.
const NAMES = [
  'id',
  'title',
  'type',
  'items',
  'properties',
  'required',
  'enum',
  'default',
  'note',
  'a_b',
  'x-1',
]
const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-12-01',
  'date-time': '2026-12-01T10:00:00Z',
  time: '10:00:00Z',
  email: 'ada@example.test',
  uuid: '123e4567-e89b-42d3-a456-426614174000',
  uri: 'https://example.test/a',
  ipv4: '127.0.0.1',
  hostname: 'example.test',
  duration: 'P1D',
}

/** Makes schemas of every feature that applications use, each with a value whose optional fields are all there. */
export class SchemaMaker {
  readonly #dice: Dice
  #defs: Record<string, JsonObject> = {}

  constructor(dice: Dice) {
    this.#dice = dice
  }

  /** A schema for the arguments of a tool. */
  forTool(): Sample {
    return this.#whole(() => this.#object(0))
  }

  /** A schema for an answer: of an object, or of anything else. */
  forAnswer(): Sample {
    const { one } = this.#dice
    return this.#whole(
      one<readonly (() => Sample)[]>(
        () => this.#object(0),
        () => this.#object(0),
        () => this.#list(0),
        () => this.#text(),
        () => this.#number(),
        () => this.#enum(),
        () => this.#union(0),
        () => this.#variants(0),
        () => this.#reference(0),
        () => this.#tree('#'),
        () => ({ schema: { type: 'boolean' }, value: true }),
      ),
    )
  }

  #whole(make: () => Sample): Sample {
    const { one, maybe } = this.#dice
    this.#defs = {}
    const { schema, value } = make()
    const named = maybe(0.3, () => ({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Whole',
    }))
    const place = one('$defs', '$defs', 'definitions')
    const defs = Object.keys(this.#defs).length === 0 ? undefined : { [place]: this.#defs }
    const text = JSON.stringify({ ...schema, ...named, ...defs }).replaceAll('#/$defs/', `#/${place}/`)
    return { schema: JSON.parse(text) as JsonObject, value }
  }

  #any(depth: number): Sample {
    const { one } = this.#dice
    const simple = [
      () => this.#text(),
      () => this.#text(),
      () => this.#number(),
      () => this.#enum(),
      () => this.#nullable(),
      () => ({ schema: { type: 'boolean', default: false }, value: true }),
      () => ({ schema: { const: 'fixed' }, value: 'fixed' }),
      () => ({ schema: { type: 'null' }, value: null }),
    ]
    if (depth >= MAX_DEPTH) return one<readonly (() => Sample)[]>(...simple)()
    return one<readonly (() => Sample)[]>(
      ...simple,
      () => this.#object(depth),
      () => this.#object(depth),
      () => this.#list(depth),
      () => this.#union(depth),
      () => this.#variants(depth),
      () => this.#all(depth),
      () => this.#reference(depth),
      () => this.#map(depth),
      () => this.#tuple(depth),
    )()
  }

  #text(): Sample {
    const { one } = this.#dice
    const format = one(...Object.keys(FORMATS))
    return one<readonly Sample[]>(
      { schema: { type: 'string', description: 'A text.' }, value: 'a “text”' },
      { schema: { type: 'string', minLength: 1, maxLength: 9 }, value: 'abc' },
      { schema: { type: 'string', pattern: '^[a-z]+$' }, value: 'abc' },
      { schema: { type: 'string', format }, value: FORMATS[format] ?? '' },
      { schema: { type: 'string', examples: ['x'], deprecated: true }, value: 'x' },
    )
  }

  #number(): Sample {
    return this.#dice.one<readonly Sample[]>(
      { schema: { type: 'integer', minimum: 0, maximum: 9 }, value: 7 },
      { schema: { type: 'number', exclusiveMinimum: 0 }, value: 0.5 },
      { schema: { type: 'number', multipleOf: 0.5 }, value: 1.5 },
      { schema: { type: ['integer', 'string'] }, value: 4 },
    )
  }

  #enum(): Sample {
    return this.#dice.one<readonly Sample[]>(
      { schema: { type: 'string', enum: ['new', 'in progress', 'done'] }, value: 'in progress' },
      { schema: { enum: ['a', 1, true] }, value: 1 },
      { schema: { type: 'integer', enum: [1, 2, 3] }, value: 2 },
      { schema: { enum: ['a', null] }, value: 'a' },
    )
  }

  #nullable(): Sample {
    const { one } = this.#dice
    return one<readonly Sample[]>(
      { schema: { type: ['string', 'null'] }, value: null },
      { schema: { anyOf: [{ type: 'number' }, { type: 'null' }] }, value: null },
      { schema: { anyOf: [{ type: 'number' }, { type: 'null' }], default: null }, value: 2 },
      { schema: { oneOf: [{ type: 'null' }, { type: 'string', format: 'date' }] }, value: '2026-12-01' },
    )
  }

  #object(depth: number): Sample {
    const { one, below } = this.#dice
    const start = below(NAMES.length)
    const names = [...NAMES, ...NAMES].slice(start, start + 1 + below(4))
    const fields = names.map((name) => [name, this.#any(depth + 1)] as const)
    const properties = Object.fromEntries(fields.map(([name, { schema }]) => [name, schema]))
    const rest = one<readonly JsonObject[]>(
      {},
      { additionalProperties: false },
      { additionalProperties: true },
      { additionalProperties: { type: 'string' } },
    )
    const required = one<readonly JsonObject[]>({}, { required: names.slice(0, 1) }, { required: names })
    return {
      schema: { type: 'object', properties, ...required, ...rest },
      value: Object.fromEntries(fields.map(([name, { value }]) => [name, value])),
    }
  }

  #list(depth: number): Sample {
    const { schema, value } = this.#any(depth + 1)
    const more = this.#dice.one<readonly JsonObject[]>({}, { minItems: 1 }, { minItems: 2, maxItems: 5 })
    return { schema: { type: 'array', items: schema, ...more }, value: [value, value] }
  }

  #tuple(depth: number): Sample {
    const [first, second] = [this.#any(depth + 1), this.#any(depth + 1)]
    const prefixItems = [first.schema, second.schema]
    return {
      schema: { type: 'array', prefixItems, items: false, minItems: 2 },
      value: [first.value, second.value],
    }
  }

  #map(depth: number): Sample {
    const { schema } = this.#any(depth + 1)
    return { schema: { type: 'object', additionalProperties: schema }, value: {} }
  }

  #union(depth: number): Sample {
    const { schema, value } = this.#object(depth)
    return { schema: { anyOf: [schema, { type: 'integer', minimum: 1000 }] }, value }
  }

  #variants(depth: number): Sample {
    const { one } = this.#dice
    const kinds = ['circle', 'square'].map((kind): Sample => {
      const { schema, value } = this.#any(depth + 1)
      const properties = { kind: { const: kind }, size: schema }
      return {
        schema: { type: 'object', properties, required: ['kind', 'size'], additionalProperties: false },
        value: { kind, size: value },
      }
    })
    const schema = { [one('anyOf', 'oneOf')]: kinds.map((kind) => kind.schema) }
    return { schema, value: one(...kinds)?.value ?? null }
  }

  #all(depth: number): Sample {
    const { schema, value } = this.#any(depth + 1)
    const parts = [
      { type: 'object', properties: { first: { type: 'string' } }, required: ['first'] },
      { type: 'object', properties: { second: schema } },
    ]
    return { schema: { allOf: parts }, value: { first: 'x', second: value } }
  }

  #reference(depth: number): Sample {
    const { one, maybe, below } = this.#dice
    const name = `part${below(100)}`
    if (one(true, false)) return this.#tree(`#/$defs/${name}`, name)
    const { schema, value } = this.#object(depth + 1)
    this.#defs[name] = schema
    return { schema: { $ref: `#/$defs/${name}`, ...maybe(0.3, () => ({ description: 'A part.' })) }, value }
  }

  #tree(ref: string, name?: string): Sample {
    const properties = { label: { type: 'string' }, kids: { type: 'array', items: { $ref: ref } } }
    const schema = { type: 'object', properties, required: ['label'] }
    if (name !== undefined) this.#defs[name] = schema
    const value = { label: 'root', kids: [{ label: 'leaf', kids: [] }] }
    return { schema: name === undefined ? schema : { $ref: ref }, value }
  }
}
