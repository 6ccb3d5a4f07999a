import { describe, expect, test } from 'vitest'
import { looseRules, type WireRules } from '../../src/core/fit/rules.ts'
import { isObject } from '../../src/core/json.ts'
import { parseRequest } from '../../src/core/parse-request.ts'
import type { ProviderDefinition } from '../../src/core/provider.ts'
import { createRegistry, type Target } from '../../src/core/registry.ts'
import * as dialects from '../../src/dialects/index.ts'
import { renderRequest } from '../../src/exchange/render-request.ts'
import * as schemas from '../../src/core/fit/schemas.ts'
import { catalogue } from 'llm-switchyard'
import { probes, type Probe, type ProbedRow, type Strings } from './probes.ts'

const rows = Object.keys(probes) as ProbedRow[]
const builtIn = Object.values(dialects).filter(
  (value): value is ProviderDefinition['dialect'] =>
    typeof value === 'object' && 'render' in value && 'framing' in value,
)

/** Every provider with each of its wire formats, and one model of each family that it has traits for. */
const targets = catalogue.flatMap((definition) =>
  [undefined, ...Object.keys(definition.apis ?? {})].flatMap((api) => {
    const families = {
      ...definition.models,
      ...(api === undefined ? undefined : definition.apis?.[api]?.models),
    }
    const models = ['some-model', ...Object.keys(families).map((pattern) => pattern.replaceAll('*', 'x'))]
    return models.map((model) => ({ definition, model, api }))
  }),
)

function resolve({ definition, model, api }: (typeof targets)[number]): Target {
  return createRegistry([definition]).resolve({ provider: definition.id, model, api })
}

function keeps(target: Target, row: ProbedRow, answer: WireRules[ProbedRow]): boolean {
  const { request, keeps: judge } = probes[row] as Probe<ProbedRow>
  const { messages, settings } = parseRequest(request)
  const rendered = renderRequest({
    target,
    messages,
    settings,
    stream: false,
    extraBody: undefined,
    onUnsupported: 'warn',
    warnings: undefined,
    schemas,
  })
  const body = stringsIn(JSON.parse(JSON.stringify(rendered.body)), '')
  return judge(
    body,
    answer,
    rendered.warnings.map(({ message }) => message),
  )
}

function stringsIn(value: unknown, key: string): Strings {
  if (typeof value === 'string') return [[key, value]]
  if (Array.isArray(value)) return value.flatMap((item) => stringsIn(item, key))
  return isObject(value) ? Object.entries(value).flatMap(([name, inner]) => stringsIn(inner, name)) : []
}

describe.each(builtIn)('$id', (dialect) => {
  test('answers every row itself', () => {
    const own: Partial<WireRules> = dialect.rules ?? {}
    const all = Object.keys(looseRules) as (keyof WireRules)[]
    expect(all.filter((row) => own[row] === undefined)).toEqual([])
    const reasons = Object.values(own).flatMap((answer) =>
      typeof answer === 'object' && 'absent' in answer ? [answer.absent] : [],
    )
    expect(reasons.filter((reason) => reason.length < 20)).toEqual([])
  })
})

test.each(rows)('%s: the body of every provider and model is as its answer says', (row) => {
  const wrong = targets.flatMap((reference) => {
    const target = resolve(reference)
    const answer = target.rules[row]
    return keeps(target, row, answer)
      ? []
      : [`${target.name} ${reference.api ?? ''}: ${JSON.stringify(answer)}`]
  })
  expect(wrong).toEqual([])
})

/** Dialects that the row is needed for: their own answer, or that of one of their models, is not the loose one. */
test.each(rows)('%s: without it, the body of a target that needs it is wrong', (row) => {
  const needing = targets.map(resolve).filter(({ rules }) => rules[row] !== looseRules[row])
  const dialectsOf = (list: readonly Target[]): string[] =>
    [...new Set(list.map(({ dialect }) => dialect.id))].toSorted()
  const failing = needing.filter((target) => {
    const mutant = { ...target, rules: { ...target.rules, [row]: looseRules[row] } }
    return !keeps(mutant, row, target.rules[row])
  })
  const isNeeded = ({ rules }: Target): boolean => {
    const answer = rules[row]
    // Names without a field are left out by the rule.
    return row === 'speakerNames' || typeof answer !== 'object' || !('absent' in answer)
  }
  console.info(`${row}: without the rule wrong bodies of ${dialectsOf(failing).join(', ')}`)
  expect(dialectsOf(failing)).toEqual(dialectsOf(needing.filter(isNeeded)))
})
