import { describe, expect, test } from 'vitest'
import { LlmError, type Clock } from 'llm-switchyard'
import {
  createTemplateEngine,
  defaultTemplateLimits,
  renderTemplate,
  type TemplateLimits,
} from 'llm-switchyard/templates'

interface Case {
  readonly limit: keyof TemplateLimits
  readonly at: number
  /** Just within the limit, and just beyond it. */
  readonly within: string
  readonly beyond: string
  readonly data?: object
}

const cases: readonly Case[] = [
  { limit: 'maxSourceChars', at: 10, within: 'x'.repeat(10), beyond: 'x'.repeat(11) },
  { limit: 'maxTokens', at: 9, within: '{{ a }}', beyond: '{{ a }}{{ a }}' },
  { limit: 'maxNodes', at: 8, within: '{{ [1, 2] }}', beyond: '{{ [1, 2, 3, 4, 5, 6] }}' },
  { limit: 'maxNesting', at: 5, within: '{{ ((((1)))) }}', beyond: '{{ ((((((1)))))) }}' },
  { limit: 'maxDataNodes', at: 4, within: '{{ l }}', beyond: '{{ l }}{{ m }}', data: { l: [1, 2], m: [3] } },
  {
    limit: 'maxDataDepth',
    at: 2,
    within: '{{ a.length }}',
    beyond: '{{ b.length }}',
    data: { a: [[1]], b: [[[1]]] },
  },
  {
    limit: 'maxSteps',
    at: 50,
    within: '{% for i in range(3) %}{% endfor %}',
    beyond: '{% for i in range(30) %}{% endfor %}',
  },
  {
    limit: 'maxTextChars',
    at: 1_000,
    within: `{{ ("x"|center(200))|upper|length }}`,
    beyond: `{{ ("x"|center(900))|upper|length }}`,
  },
  { limit: 'maxStringChars', at: 100, within: '{{ "x"|center(100) }}', beyond: '{{ "x"|center(101) }}' },
  {
    limit: 'maxFilterChars',
    at: 10,
    within: '{{ t|upper }}',
    beyond: '{{ (t ~ "x")|upper }}',
    data: { t: '0123456789' },
  },
  { limit: 'maxOutputChars', at: 10, within: '{{ t }}', beyond: '{{ t }}x', data: { t: '0123456789' } },
  {
    limit: 'maxMacroDepth',
    at: 2,
    within: '{% macro a() %}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ b() }}{{ b() }}',
    beyond:
      '{% macro a() %}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{% macro c() %}{{ b() }}{% endmacro %}{{ c() }}',
  },
  { limit: 'maxRange', at: 5, within: '{{ range(5) }}', beyond: '{{ range(6) }}' },
  {
    limit: 'maxKeyChars',
    at: 100,
    within: '{{ d["x"|center(100)] }}',
    beyond: '{{ d["x"|center(101)] }}',
    data: { d: {} },
  },
]

describe('each limit holds, and says its name', () => {
  test.each(cases)('$limit', ({ limit, at, within, beyond, data = {} }) => {
    expect(() => renderTemplate(within, data, { limits: { [limit]: at } })).not.toThrow()
    expect(() => renderTemplate(beyond, data, { limits: { [limit]: at } })).toThrow(limit)
    expect(() => renderTemplate(beyond, data)).not.toThrow()
  })

  test('there is a case for each of them', () => {
    const tested = [...cases.map(({ limit }) => limit), 'deadlineMs']
    expect(tested.toSorted()).toEqual(Object.keys(defaultTemplateLimits).toSorted())
  })

  test('the default limits are those that are written down', () => {
    expect(defaultTemplateLimits).toEqual({
      maxSourceChars: 65_536,
      maxTokens: 20_000,
      maxNodes: 20_000,
      maxNesting: 120,
      maxDataNodes: 200_000,
      maxDataDepth: 64,
      maxSteps: 1_000_000,
      deadlineMs: 300,
      maxTextChars: 16_777_216,
      maxStringChars: 4_194_304,
      maxFilterChars: 1_048_576,
      maxOutputChars: 4_194_304,
      maxMacroDepth: 40,
      maxRange: 100_000,
      maxKeyChars: 512,
    })
  })
})

/** A clock that moves by `stepMs` each time it is read. */
function slowClock(stepMs: number): Clock {
  let now = 0
  return { now: () => (now += stepMs), epochMs: () => 0, setTimer: () => 0, clearTimer: () => undefined }
}

test('the deadline is read from the clock, every few steps and after every large text', () => {
  const engine = createTemplateEngine({ clock: slowClock(100) })
  expect(engine.renderTemplate('{% for i in range(40) %}{% endfor %}ok')).toBe('ok')
  const late =
    'Template line 2: rendering takes longer than 300 ms; simplify the template or raise limits.deadlineMs'
  expect(() => engine.renderTemplate('\n{% for i in range(2000) %}{% endfor %}')).toThrow(late)
  expect(() =>
    engine.renderTemplate(`\n{{ ${Array(9).fill('t|upper').join('~')} }}`, { t: 'x'.repeat(9_000) }),
  ).toThrow(late)
})

describe('options', () => {
  test('of an engine are the base of those of a call', () => {
    const engine = createTemplateEngine({ limits: { maxRange: 5 } })
    expect(() => engine.renderTemplate('{{ range(6) }}')).toThrow('maxRange')
    expect(engine.renderTemplate('{{ range(6)|length }}', {}, { limits: { maxRange: 6 } })).toBe('6')
    const template = engine.compileTemplate('{{ range(n)|length }}')
    expect(template.render({ n: 5 })).toBe('5')
    expect(() => template.render({ n: 6 })).toThrow('maxRange')
    expect(template.render({ n: 7 }, { limits: { maxRange: 7 } })).toBe('7')
  })

  test.each([Number.NaN, -1, '5', null])('a limit of %s is refused', (value) => {
    const limits = { maxSteps: value as number }
    const act = (): string => renderTemplate('x', {}, { limits })
    expect(act).toThrow('limits.maxSteps')
    try {
      act()
    } catch (error) {
      expect(LlmError.is(error, 'misconfigured')).toBe(true)
    }
  })

  test('that are wrong are refused by an engine when it is made', () => {
    const act = (): unknown => createTemplateEngine({ limits: { maxRange: -1 } })
    expect(act).toThrow(LlmError)
    expect(act).toThrow('limits.maxRange')
  })

  test('infinity takes a limit away', () => {
    expect(renderTemplate('{{ range(200000)|length }}', {}, { limits: { maxRange: Infinity } })).toBe(
      '200000',
    )
  })
})
