import { type Attack, empty, refused, withData } from './attack.ts'

const files = ['include', 'extends', 'import'].flatMap((tag) =>
  [
    'package.json',
    '/etc/passwd',
    '../x',
    './x',
    '../templates-evil/x',
    'file:///etc/passwd',
    'C:\\x',
    '\\\\host\\x',
  ].flatMap((path) =>
    refused(
      `file by ${tag}`,
      tag === 'import' ? `{% import "${path}" as x %}{{ x }}` : `{% ${tag} "${path}" %}`,
    ),
  ),
)

/** A class with a secret in every place where one could be read. */
class Account {
  static readonly token = 'hidden-static'
  readonly field = 'hidden-field'
  get getter(): string {
    return 'hidden-getter'
  }
  method(): string {
    return 'hidden-method'
  }
  toString(): string {
    return 'hidden-text'
  }
  toJSON(): string {
    return 'hidden-json'
  }
}

const instances: readonly (readonly [string, () => unknown])[] = [
  ['an instance', () => new Account()],
  ['a map', () => new Map([['a', 'hidden-map']])],
  ['a set', () => new Set(['hidden-set'])],
  ['an error', () => new Error('hidden-error')],
  ['a date', () => new Date(0)],
  ['a buffer', () => Buffer.from('hidden-buffer')],
  ['a typed array', () => new Uint8Array(4)],
  ['a promise', () => Promise.resolve('hidden-promise')],
  ['a regular expression', () => /hidden-regex/],
  ['a boxed text', () => Object('hidden-boxed')],
  ['a class', () => Account],
  ['an inheriting object', () => Object.create({ a: 'hidden-inherited' })],
  [
    'a getter',
    () => ({
      get a() {
        throw new Error('the getter ran')
      },
    }),
  ],
  ['a hidden field', () => Object.defineProperty({}, 'a', { value: 'hidden-field', enumerable: false })],
  ['a symbol', () => ({ [Symbol('a')]: 'hidden-symbol' })],
  [
    'a list with a getter',
    () => Object.defineProperty([1], 0, { get: () => 'hidden-item', enumerable: true }),
  ],
  [
    'a proxy that throws',
    () =>
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('hidden-trap')
          },
        },
      ),
  ],
  [
    'a revoked proxy',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      return proxy
    },
  ],
  ['a bigint', () => 10n],
  [
    'a cycle',
    () => {
      const a: Record<string, unknown> = {}
      a['a'] = a
      return a
    },
  ],
]

const hostObjects = instances.flatMap(([name, make]) =>
  [
    '{{ o.a }}{{ o.field }}{{ o.getter }}{{ o.method }}{{ o.token }}{{ o.message }}{{ o.stack }}{{ o.size }}{{ o[0] }}',
    '{{ o|string|replace("[object Object]", "")|replace("1", "") }}',
    '{% for k, v in o %}{{ v }}{% endfor %}',
    '{% for i in o %}{{ i }}{% endfor %}',
    '{{ o|dump|replace("{}", "")|replace("[1]", "") }}',
    '{{ o.toString() }}',
  ].map((template, index): Attack => ({
    name: `${name} ${index}`,
    template,
    data: () => ({ o: make() }),
    harmless: ['', '[null]'],
  })),
)

const tags = refused(
  'unknown or refused tag',
  '{% from "x" import y %}',
  '{% block a %}{% endblock %}',
  '{% asyncEach i in [1] %}{% endeach %}',
  '{% asyncAll i in [1] %}{% endall %}',
  '{% ifAsync true %}{% endif %}',
  '{% ignore %}',
  '{% endif %}',
  '{% else %}',
  '{% do a() %}',
  '{% with a = 1 %}{% endwith %}',
  '{% autoescape true %}{% endautoescape %}',
  '{% trans %}x{% endtrans %}',
  '{% constructor %}',
  '{% __proto__ %}',
  '{% %}',
  '{{ }}',
  '{% if %}{% endif %}',
  '{% if a %}',
  '{% for %}{% endfor %}',
  '{% for a in %}{% endfor %}',
  '{% set %}',
  '{% macro %}',
  '{% call %}',
  '{% filter %}',
  '{% switch %}',
  '{% raw %}',
  '{% raw %}{% endverbatim %}',
  '{{',
  '{%',
  '{#',
  '#}',
  '{{ "a',
  '{{ a. }}',
  '{{ a[ }}',
  '{{ a[] }}',
  '{{ a[1, 2] }}',
  '{{ a( }}',
  '{{ (',
  '{{ () }}',
  '{{ [ }}',
  '{{ { }}',
  '{{ { 1: 2 } }}',
  '{{ { a } }}',
  '{{ { [a]: 1 } }}',
  '{{ a b }}',
  '{{ a| }}',
  '{{ a|upper( }}',
  '{{ a|join(",").length }}',
  '{{ a|nope }}',
  '{{ a|random }}',
  '{{ a|urlize }}',
  '{{ a is }}',
  '{{ a is nope }}',
  '{{ a & b }}',
  '{{ a ! b }}',
  '{{ a ? b : c }}',
  '{{ a => b }}',
  '{{ a; b }}',
  '{{ a = b }}',
  '{{ ...a }}',
  '{{ a|sort(nope=1) }}',
  '{{ f("x"=1) }}',
  '{{ f(1=1) }}',
  '{% set "x" = 1 %}',
  '{% macro "x"() %}{% endmacro %}',
  '{% macro m("x") %}{% endmacro %}',
  '{% for "x" in a %}{% endfor %}',
)

/** Attempts to read files, objects of the application and hidden fields, and invalid sources. */
export const leaks: readonly Attack[] = [
  ...files,
  ...hostObjects,
  ...tags,
  ...withData(
    () => ({}),
    empty(
      'source text',
      '{{ range }}',
      '{% macro m() %}secret{% endmacro %}{{ m }}',
      '{% set f = range %}{{ f ~ "" }}{{ [f] }}',
    ),
  ),
]
