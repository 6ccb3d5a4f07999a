import { describe, expect, test } from 'vitest'
import { LlmError } from 'llm-switchyard'
import {
  applyTemplate,
  compileTemplate,
  createTemplateEngine,
  renderTemplate,
} from 'llm-switchyard/templates'
import { outputOf } from '../children.ts'
import { TemplateFault } from '../../src/templates/fault.ts'
import { defaultTemplateLimits } from '../../src/templates/limits.ts'
import { ProgramCache, type CachedProgram } from '../../src/templates/program-cache.ts'

const nameOf = (value: unknown): string => (value === null ? 'null' : typeof value)

const failure = (source: unknown, data: unknown = {}): LlmError => {
  try {
    renderTemplate(source as string, data)
  } catch (error) {
    if (LlmError.is(error)) return error
  }
  throw new Error('it did not fail with an LlmError')
}

describe('a refusal', () => {
  test.each([
    ['a\n\n{{ b|nope }}', 'Template line 3: unknown filter `nope`'],
    ['a\n{% include "x" %}', 'Template line 2: unknown tag `include`; known: if, for, set'],
    ['{% if a %}\n', 'Template line 2: syntax error'],
    ['\n{{ f() }}', 'Template line 2: `f` is not a macro'],
    ['{% macro f() %}\n\n{{ g() }}{% endmacro %}\n{{ f() }}', 'Template line 3: `g` is not a macro'],
    ['{{ a.b() }}', 'Template line 1: only macros, caller and range can be called, by name'],
    ['\n\n{{ ("x"|center(9999999)) }}', 'Template line 3: a text is longer than'],
  ])('%j names line and reason', (source, message) => {
    const error = failure(source)
    expect(error.message).toContain(message)
    expect(error.kind).toBe('template-failed')
    expect(error.issues).toHaveLength(1)
    expect(error.cause).toBeUndefined()
  })

  test('holds nothing of the data', () => {
    const secret = 'tell-no-one'
    const data = { a: secret, o: { [secret]: new Date(), [`${secret}2`]: secret }, l: [secret] }
    const sources = [
      '{{ a() }}',
      '{{ o }}',
      '{{ 1 in 5 }}{{ a }}',
      '{{ a in 5 }}',
      '{{ l|dictsort }}',
      '{{ a|urlencode|select(a) }}',
      '{{ l|items }}',
      '{{ a|center(99999999) }}',
      '{{ [1]|groupby(a * 1)|dictsort(1, a) }}',
      '{% for i in range(9999999) %}{{ a }}{% endfor %}',
    ]
    for (const source of sources) {
      const error = failure(source, data)
      expect(`${error.message}${JSON.stringify(error)}${String(error.cause)}`).not.toContain(secret)
    }
  })

  test.each([undefined, null, 5, {}, ['x'], () => 'x'])('of a source that is no text: %s', (source) => {
    expect(failure(source).message).toBe(`Template: the source must be a string, not ${nameOf(source)}`)
  })

  test('quotes a long word only in part', () => {
    expect(failure(`{{ a|${'b'.repeat(9_000)} }}`).message.length).toBeLessThan(400)
  })

  test('where the stack is used up is one of the same kind', () => {
    const deep = (levels: number): LlmError =>
      levels === 0 ? failure(`{{ ${'-('.repeat(50)}1${')'.repeat(50)}`) : deep(levels - 1)
    expect(deep(100).kind).toBe('template-failed')
    const outcomes: unknown[] = []
    const inside = (): void => {
      try {
        inside()
      } catch {
        // On the way back there is a little more stack at each level: from none at all to enough.
        if (outcomes.length < 400) outcomes.push(attempt())
      }
      if (outcomes.length < 400) outcomes.push(attempt())
    }
    const attempt = (): unknown => {
      try {
        return renderTemplate(`{{ ${'('.repeat(100)}1${')'.repeat(100)} }}`)
      } catch (error) {
        return error
      }
    }
    try {
      inside()
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError)
    }
    const typed = outcomes.filter((outcome) => LlmError.is(outcome, 'template-failed'))
    const others = outcomes.filter((outcome) => outcome !== '1' && !LlmError.is(outcome, 'template-failed'))
    expect(typed.length).toBeGreaterThan(50)
    // The call itself needs a frame: without one, it never begins.
    expect(others.length).toBeLessThan(5)
  })
})

describe('a compiled template', () => {
  test('knows the names it needs', () => {
    const { names } = compileTemplate(
      '{{ a.b }}{% set c = d %}{{ c }}{% for e in f %}{{ e }}{{ loop.index }}{% endfor %}{% macro m(x, y=z) %}{{ x }}{{ y }}{% endmacro %}{{ m(g) }}{{ range(h) }}',
    )
    expect([...names].toSorted()).toEqual(['a', 'd', 'f', 'g', 'h', 'z'])
  })

  test('keeps no state from one rendering to the next', () => {
    const template = compileTemplate(
      '{{ seen }}{% set seen = 1 %}{% macro m() %}{{ seen }}{% endmacro %}{{ m() }}',
    )
    expect([template.render(), template.render({ seen: 5 }), template.render()]).toEqual(['1', '51', '1'])
  })

  test('is as good after a rendering that failed', () => {
    const template = compileTemplate('{% macro m() %}{{ a|upper }}{{ f() if b }}{% endmacro %}{{ m() }}')
    expect(() => template.render({ a: 'x', b: true })).toThrow('`f` is not a macro')
    expect(template.render({ a: 'x' })).toBe('X')
  })

  test('follows the layout it was compiled with', () => {
    const source = '{% if true %}\n  {% set a = 1 %}\nx\n{% endif %}\n'
    const engine = createTemplateEngine({ trimBlocks: true, lstripBlocks: true })
    expect(engine.renderTemplate(source)).toBe('x\n')
    expect(engine.renderTemplate(source, {}, { trimBlocks: false, lstripBlocks: false })).toBe('\n  \nx\n\n')
    expect(engine.renderTemplate(source)).toBe('x\n')
    expect(renderTemplate(source)).toBe('\n  \nx\n\n')
  })
})

describe('the cache', () => {
  const entry = (nodes: number): CachedProgram => ({
    outcome: { reads: [], nodes, run: () => '' },
    limits: defaultTemplateLimits,
    layout: {},
  })

  test('keeps what was used last, up to its size', () => {
    const cache = new ProgramCache(400)
    for (const key of ['a', 'b', 'c']) cache.set(key, entry(100))
    cache.get('a')
    cache.set('d', entry(100))
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true, true])
  })

  test('counts long sources, replaced entries and refusals', () => {
    const cache = new ProgramCache(1_000)
    cache.set('x'.repeat(20_000), entry(1))
    expect(cache.get('x'.repeat(20_000))).toBeUndefined()
    for (let turn = 0; turn < 50; turn++) cache.set('same', entry(500))
    cache.set('refused', { outcome: new TemplateFault('no', 1), limits: defaultTemplateLimits, layout: {} })
    expect(cache.get('same')).toBeDefined()
    expect(cache.get('refused')).toBeDefined()
    for (let turn = 0; turn < 200; turn++)
      cache.set(`r${turn}`, {
        outcome: new TemplateFault('no', 1),
        limits: defaultTemplateLimits,
        layout: {},
      })
    expect(cache.get('refused')).toBeUndefined()
  })

  test('never lets a smaller limit through', () => {
    const engine = createTemplateEngine()
    const source = '{{ [1, 2, 3, 4] }}'
    expect(engine.renderTemplate(source)).toBe('1,2,3,4')
    expect(() => engine.renderTemplate(source, {}, { limits: { maxNodes: 3 } })).toThrow('maxNodes')
    expect(engine.renderTemplate(source)).toBe('1,2,3,4')
    expect(() => engine.renderTemplate(source, {}, { limits: { maxSourceChars: 3 } })).toThrow(
      'maxSourceChars',
    )
  })

  test('may be left out', () => {
    const engine = createTemplateEngine({ cachedNodes: 0 })
    expect([engine.renderTemplate('{{ a }}', { a: 1 }), engine.renderTemplate('{{ a }}', { a: 2 })]).toEqual([
      '1',
      '2',
    ])
  })
})

describe('applyTemplate', () => {
  test('renders, with empty text for what is missing', () => {
    expect(applyTemplate('Hi {{ name }}{{ no }}!', { name: 'Ada' })).toEqual({
      text: 'Hi Ada!',
      warnings: [],
    })
    expect(applyTemplate('Hi {{ name }}!')).toEqual({ text: 'Hi !', warnings: [] })
  })

  test('gives a template that fails back as it is, with a warning', () => {
    const { text, warnings } = applyTemplate('a\n{{ name | }}', { name: 'Ada' })
    expect(text).toBe('a\n{{ name | }}')
    expect(warnings).toEqual([{ type: 'other', message: expect.stringContaining('Template line 2: ') }])
    expect(applyTemplate('{% for i in range(9999999) %}{% endfor %}').text).toBe(
      '{% for i in range(9999999) %}{% endfor %}',
    )
    expect(applyTemplate('{{ a }}', { a: new Date() }).text).toBe('{{ a }}')
  })

  test('never throws', () => {
    expect(applyTemplate(undefined as unknown as string)).toMatchObject({
      text: '',
      warnings: [{ type: 'other' }],
    })
  })
})

test('three files of nunjucks are loaded, with what they need, and nothing that reads files or makes code', async () => {
  const program = `
    const { renderTemplate } = await import(${JSON.stringify(new URL('../../src/templates/index.ts', import.meta.url).href)})
    if (renderTemplate('{{ a }}', { a: 1 }) !== '1') throw new Error('wrong')
    const { createRequire } = await import('node:module')
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('nunjucks'))
    console.log(JSON.stringify(loaded.map((path) => path.split(/[\\\\/]/).at(-1)).toSorted()))
    renderTemplate('{% macro m(a) %}{{ a|sort|join }}{% endmacro %}{{ m([2, 1]) }}')`
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program]
  expect(JSON.parse(await outputOf('node', flags))).toEqual([
    'lexer.js',
    'lib.js',
    'nodes.js',
    'object.js',
    'parser.js',
  ])
})
