import type { Dice } from './requests.ts'

/** A schema of arguments or answers, of the features that applications use. */
export function schemaOf(dice: Dice, depth = 0): object {
  const { one, below } = dice
  if (depth === 0) {
    const names = ['a', 'b', 'c'].slice(0, 1 + below(3))
    return {
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, schemaOf(dice, 1)])),
      ...one({}, { required: ['a'] }, { required: names, additionalProperties: false }),
      ...one(
        {},
        {},
        { $defs: { d: { type: 'string' } } },
        { $schema: 'http://json-schema.org/draft-07/schema#', title: 'T' },
      ),
    }
  }
  return one(
    () => ({
      type: 'string',
      description: 'text',
      ...one({}, { minLength: 1 }, { pattern: '^a' }, { format: 'date' }),
    }),
    () => ({ type: 'integer', minimum: 0, maximum: 9 }),
    () => ({ type: ['string', 'null'] }),
    () => ({ enum: ['x', 'y'] }),
    () => ({ const: 1 }),
    () => ({ type: 'boolean', default: true }),
    () => ({ type: 'array', items: depth > 2 ? { type: 'string' } : schemaOf(dice, depth + 1), minItems: 1 }),
    () => ({ anyOf: [{ type: 'string' }, { type: 'number' }] }),
    () => ({ oneOf: [{ type: 'string' }, { type: 'null' }] }),
    () => ({ allOf: [{ type: 'object', properties: { z: { type: 'number' } } }] }),
    () => (depth > 2 ? { type: 'object' } : { type: 'object', properties: { n: schemaOf(dice, depth + 1) } }),
    () => ({}),
  )()
}

/** Some of the tools that vendors run, each type once. */
export function serverToolsOf({ one, maybe }: Dice): object[] {
  const domains = maybe(0.5, () => ({ allowedDomains: ['a.test'] })) ?? { blockedDomains: ['b.test'] }
  const all = [
    {
      type: 'web-search',
      ...maybe(0.7, () => domains),
      maxUses: maybe(0.3, () => 3),
      userLocation: maybe(0.5, () => ({
        city: 'Köln',
        region: 'NRW',
        country: 'DE',
        timezone: 'Europe/Berlin',
      })),
      contextSize: maybe(0.3, () => 'low'),
    },
    {
      type: 'web-fetch',
      ...maybe(0.7, () => domains),
      maxContentTokens: maybe(0.5, () => 9),
      citations: maybe(0.5, () => true),
      maxUses: maybe(0.5, () => 2),
    },
    one(
      { type: 'code-execution' },
      { type: 'code-execution', container: 'c1' },
      { type: 'code-execution', fileIds: ['f'] },
    ),
    {
      type: 'file-search',
      stores: ['s1'],
      maxResults: maybe(0.5, () => 5),
      filter: maybe(0.3, () => ({ type: 'eq', key: 'a', value: 'b' })),
    },
    {
      type: 'image-generation',
      size: maybe(0.5, () => '1024x1024'),
      quality: maybe(0.5, () => 'low'),
      format: maybe(0.5, () => 'webp'),
    },
    {
      type: 'mcp',
      name: 'srv',
      url: 'https://mcp.test',
      authorization: maybe(0.5, () => 't'),
      description: maybe(0.5, () => 'd'),
      headers: maybe(0.5, () => ({ a: 'b' })),
      allowedTools: maybe(0.5, () => ['x']),
      approval: maybe(0.5, () => 'never'),
    },
    { type: 'computer', displayWidth: 10, displayHeight: 10 },
    { type: 'tool-search' },
    { type: 'memory' },
    { type: 'shell' },
    { type: 'text-editor', maxCharacters: maybe(0.5, () => 10_000) },
    { type: 'advisor', model: 'claude-opus-5-5', maxUses: maybe(0.5, () => 2) },
    { type: 'maps' },
    { type: 'browser' },
  ]
  return [one(...all), one(...all)].filter(
    (tool, at, list) => list.findIndex(({ type }) => type === tool.type) === at,
  )
}
