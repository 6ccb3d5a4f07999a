import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { renderTemplate } from 'llm-switchyard/templates'
import { setTraps } from './watch.ts'
import { renderStock } from './stock.ts'

describe('data', () => {
  test('may be plain, frozen, without prototype or from another realm', () => {
    const bare = Object.assign(Object.create(null), { a: { b: [1, 2] } })
    const foreign = runInNewContext('({ a: { b: [1, 2] } })') as object
    const frozen = Object.freeze({ a: Object.freeze({ b: Object.freeze([1, 2]) }) })
    for (const data of [{ a: { b: [1, 2] } }, bare, foreign, frozen])
      expect(renderTemplate('{{ a.b|join("-") }}', data)).toBe('1-2')
  })

  test('may be left out', () => {
    expect(renderTemplate('{{ a }}x')).toBe('x')
    expect(renderTemplate('{{ a }}x', null)).toBe('x')
  })

  test.each(['text', 5, [1], new Map([['a', 1]]), new Date(0)])(
    'that is no plain object is refused: %s',
    (data) => {
      expect(() => renderTemplate('{{ a }}', data)).toThrow('Template: the data must be a plain object')
    },
  )

  test('is looked at only where the template does', () => {
    const { data, sprung } = setTraps()
    expect(renderTemplate('{{ name }} {{ list|length }}', data)).toBe('Ada 3')
    expect(sprung()).toEqual([])
  })

  test.each([
    ['{{ top }}', 'the data `top` holds a getter or setter; pass its value'],
    ['{{ getter.a }}', 'the data `getter` holds a getter or setter; pass its value'],
    ['{{ instance.a }}', 'the data `instance` holds an object that is not plain JSON'],
  ])('%s is refused with the reason', (template, reason) => {
    const { data, sprung } = setTraps()
    expect(() => renderTemplate(template, data)).toThrow(reason)
    expect(sprung()).toEqual([])
  })

  test('loses functions and symbols, as JSON does', () => {
    const data = { o: { f: () => 1, s: Symbol('s'), a: 1 }, l: [() => 1, 2], f: () => 1 }
    expect(renderTemplate('{{ o|dump }}{{ o|length }}{{ l|dump }}{{ f is defined }}', data)).toBe(
      '{"a":1}1[null,2]false',
    )
  })

  test('is the same after any rendering', () => {
    const data = { l: [3, 1, 2], d: { b: [1], a: 2 }, items: [{ index: 'kept' }] }
    const before = structuredClone(data)
    const template = `{{ l|sort }}{{ l|reverse }}{{ l|batch(2, 'x') }}{{ l|slice(2, 'x') }}{{ d|dictsort }}{{ d|list }}
{% for loop in items %}{{ loop.index }}{% set items = 1 %}{% endfor %}{% set d = 1 %}{% set l = [] %}`
    expect(renderTemplate(template, data)).toContain('kept')
    expect(data).toEqual(before)
  })

  test('is read again for each rendering', () => {
    const data = { a: [1] }
    expect(renderTemplate('{{ a }}', data)).toBe('1')
    data.a.push(2)
    expect(renderTemplate('{{ a }}', data)).toBe('1,2')
  })
})

test('what was put on the prototypes is not seen', () => {
  const names = ['polluted', 'a', 'index', 'value', 'enumerable', 'length', 'line', '0', 'kind']
  const template =
    '{{ polluted }}{{ o.polluted }}{{ "x".polluted }}{{ l.polluted }}{{ l[5] }}{{ d.index }}{{ o|length }}{% for k, v in o %}{{ k }}{% endfor %}{{ o|dump }}'
  const data = { o: {}, l: [1], d: {} }
  const clean = renderTemplate(template, data)
  expect(clean).toBe('0{}')
  try {
    for (const name of names) Reflect.set(Object.prototype, name, 'seen')
    Reflect.set(Array.prototype, '5', 'seen')
    expect(renderStock('{{ o.polluted }}', data)).toBe('seen')
    expect(renderTemplate(template, data)).toBe(clean)
  } finally {
    for (const name of names) Reflect.deleteProperty(Object.prototype, name)
    Reflect.deleteProperty(Array.prototype, '5')
  }
})

test('the watch notices what stock nunjucks does', () => {
  const { data, sprung } = setTraps()
  renderStock('{{ f() }}{{ o ~ "" }}{{ top }}', data)
  expect(sprung()).toEqual(expect.arrayContaining(['f', 'toPrimitive', 'top getter']))
})
