import { type Attack, CODE, empty, refused, withData } from './attack.ts'

/** Values that lead to `Function` in JavaScript. */
const STARTS = [
  '""',
  '"x"',
  '1',
  '1.5',
  'true',
  '[]',
  '[1]',
  '({ a: 1 })',
  'range',
  'range(2)',
  'cycler',
  'joiner',
  'm',
  'name',
  'list',
  'dict',
  'missing',
]

/** Ways to name a field without writing its name. */
const KEYS = [
  '.constructor',
  '["constructor"]',
  '["con" ~ "structor"]',
  '["con" + "structor"]',
  '["CONSTRUCTOR"|lower]',
  '["rotcurtsnoc"|reverse]',
  '[["con", "structor"]|join]',
  '["con.structor"|replace(".", "")]',
  '["xconstructor"|replace("x", "")]',
  '[" constructor "|trim]',
  '[["constructor"]]',
  '[key]',
  '[{ k: "constructor" }.k]',
  '["constructor" if true]',
  '[word()]',
  '["<b>constructor</b>"|striptags]',
  '["constructor,x"|truncate(11, true, "")]',
]

const SETUP = '{% macro m() %}{% endmacro %}{% macro word() %}constructor{% endmacro %}'
const data = (): Record<string, unknown> => ({ name: 'x', list: [1], dict: { a: 1 }, key: 'constructor' })

const lookups = STARTS.flatMap((start, index) =>
  KEYS.map((key, at) => ({
    name: `field of a value ${index}/${at}`,
    template: `${SETUP}{{ ${start}${key} }}{{ (${start}${key})${key} }}`,
    harmless: [''],
  })),
)

const calls = STARTS.map((start, index) => ({
  name: `call of a field ${index}`,
  template: `${SETUP}{{ ${start}.constructor.constructor("${CODE}")() }}`,
}))

/** Names that are found on prototypes. */
const INHERITED = [
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
  'toLocaleString',
  '__defineGetter__',
  '__lookupGetter__',
]

const inherited = INHERITED.flatMap((name) => [
  ...empty(
    `inherited variable ${name}`,
    `{{ ${name} }}`,
    `{{ ${name}.name }}`,
    `{% set f = ${name} %}{{ f }}`,
  ),
  ...refused(
    `inherited callee ${name}`,
    `{{ ${name}() }}`,
    `{{ ${name}("a") }}`,
    `{% set f = ${name} %}{{ f() }}`,
  ),
  ...refused(`inherited filter ${name}`, `{{ 1|${name} }}`, `{% filter ${name} %}x{% endfilter %}`),
  ...refused(`inherited test ${name}`, `{{ 1 is ${name} }}`, `{{ [1]|select("${name}")|join }}`),
])

const methods = refused(
  'method',
  '{{ "x".toUpperCase() }}',
  '{{ "x".repeat(9) }}',
  '{{ "x".replace("x", range) }}',
  '{{ "x"["at"](0) }}',
  '{{ [1].push(2) }}',
  '{{ [3, 1].sort() }}',
  '{{ [1].map(range) }}',
  '{{ ({ a: 1 }).hasOwnProperty("a") }}',
  '{{ (1).toFixed(2) }}',
  '{{ range.call(0, 3) }}',
  '{{ range.bind(0)() }}',
  '{{ range["apply"](0, [3]) }}',
  '{{ range(3)() }}',
  '{{ range(3).join("") }}',
  '{{ (range)(3) }}',
  '{{ [range][0](3) }}',
  '{{ ({ r: range }).r(3) }}',
  '{{ "range"(3) }}',
  '{{ (1 if false else range)(3) }}',
  '{{ cycler("a", "b").next() }}',
  '{{ joiner(",")() }}',
  '{{ cycler() }}',
  '{{ joiner() }}',
  '{{ caller() }}',
  '{{ super() }}',
  '{{ self.x() }}',
  '{{ loop.cycle("a") }}',
  '{{ eval("1") }}',
  '{{ require("fs") }}',
  '{{ process.exit() }}',
  '{{ globalThis.process.exit() }}',
  '{{ Function("return 1")() }}',
  '{{ import("fs") }}',
  '{% macro m() %}{{ m.constructor("return 1")() }}{% endmacro %}{{ m() }}',
  '{% macro m() %}{{ caller.constructor("return 1")() }}{% endmacro %}{% call m() %}x{% endcall %}',
  '{% call range.constructor("return 1") %}x{% endcall %}',
  '{% call ["x"].map() %}x{% endcall %}',
  '{% call 5 %}x{% endcall %}',
  '{% call "x"() %}x{% endcall %}',
)

const context = empty(
  'engine object',
  '{{ env }}{{ context }}{{ frame }}{{ runtime }}{{ cb }}{{ output }}{{ lineno }}',
  '{{ this }}{{ self }}{{ globalThis }}{{ global }}{{ process }}{{ window }}{{ module }}{{ exports }}{{ arguments }}',
  '{{ env.opts }}{{ context.ctx }}{{ context.env.globals }}{{ frame.parent }}{{ runtime.Frame }}',
  '{{ loop.constructor }}{% for i in [1] %}{{ loop.constructor }}{{ loop.__lookupGetter__ }}{% endfor %}',
  '{% macro m() %}{{ caller.name }}{{ caller.invoke }}{% endmacro %}{% call m() %}x{% endcall %}',
  '{{ range.name }}{{ range.invoke }}{{ range.length }}{{ range["invoke"] }}{{ range|dump }}{{ range|string }}',
  '{{ range|upper }}{{ range|join }}{{ range|list|join }}{{ [range]|join }}{{ [range, range]|first }}',
)

const functions = withData(
  () => ({
    f: () => '1337',
    o: { f: () => '1337', toString: () => '1337', valueOf: () => 1337, toJSON: () => '1337' },
    list: [() => 1],
  }),
  [
    ...refused(
      'function in the data',
      '{{ f() }}',
      '{{ o.f() }}',
      '{{ list[0]() }}',
      '{% call f() %}{% endcall %}',
    ),
    ...empty(
      'function in the data',
      '{{ f }}',
      '{{ o.f }}',
      '{{ list[0] }}',
      '{{ f.name }}{{ f.constructor }}',
      '{{ f|string }}',
      '{{ list|join }}',
    ),
    { name: 'conversion 1', template: '{{ o }}', harmless: ['[object Object]'] },
    {
      name: 'conversion 2',
      template: '{{ o ~ "" }}{{ "" + o }}',
      harmless: ['[object Object][object Object]'],
    },
    { name: 'conversion 3', template: '{{ o * 1 }}{{ -o }}{{ o < 2000 }}', harmless: ['NaNNaNfalse'] },
    { name: 'conversion 4', template: '{{ o == "1337" }}{{ o == 1337 }}', harmless: ['falsefalse'] },
    { name: 'conversion 5', template: '{{ o|dump }}{{ [o]|dump }}', harmless: ['{}[{}]'] },
    {
      name: 'conversion 6',
      template: '{{ [o]|join }}{{ [o]|sort|join }}',
      harmless: ['[object Object][object Object]'],
    },
    { name: 'conversion 7', template: '{{ dict[o] }}{{ o|int }}{{ o|float }}', harmless: [''] },
    { name: 'conversion 8', template: '{{ o|length }}{{ o|upper }}', harmless: ['0[OBJECT OBJECT]'] },
  ],
)

/** Attempts to reach code of the application. */
export const escapes: readonly Attack[] = [
  ...withData(data, lookups),
  ...withData(data, calls),
  ...inherited,
  ...methods,
  ...context,
  ...functions,
]
