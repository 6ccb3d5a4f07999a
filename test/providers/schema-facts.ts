import { isObject, type JsonObject, type JsonValue } from '../../src/core/json.ts'

/** What a vendor documents about the schemas that it takes. Each field that is absent allows all. */
export interface SchemaFacts {
  readonly keywords?: readonly string[]
  readonly refused?: readonly string[]
  readonly formats?: readonly string[]
  /** The root is that of an object, and holds no union. */
  readonly objectRoot?: boolean
  /** The root has nothing but these. */
  readonly rootKeywords?: readonly string[]
  readonly refs?: 'tree' | 'none'
  readonly loneRefs?: boolean
  readonly closed?: boolean
  readonly allRequired?: boolean
  readonly someRequired?: boolean
  readonly typed?: boolean
  readonly typeInside?: boolean
  readonly minItems?: number
  readonly plainEnums?: boolean
  readonly pattern?: RegExp
}

const UNIONS: readonly string[] = ['anyOf', 'oneOf', 'allOf', 'not', 'enum']
const COMMON: ReadonlySet<string> = new Set(['$defs', '$schema'])

/** What a vendor would refuse of a schema, as `keyword at path`. */
export function refusals(schema: JsonObject, facts: SchemaFacts): string[] {
  const faults: string[] = []
  if (facts.objectRoot === true) {
    if (schema['type'] !== 'object') faults.push('root: no object')
    if (!isObject(schema['properties'])) faults.push('root: no properties')
    for (const key of UNIONS) if (schema[key] !== undefined) faults.push(`root: ${key}`)
  }
  for (const key of Object.keys(schema))
    if (facts.rootKeywords?.includes(key) === false) faults.push(`root: ${key}`)
  if (schema['$schema'] !== undefined) faults.push('root: $schema')
  visit(schema, '#', { facts, faults, root: schema, open: [] })
  return faults
}

interface Visit {
  readonly facts: SchemaFacts
  readonly faults: string[]
  readonly root: JsonObject
  readonly open: readonly string[]
}

function visit(node: JsonValue, path: string, at: Visit): void {
  const { facts, faults } = at
  const fault = (what: string): void => void faults.push(`${what} at ${path}`)
  if (!isObject(node)) return fault(`a schema that is ${JSON.stringify(node)}`)
  const schema = node
  for (const key of Object.keys(schema)) {
    if (COMMON.has(key) && path === '#') continue
    if (facts.keywords?.includes(key) === false || facts.refused?.includes(key) === true) fault(key)
    if (['nullable', 'definitions', 'additionalItems'].includes(key)) fault(key)
  }
  checkWords(schema, facts, fault)
  if (schema['$ref'] !== undefined) visitReference(schema, path, at)
  checkObject(schema, facts, fault)
  const named = schema['properties']
  if (isObject(named))
    for (const [name, inner] of Object.entries(named)) visit(inner as JsonValue, `${path}/${name}`, at)
  for (const key of ['anyOf', 'oneOf', 'allOf', 'prefixItems'])
    for (const [index, inner] of ((schema[key] ?? []) as JsonValue[]).entries())
      visit(inner, `${path}/${key}/${index}`, at)
  if (schema['items'] !== undefined) visit(schema['items'], `${path}/items`, at)
  if (isObject(schema['additionalProperties'])) visit(schema['additionalProperties'], `${path}/*`, at)
}

function checkWords(schema: JsonObject, facts: SchemaFacts, fault: (what: string) => void): void {
  const { type, format, pattern, minItems, enum: values, items } = schema
  if (format !== undefined && facts.formats?.includes(format as string) === false)
    fault(`format ${format as string}`)
  if (Number(minItems ?? 0) > (facts.minItems ?? Infinity)) fault('minItems')
  if (pattern !== undefined && facts.pattern?.test(pattern as string) === false) fault('pattern')
  for (const key of ['exclusiveMinimum', 'exclusiveMaximum']) if (typeof schema[key] === 'boolean') fault(key)
  if (facts.plainEnums === true && Array.isArray(values))
    if (values.some((value) => typeof value !== 'string' && typeof value !== 'number')) fault('enum')
  if (type === 'array' && items === undefined && schema['prefixItems'] === undefined) fault('no items')
  const isUnion = ['$ref', 'anyOf', 'oneOf', 'allOf'].some((key) => schema[key] !== undefined)
  if (facts.typed === true && type === undefined && !isUnion) fault('no type')
  if (facts.typeInside === true && type !== undefined && schema['anyOf'] !== undefined)
    fault('type beside anyOf')
}

function checkObject(schema: JsonObject, facts: SchemaFacts, fault: (what: string) => void): void {
  const { type, properties, required, additionalProperties } = schema
  if (type !== 'object' && !(Array.isArray(type) && type.includes('object')) && !isObject(properties)) return
  if (facts.closed === true && additionalProperties !== false) fault('open')
  const names = Object.keys((properties ?? {}) as object)
  const listed = (required ?? []) as readonly string[]
  if (isObject(properties)) for (const name of listed) if (!names.includes(name)) fault(`required ${name}`)
  if (facts.allRequired === true && names.some((name) => !listed.includes(name))) fault('optional')
  if (facts.someRequired === true && names.length > 0 && listed.length === 0) fault('nothing required')
}

function visitReference(schema: JsonObject, path: string, at: Visit): void {
  const { facts, faults, root, open } = at
  const ref = schema['$ref'] as string
  const name = /^#\/\$defs\/([^/]+)$/.exec(ref)?.[1]
  const target = name === undefined ? undefined : (root['$defs'] as JsonObject | undefined)?.[name]
  if (target === undefined) faults.push(`$ref ${ref} at ${path}`)
  if (facts.refs === 'none') faults.push(`$ref at ${path}`)
  if (facts.loneRefs === true && Object.keys(schema).length > 1) faults.push(`beside $ref at ${path}`)
  if (open.includes(ref)) {
    if (facts.refs === 'tree') faults.push(`recursion at ${path}`)
  } else if (target !== undefined) visit(target, ref, { ...at, open: [...open, ref] })
}
