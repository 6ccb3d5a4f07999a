import { type Attack, refused, withData } from './attack.ts'

const times = (count: number, text: string): string => text.repeat(count)
const nest = (count: number, open: string, close: string, inner = ''): string =>
  times(count, open) + inner + times(count, close)

const loops = refused(
  'loop',
  '{% for i in range(300000000) %}x{% endfor %}',
  '{% for i in range(0, 1, 0.0000000001) %}x{% endfor %}',
  '{% for i in range(100000000000000000, 100000000000001000) %}x{% endfor %}',
  '{% for i in range(1, 0, -0.0000000001) %}x{% endfor %}',
  '{% for i in range(0, -1, -0.000000000000000001) %}x{% endfor %}',
  '{% for i in range(1 / 0) %}x{% endfor %}',
  '{% for i in range(-1 / 0, 5) %}x{% endfor %}',
  nest(6, '{% for i in range(100) %}', '{% endfor %}', 'x'),
  nest(9, '{% for i in [1,2,3,4,5,6,7,8,9] %}', '{% endfor %}'),
  '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}',
  `{% for i in range(99999) %}${times(3000, '{{ "" }}')}{% endfor %}`,
  `{% for i in range(99999) %}${times(500, '{% if true %}{% endif %}')}{% endfor %}`,
  `{% for i in range(99999) %}{{ [${times(4000, '1,')}1]|length }}{% endfor %}`,
  `{% for i in range(99999) %}{{ { ${times(2000, 'a:1,')}a:1 }|length }}{% endfor %}`,
  `{% for i in range(99999) %}{{ 1${times(3000, '+1')} }}{% endfor %}`,
  `{% for i in range(99999) %}{{ 1${times(1500, ' and 1')} }}{% endfor %}`,
  `{% for i in range(99999) %}{{ ${nest(100, '(', ')', 'i')} }}{{ ${times(100, '-(')}1${times(100, ')')} }}{% endfor %}`,
  '{% set n = 10000 %}{% for a in range(n) %}{% for b in range(n) %}{{ a * b }}{% endfor %}{% endfor %}',
  '{% for c in "x"|center(1000000) %}{% for d in "x"|center(1000000) %}{% endfor %}{% endfor %}',
  '{% for k, v in "x"|center(1000000) %}{{ k }}{% endfor %}{% for k, v in "x"|center(1000000) %}{{ k }}{% endfor %}',
  '{% macro f(n) %}{% for i in range(1000) %}{{ f(n) }}{% endfor %}{% endmacro %}{{ f(1) }}',
  '{% for i in range(99999) %}{{ range(99999)|length }}{% endfor %}',
  '{% for i in range(99999) %}{% switch i %}{% case -1 %}a{% case -2 %}b{% default %}{% for j in range(99) %}{% endfor %}{% endswitch %}{% endfor %}',
)

const chains = Array.from(
  { length: 30 },
  (_item, index) => `{% macro m${index}() %}{{ m${index + 1}() }}{{ m${index + 1}() }}{% endmacro %}`,
)
const recursion = refused(
  'recursion',
  '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
  '{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}',
  '{% macro f(n) %}{% if n > 0 %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(35) }}',
  `${chains.join('')}{% macro m30() %}x{% endmacro %}{{ m0() }}`,
  '{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}',
  '{% macro f() %}{% call f() %}{% endcall %}{% endmacro %}{{ f() }}',
  '{% macro f() %}{{ caller() }}{{ caller() }}{% endmacro %}{% call f() %}{% call f() %}{{ 1 }}{% endcall %}{% macro g() %}{{ g() }}{{ g() }}{% endmacro %}{{ g() }}{% endcall %}',
  '{% macro f(c) %}{{ caller(caller) }}{% endmacro %}{% call(c) f() %}{{ c(c) }}{% endcall %}',
  '{% macro f(x=f()) %}{% endmacro %}{{ f() }}',
  '{% macro f(s) %}{{ f(s ~ s) }}{% endmacro %}{{ f("ab") }}',
  '{% macro f(l) %}{{ f([l, l]) }}{% endmacro %}{{ f([]) }}',
)

const doubling = (by: string, start = '"ab"'): string =>
  `{% set s = ${start} %}{% for i in range(60) %}{% set s = ${by} %}{% endfor %}{{ s|length }}`
const growth = refused(
  'growth',
  doubling('s ~ s'),
  doubling('s + s'),
  doubling('[s, s]|join'),
  doubling('[s, s] ~ ""'),
  doubling('s|replace("a", "aa")'),
  doubling('s|replace("", s)'),
  doubling('s|indent(s|length, true)'),
  doubling('s|center(s|length * 4)'),
  doubling('s|nl2br ~ s', '"a\nb"'),
  doubling('s|escape ~ s', '"&&"'),
  doubling('(s ~ s)|forceescape', '"&&&&"'),
  doubling('(s ~ s)|urlencode', '"%%%%"'),
  doubling('s|dump', '"\\"\\""'),
  doubling('[s]|dump'),
  doubling('{ s: s }|dump(10)'),
  doubling('s|upper ~ s|lower'),
  doubling('s|title ~ s|capitalize'),
  doubling('s|reverse ~ s'),
  doubling('s|list|join(s)'),
  doubling('s|truncate(99999999, true, s) ~ s'),
  doubling('(s ~ s)|trim'),
  doubling('(s ~ s)|striptags'),
  doubling('s|string ~ s|safe'),
  '{% set s = "ab" %}{% for i in range(60) %}{% set s %}{{ s }}{{ s }}{% endset %}{% endfor %}{{ s|length }}',
  '{% set s = "ab" %}{% for i in range(60) %}{% set s %}{% filter upper %}{{ s }}{{ s }}{% endfilter %}{% endset %}{% endfor %}',
  nest(100, '{% filter replace("a", "aaaaaaaaaa") %}', '{% endfilter %}', 'a'),
  `{{ "a"${times(100, '|replace("a", "aaaaaaaaaa")')} }}`,
  `{{ "&"${times(40, '|forceescape')}${times(40, '|replace("&", "&&")')} }}`,
  '{% macro d(s) %}{{ s }}{{ s }}{% endmacro %}{% set s = "ab" %}{% for i in range(60) %}{% set s = d(s) %}{% endfor %}',
  '{% macro d() %}{{ caller() }}{{ caller() }}{% endmacro %}' +
    nest(60, '{% call d() %}', '{% endcall %}', 'ab'),
  `{% for i in range(99999) %}${times(60_000, 'x')}{% endfor %}`,
  `{% for i in range(99999) %}{% raw %}${times(60_000, 'x')}{% endraw %}{% endfor %}`,
  '{% set s = "x"|center(1000000) %}{% for i in range(100) %}{{ s }}{% endfor %}',
  '{% set s = "x"|center(1000000) %}{% for i in range(100) %}{% set t %}{{ s }}{% endset %}{% endfor %}',
  '{% set s = 1 %}{% for i in range(99999) %}{% set s = s ~ s ~ i %}{% endfor %}',
)

const sharing = (use: string): string =>
  `{% set a = ["x"] %}{% for i in range(60) %}{% set a = [a, a] %}{% endfor %}{{ ${use} }}`
const shared = refused(
  'shared structure',
  ...[
    'a',
    'a ~ ""',
    'a + 1',
    'a * 1',
    '-a',
    'a == "x"',
    '"x" == a',
    'a < "x"',
    'a|dump',
    'a|join',
    'a|string',
    'a|upper',
    'a|int',
    'a|escape',
    'a|urlencode',
    '[a]|sort|join',
    '[a, a]|sort|length',
    '[a]|groupby(a)|length',
    '[a]|join("", a)',
    '({ x: 1 })[a]',
    'a in "x"',
    'a in { x: 1 }',
    '"x"|replace("x", a)',
    '"x"|center(a)',
    '"x"|indent(a)',
    '[1]|sum("x", a)',
    '[a, a]|sum',
    'range(a)|length',
    'a is divisibleby(a)',
    'a is gt(a)',
    'a is even',
    '[1, 2]|batch(a)',
    '[1, 2]|slice(a)',
    '1|round(a)',
    '"1"|int(1, a)',
    '{ a: a }|dump',
    '{ a: a }|dictsort(true, "value")|dump',
    'a|title',
    'a|wordcount',
    'a|truncate(a)',
    'a % a',
    'a ** a',
    'a // a',
  ].map(sharing),
  '{% set a = {} %}{% for i in range(60) %}{% set a = { l: a, r: a } %}{% endfor %}{{ a|dump }}',
  '{% set a = [] %}{% for i in range(90000) %}{% set a = [a] %}{% endfor %}{{ a }}',
  '{% set a = [] %}{% for i in range(90000) %}{% set a = [a] %}{% endfor %}{{ a|dump }}',
  '{% set a = {} %}{% for i in range(90000) %}{% set a = { a: a } %}{% endfor %}{{ a|dump }}',
  '{% set a = [] %}{% for i in range(90000) %}{% set a = [a, range(99)] %}{% endfor %}',
  '{% set a = "x" %}{% for i in range(999999) %}{% set a = [a, i ~ "x"] %}{% endfor %}',
)

const arguments_ = refused(
  'argument',
  '{{ "x"|center(1000000000) }}',
  '{{ "x"|center(1 / 0) }}',
  '{{ "x"|indent(1000000000, true) }}',
  '{{ "x\n"|indent(1 / 0) }}',
  '{{ [1]|batch(1000000000, "x")|length }}',
  '{{ [1]|batch(1 / 0, "x")|length }}',
  '{{ [1]|slice(1000000000)|length }}',
  '{{ [1]|slice(1 / 0, "x")|length }}',
  '{{ range(1000000000)|length }}',
  '{{ ("x"|center(1000000))|replace("", "x"|center(1000000)) }}',
  '{{ range(99999)|join("x"|center(100000)) }}',
  '{{ range(99999)|batch(1)|dump(10) }}{{ range(99999)|batch(1)|dump(10) }}{{ range(99999)|batch(1)|dump(10) }}',
  `{% set a = range(2000) %}{{ ${nest(50, '[', ']', 'a')}|dump(10) }}{% for i in range(99) %}{{ ${nest(50, '[', ']', 'a')}|dump(10)|length }}{% endfor %}`,
  '{{ ("x"|center(2000000))|upper }}',
)

const big = '{% set s = "a"|center(999999)|replace(" ", "a") %}'
const slow = [
  ...refused(
    'slow primitive',
    ...[
      'trim',
      'striptags',
      'striptags(true)',
      'upper',
      'lower',
      'title',
      'capitalize',
      'wordcount',
      'reverse',
      'urlencode',
      'escape',
      'nl2br',
      'int',
      'float',
      'list|length',
      'indent',
      'truncate(9)',
      'replace("b", "c")',
      'dump',
      'first',
      'last',
      'string',
    ].map((filter) => `${big}{% for i in range(99999) %}{% set t = (s ~ i)|${filter} %}{% endfor %}`),
    ...[
      's == t',
      's < t',
      's > t',
      't in s',
      's in t',
      's[0]',
      's[i]',
      's * 1',
      's is lower',
      's is eq(t)',
      '[s]|sort|length',
      '[s, t]|sort|length',
      '{ a: s }[s]',
      't in [s, s]',
      '[t]|select("eq", s)|length',
      '[s]|groupby|length',
    ].map(
      (use) =>
        `${big}{% for i in range(99999) %}{% set s = "b" ~ s|truncate(900000, true, "") %}{% set t = "b" ~ s|truncate(900000, true, "") %}{% set x = ${use} %}{% endfor %}`,
    ),
    `${big}{% set t = s ~ "" %}{% for i in range(99999) %}{% switch s ~ i %}{% case t ~ 1 %}{% case t ~ 2 %}{% endswitch %}{% endfor %}`,
    '{% set s = " "|center(999999) %}{% for i in range(99999) %}{% set t = ("x" ~ s ~ "x")|trim %}{% endfor %}',
    '{% set s = "<"|center(999)|replace(" ", "<a ") %}{% for i in range(99999) %}{% set t = (s ~ i)|striptags %}{% endfor %}',
    '{% set s = "<!--"|center(999)|replace(" ", "<!--") %}{% for i in range(99999) %}{% set t = (s ~ i)|striptags %}{% endfor %}',
    '{% set l = range(99999) %}{% for i in range(99999) %}{% set t = l|sort|length %}{% endfor %}',
    '{% set l = range(99999) %}{% for i in range(99999) %}{% set t = -1 in l %}{% endfor %}',
    '{% set l = range(99999) %}{% for i in range(99999) %}{% set t = l|reverse|length %}{% endfor %}',
  ),
]

const depth = refused(
  'nesting',
  ...[9, 60].flatMap((thousands) => {
    const count = thousands * 1_000
    return [
      `{{ ${nest(count, '(', ')', '1')} }}`,
      `{{ ${nest(count, '[', ']')} }}`,
      `{{ ${times(count, '{a:')}1${times(count, '}')} }}`,
      `{{ ${times(count, 'not ')}1 }}`,
      `{{ ${times(count, '-')}1 }}`,
      `{{ ${times(count, '+')}1 }}`,
      `{{ ${times(count, '-(')}1${times(count, ')')} }}`,
      `{{ a${times(count, '.b')} }}`,
      `{{ a${times(count, '[0]')} }}`,
      `{{ a${times(count, '()')} }}`,
      `{{ a${times(count, '|upper')} }}`,
      `{{ a${times(count, '[a')}${times(count, ']')} }}`,
      `{{ ${times(count, 'a(')}${times(count, ')')} }}`,
      `{{ ${times(count, 'a if ')}a }}`,
      `{{ ${times(count, 'a if a else (')}${times(count, ')')} }}`,
      `{{ 2${times(count, '**2')} }}`,
      `{{ 2${times(count, '//2')} }}`,
      `{{ a${times(count, ' in a')} }}`,
      `{{ a${times(count, ' is defined')} }}`,
      nest(count, '{% if a %}', '{% endif %}'),
      nest(count, '{% for a in b %}', '{% endfor %}'),
      nest(count, '{% filter upper %}', '{% endfilter %}'),
      nest(count, '{% set a %}', '{% endset %}'),
      nest(count, '{% macro a() %}', '{% endmacro %}'),
      nest(count, '{% call a() %}', '{% endcall %}'),
      nest(count, '{% switch a %}{% case 1 %}', '{% endswitch %}'),
      nest(count, '{% raw %}', ''),
      `{% if a %}${times(count, '{% elif a %}')}{% endif %}`,
      `{% if a %}${times(count, '{% else %}{% if a %}')}${times(count, '{% endif %}')}{% endif %}`,
      `{{ "x"${times(count, ' ~ "x"')} }}${times(count, 'x')}`.padEnd(70_000, 'y'),
    ]
  }),
)

function deep(levels: number, list: boolean): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = list ? [value] : { a: value }
  return value
}

function sharedData(levels: number): unknown {
  let value: unknown = { a: 1 }
  for (let level = 0; level < levels; level++) value = { a: value, b: value }
  return value
}

const heavyData: Attack[] = [
  ['deep lists', () => deep(100_000, true)],
  ['deep objects', () => deep(100_000, false)],
  ['shared objects', () => sharedData(60)],
  ['a sparse list', () => Object.assign([], { length: 4_294_967_295 })],
  ['a wide list', () => Array.from({ length: 2_000_000 }, () => 0)],
  [
    'a wide object',
    () => Object.fromEntries(Array.from({ length: 300_000 }, (_item, index) => [`k${index}`, index])),
  ],
].flatMap(([name, make]) =>
  withData(
    () => ({ d: (make as () => unknown)() }),
    refused(String(name), '{{ d }}', '{{ d|dump }}', '{% for i in d %}{{ i }}{% endfor %}'),
  ),
)

const claims = withData(
  () => ({ d: { length: 4_000_000_000 }, s: { length: 1e9, 0: 'x' } }),
  [
    { name: 'a claimed length 1', template: '{% for i in d %}{{ i }}{% endfor %}', harmless: [''] },
    { name: 'a claimed length 2', template: '{{ d|batch(2)|length }}', harmless: ['0'] },
    { name: 'a claimed length 3', template: '{{ s|reverse|length }}', harmless: ['0'] },
    { name: 'a claimed length 4', template: '{{ d|sort|length }}', harmless: ['0'] },
    { name: 'a claimed length 5', template: '{{ d|select|length }}', harmless: ['0'] },
    { name: 'a claimed length 6', template: '{{ d|last }}{{ d|first }}{{ s|sum("a") }}', harmless: ['0'] },
    { name: 'a claimed length 7', template: '{{ d|groupby("a")|length }}', harmless: ['0'] },
  ],
)

const texts = withData(
  () => ({
    a: 'a'.repeat(300_000),
    n: `b${'a'.repeat(149_999)}`,
    m: `${'a'.repeat(1_000)}b${'a'.repeat(1_000)}`,
  }),
  [
    { name: 'quadratic search 1', template: '{{ n in a }}', harmless: ['false'] },
    { name: 'quadratic search 2', template: '{{ a|replace(n, "")|length }}', harmless: ['300000'] },
    {
      name: 'quadratic search 3',
      template: '{{ m in a }}{{ a|replace(m, "")|length }}',
      harmless: ['false300000'],
    },
    { name: 'quadratic search 4', template: '{{ (a ~ n) in (a ~ a) }}', harmless: ['false'] },
    ...refused('quadratic search', '{% for i in range(99999) %}{% set x = (m ~ i) in a %}{% endfor %}'),
  ],
)

/** Attempts to use up time or memory. */
export const floods: readonly Attack[] = [
  ...loops,
  ...recursion,
  ...growth,
  ...shared,
  ...arguments_,
  ...slow,
  ...depth,
  ...heavyData,
  ...claims,
  ...texts,
]
