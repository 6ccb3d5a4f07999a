import { isObject, type JsonObject, type JsonValue } from '../../src/core/json.ts'

/** What a vendor's documentation says about the schemas that it takes. */
export interface VendorSchemaRules {
  /** Keywords that are refused. */
  readonly refused?: string | undefined
  /** Keywords that are read; all others are refused. */
  readonly keywords?: string | undefined
  /** Whether the root is an object and no union. */
  readonly objectRoot?: boolean | undefined
  /** Whether objects have `additionalProperties: false`. */
  readonly closed?: boolean | undefined
  /** Whether every property is required. */
  readonly allRequired?: boolean | undefined
  /** Whether every object with properties has a required one. */
  readonly someRequired?: boolean | undefined
  /** Whether nothing stands beside a `$ref`. */
  readonly loneRefs?: boolean | undefined
  /** Whether references may not lead back to themselves. */
  readonly noRecursion?: boolean | undefined
  /** Deepest nesting of objects and lists. */
  readonly maxDepth?: number | undefined
}

const NUMBERS = 'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf'
const COMPOSED =
  'allOf not if then else dependentRequired dependentSchemas patternProperties unevaluatedProperties'

type VendorName = 'openaiStrict' | 'claude' | 'gemini' | 'cohere' | 'object' | 'ollamaTool' | 'any'

/** Rules of the vendors, by what is enforced. Of platform.openai.com, docs.claude.com, ai.google.dev and docs.cohere.com. */
export const vendorRules: Readonly<Record<VendorName, VendorSchemaRules>> = {
  openaiStrict: {
    refused: `${COMPOSED} oneOf minLength maxLength uniqueItems contains prefixItems propertyNames default`,
    objectRoot: true,
    closed: true,
    allRequired: true,
    loneRefs: true,
    maxDepth: 10,
  },
  claude: {
    refused: `${COMPOSED} oneOf ${NUMBERS} minLength maxLength maxItems uniqueItems contains prefixItems`,
    objectRoot: true,
    closed: true,
    noRecursion: true,
  },
  gemini: {
    keywords:
      'type format title description enum items prefixItems minItems maxItems minimum maximum anyOf oneOf properties additionalProperties required propertyOrdering $ref $defs $id $anchor',
    loneRefs: true,
  },
  cohere: {
    refused: `${COMPOSED} oneOf ${NUMBERS} minLength maxLength minItems maxItems uniqueItems prefixItems`,
    objectRoot: true,
    someRequired: true,
  },
  object: { objectRoot: true },
  ollamaTool: {
    keywords: 'type description enum items properties required anyOf',
    objectRoot: true,
  },
  any: {},
}

const MAPS: readonly string[] = ['properties', '$defs', 'definitions', 'patternProperties']
const LISTS: readonly string[] = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const SINGLE: readonly string[] = ['items', 'additionalProperties', 'not', 'contains', 'propertyNames']

/** The faults of a schema by the rules of its vendor. */
export function schemaFaults(schema: JsonObject, rules: VendorSchemaRules): string[] {
  const faults: string[] = []
  if (rules.objectRoot === true && (schema['type'] !== 'object' || 'anyOf' in schema || 'oneOf' in schema))
    faults.push('the root is no object')
  visit(schema, { schema, rules, faults }, 0)
  if (rules.noRecursion === true && isRecursive(schema)) faults.push('it is recursive')
  return [...new Set(faults)]
}

interface Judging {
  readonly schema: JsonObject
  readonly rules: VendorSchemaRules
  readonly faults: string[]
}

function visit(node: JsonValue | undefined, judging: Judging, depth: number): void {
  if (!isObject(node)) return
  const { rules, faults, schema } = judging
  checkWords(node, rules, faults)
  if (node['properties'] !== undefined || node['type'] === 'object') checkObject(node, rules, faults)
  const { $ref } = node
  if (typeof $ref === 'string' && find(schema, $ref) === undefined) faults.push(`${$ref} leads nowhere`)
  if (typeof $ref === 'string' && rules.loneRefs === true && others(node).length > 0)
    faults.push(`${others(node).join()} stands beside a $ref`)
  const inner = depth + Number(node['type'] === 'object' || node['type'] === 'array')
  if (inner > (rules.maxDepth ?? Infinity)) faults.push('it is too deep')
  for (const part of partsOf(node)) visit(part, judging, inner)
}

function others(node: Record<string, unknown>): string[] {
  return Object.keys(node).filter((key) => !key.startsWith('$') && key !== 'definitions')
}

function checkWords(node: Record<string, unknown>, rules: VendorSchemaRules, faults: string[]): void {
  const refused = new Set(rules.refused?.split(' '))
  const keywords = rules.keywords === undefined ? undefined : new Set(rules.keywords.split(' '))
  for (const key of Object.keys(node))
    if (refused.has(key) || keywords?.has(key) === false) faults.push(`${key} is refused`)
}

function checkObject(node: Record<string, unknown>, rules: VendorSchemaRules, faults: string[]): void {
  const names = isObject(node['properties']) ? Object.keys(node['properties']) : []
  const required = Array.isArray(node['required']) ? (node['required'] as string[]) : []
  if (rules.closed === true && node['additionalProperties'] !== false) faults.push('an object is open')
  if (required.some((name) => rules.closed === true && !names.includes(name)))
    faults.push('a required property is not declared')
  if (rules.allRequired === true && names.some((name) => !required.includes(name)))
    faults.push('a property is optional')
  if (rules.someRequired === true && names.length > 0 && required.length === 0)
    faults.push('an object requires nothing')
}

function partsOf(node: Record<string, unknown>): JsonValue[] {
  return [
    ...MAPS.flatMap((key) => (isObject(node[key]) ? Object.values(node[key]) : [])),
    ...LISTS.flatMap((key) => (Array.isArray(node[key]) ? (node[key] as unknown[]) : [])),
    ...SINGLE.map((key) => node[key]),
  ] as JsonValue[]
}

function find(schema: JsonObject, ref: string): unknown {
  let at: unknown = schema
  for (const word of ref.split('/').slice(1)) at = isObject(at) ? at[word] : undefined
  return ref === '#' ? schema : at
}

function isRecursive(schema: JsonObject): boolean {
  const follow = (node: JsonValue | undefined, open: readonly string[]): boolean => {
    if (!isObject(node)) return false
    const { $ref } = node
    if (typeof $ref === 'string')
      return open.includes($ref) || follow(find(schema, $ref) as JsonValue, [...open, $ref])
    const { $defs: _defs, definitions: _definitions, ...own } = node
    return partsOf(own).some((part) => follow(part, open))
  }
  return follow(schema, ['#'])
}
