import fc from 'fast-check'

/** Plain data that every random template is rendered with. */
export const data: Readonly<Record<string, unknown>> = {
  name: 'Ada',
  n: 3,
  neg: -2,
  pi: 2.71428,
  zero: 0,
  yes: true,
  no: false,
  nil: null,
  blank: '',
  text: 'Hello  wide World, foo\nbar',
  digits: '42',
  html: '<p class="a">Tom &amp; <b>Jerry</b></p>',
  list: ['b', 'a', 'C', 'a'],
  nums: [3, 1, 2, 10],
  rows: [
    { id: 2, name: 'x', tags: ['p', 'q'] },
    { id: 1, name: 'Y', tags: [] },
    { id: 3, name: 'z', tags: ['r'] },
  ],
  dict: { b: 2, a: 1, C: 3 },
  nested: { deep: { er: 'z' }, 2: 'two' },
  pairs: [
    ['k', 1],
    ['l', 2],
  ],
  none_left: [],
  bare: {},
}

const pick = (...values: string[]): fc.Arbitrary<string> => fc.constantFrom(...values)
const text = (parts: TemplateStringsArray, ...values: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...values).map((made) => String.raw({ raw: parts.raw }, ...made))

const blank = pick('', ' ')
const words = pick('one ', 'two\n', ' <x> & "y" ', '{ a: 1 }', "it's ", '#1 ', '  \n ', 'é')
const literals = pick(
  '"ab"',
  "'a b'",
  '""',
  '1',
  '0',
  '2.5',
  '7',
  'true',
  'false',
  'none',
  '"x\\ny"',
  '"a,b"',
)
const texts = pick('name', 'text', 'digits', 'html', 'blank')
const numbers = pick('n', 'neg', 'pi', 'zero')
const lists = pick('list', 'nums', 'rows', 'pairs', 'none_left')
const dicts = pick('dict', 'nested', 'bare', 'rows[0]')
const fields = pick(
  'nested.deep.er',
  'nested["deep"]["er"]',
  'nested[2]',
  'rows[1].name',
  'rows[n - 1].id',
  'list[0]',
  'list[9]',
  'list.length',
  'name.length',
  'name[1]',
  'dict.a',
  'dict["C"]',
  'missing.field.deep',
  'bare.nothing',
)
const variables = pick('x', 'y', 'item', 'v', 'k', 'w')
const missing = pick('missing', 'nil')

const loops = pick(
  'loop.index',
  'loop.index0',
  'loop.revindex',
  'loop.revindex0',
  'loop.first',
  'loop.last',
  'loop.length',
)

const textFilters = pick(
  'upper',
  'lower',
  'capitalize',
  'title',
  'trim',
  'length',
  'replace("a", "-")',
  'replace("o", "0", 1)',
  'replace("", ".")',
  'truncate(7)',
  'truncate(9, true)',
  'truncate(5, true, "…")',
  'indent',
  'indent(2, true)',
  'center(20)',
  'center(13)',
  'nl2br',
  'wordcount',
  'striptags',
  'striptags(true)',
  'urlencode',
  'reverse',
  'list|join("-")',
  'first',
  'last',
  'string',
  'default("d")',
  'default("d", true)',
  'd("d")',
  'int',
  'int(5)',
  'float',
  'float(1.5)',
  'dump',
)
const numberFilters = pick(
  'abs',
  'round',
  'round(1)',
  'round(1, "floor")',
  'round(0, "ceil")',
  'int',
  'float',
  'dump',
)
const listFilters = pick(
  'join',
  'join(", ")',
  'length',
  'first',
  'last',
  'reverse|join',
  'sort|join(",")',
  'sort(true)|join(",")',
  'sort(false, true)|join(",")',
  'sort(reverse=true)|join(",")',
  'list|length',
  'dump',
  'dump(2)',
  'batch(2)|dump',
  'batch(3, "-")|dump',
  'slice(2)|dump',
  'slice(3, "-")|dump',
  'select|join(",")',
  'reject|length',
  'select("string")|join(",")',
  'reject("odd")|join(",")',
  'select("gt", 1)|join(",")',
)
const rowFilters = pick(
  'join(",", "name")',
  'sort(attribute="name")|join(",", "id")',
  'sort(attribute="id", reverse=true)|dump',
  'groupby("id")|dump',
  'groupby("name")|length',
  'sum("id")',
  'sum("id", 10)',
  'selectattr("id")|length',
  'rejectattr("missing")|length',
  'selectattr("name")|join(",", "name")',
)
const dictFilters = pick(
  'length',
  'dump',
  'dump(1)',
  'dictsort|dump',
  'dictsort(true)|dump',
  'dictsort(false, "value")|dump',
  'list|dump',
  'urlencode',
)

const textTests = pick(
  'defined',
  'undefined',
  'string',
  'number',
  'mapping',
  'truthy',
  'falsy',
  'null',
  'none',
)
const numberTests = pick(
  'odd',
  'even',
  'divisibleby(2)',
  'number',
  'gt(2)',
  'lessthan(3)',
  'eq(3)',
  'ne(3)',
  'ge(3)',
)

export interface Grammar {
  readonly template: fc.Arbitrary<string>
}

/** Templates an honest author could write, with everything that is allowed in them. */
export const grammar: Grammar = fc.letrec<{
  operand: string
  value: string
  condition: string
  statement: string
  body: string
  template: string
}>((tie) => ({
  operand: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    literals,
    texts,
    numbers,
    fields,
    variables,
    missing,
    loops,
    text`(${tie('value')})`,
    text`${texts}|${textFilters}`,
    text`${texts}|${textFilters}|${textFilters}`,
    text`${numbers}|${numberFilters}`,
    text`${lists}|${listFilters}`,
    text`rows|${rowFilters}`,
    text`${dicts}|${dictFilters}`,
    text`[${tie('value')}, ${tie('value')}]|join("+")`,
    text`{ "p": ${tie('value')}, q: ${tie('value')} }|dump`,
    text`{ a: ${tie('value')} }.a`,
    text`[${tie('value')}][0]`,
    text`range(${pick('n', '2', '1, 4', '5, 0, -2', '0')})|join("")`,
  ),
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    tie('operand'),
    text`${tie('operand')} ~ ${tie('operand')}`,
    text`${tie('operand')} ${pick('+', '-', '*', '/', '%', '//', '**')} ${tie('operand')}`,
    text`${tie('operand')} ${pick('+', '-', '*', '/', '%', '~')} ${tie('operand')} ${pick('+', '-', '*', '/', '%', '~', '//')} ${tie('operand')}`,
    text`${tie('operand')} if ${tie('condition')} else ${tie('operand')}`,
    text`${tie('operand')} if ${tie('condition')}`,
    text`${tie('operand')} or ${tie('operand')}`,
    text`${tie('operand')} and ${tie('operand')}`,
    text`-${numbers}`,
    text`-${numbers}|abs`,
    tie('condition'),
  ),
  condition: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'value' },
    text`${tie('operand')} ${pick('==', '!=', '===', '!==', '<', '>', '<=', '>=')} ${tie('operand')}`,
    text`${tie('operand')} is ${textTests}`,
    text`${tie('operand')} is not ${textTests}`,
    text`${numbers} is ${numberTests}`,
    text`${texts} is ${pick('lower', 'upper', 'iterable', 'sameas("Ada")')}`,
    text`${literals} in ${lists}`,
    text`${pick('"a"', 'name', '"b"', '""')} in ${texts}`,
    text`${pick('"a"', '"zz"', 'name')} not in ${pick('dict', 'list', 'text')}`,
    text`not ${tie('operand')}`,
    text`(${tie('condition')}) and (${tie('condition')})`,
    text`(${tie('condition')}) or not (${tie('condition')})`,
    text`${numbers} < ${numbers} == ${pick('true', 'false')}`,
  ),
  statement: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'body' },
    { weight: 6, arbitrary: words },
    { weight: 6, arbitrary: text`{{${blank}${tie('value')}${blank}}}` },
    { weight: 2, arbitrary: text`{{- ${tie('value')} -}}` },
    // nunjucks wraps text that is marked as safe in an object, so these filters come last.
    {
      weight: 1,
      arbitrary: text`{{ ${texts}|${textFilters}|${pick('escape', 'e', 'safe', 'forceescape', 'safe|e', 'e|trim|e')} }}`,
    },
    { weight: 1, arbitrary: text`{#${pick('', '-')} note ${pick('', '-')}#}` },
    {
      weight: 1,
      arbitrary: text`{% ${pick('raw', 'verbatim').map((tag) => `${tag} %} {{ x }} {% if %} {% end${tag}`)} %}`,
    },
    {
      weight: 3,
      arbitrary: text`{% if ${tie('condition')} %}${tie('body')}{% elif ${tie('condition')} %}${tie('body')}{% else %}${tie('body')}{% endif %}`,
    },
    { weight: 2, arbitrary: text`{%- if ${tie('value')} -%}${tie('body')}{%- endif -%}` },
    { weight: 2, arbitrary: text`{% for item in ${lists} %}${tie('body')}{% endfor %}` },
    {
      weight: 1,
      arbitrary: text`{% for item in ${pick('missing', 'nil', 'none_left', 'bare', 'n')} %}a{% else %}${tie('body')}{% endfor %}`,
    },
    {
      weight: 2,
      arbitrary: text`{%- for k, v in ${pick('dict', 'nested', 'pairs', 'name')} %}${tie('body')}{% endfor -%}`,
    },
    { weight: 1, arbitrary: text`{% for w in range(${pick('3', 'n', '2, 5')}) %}${tie('body')}{% endfor %}` },
    { weight: 1, arbitrary: text`{% for w in name %}${tie('body')}{% endfor %}` },
    {
      weight: 3,
      arbitrary: text`{% set ${variables} = ${pick('1', '"s"', 'n', 'name', 'n + 1', 'list', 'dict', '[1, 2]', 'name ~ "!"')} %}`,
    },
    { weight: 1, arbitrary: text`{% set x = x ~ ${texts} %}` },
    {
      weight: 1,
      arbitrary: text`{% set ${pick('n = 7', 'name = "Zed"', 'n = n + 1', 'name = name ~ n', 'm = 5')} %}`,
    },
    {
      weight: 1,
      arbitrary: text`{% for ${pick('n in nums', 'name, n in dict', 'name, n in pairs', 'x, y, w in pairs', 'item in nums if pi is gt(2)', 'item in list if no')} %}${tie('body')}{% else %}none{% endfor %}`,
    },
    {
      weight: 1,
      arbitrary: text`{% macro a(p, q=p, r=n) %}{% set x = q %}{% macro b(p) %}{{ p }}{{ q }}{{ x }}${tie('body')}{% endmacro %}{{ b(1) }}{{ r }}${tie('body')}{% endmacro %}{{ a(${pick('1', '2, r=3', 'p=n')}) }}${tie('body')}{{ a(${pick('4', 'p=zero')})|${pick('upper', 'length', 'replace("1", "one")')} ~ "!" }}`,
    },
    { weight: 1, arbitrary: text`{% set x, y = ${numbers} %}` },
    { weight: 2, arbitrary: text`{% set ${variables} %}${tie('body')}{% endset %}` },
    {
      weight: 1,
      arbitrary: text`{% filter ${pick('upper', 'trim', 'title', 'replace("a", "_")', 'indent(2)', 'length')} %}${tie('body')}{% endfilter %}`,
    },
    {
      weight: 1,
      arbitrary: text`{% switch ${pick('n', 'name', 'loop.index', 'x')} %}{% case 3 %}${tie('body')}{% case "Ada" %}{% case 1 %}${tie('body')}{% default %}${tie('body')}{% endswitch %}`,
    },
    {
      weight: 2,
      arbitrary: text`{% macro m(p, q="${pick('d', '')}") %}<{{ p }}|{{ q }}>${tie('body')}{% endmacro %}{{ m(${tie('value')}) }}${tie('body')}{{ m(${pick('1', 'name', 'q="k", p="p"', '1, 2', '1, q="z"', '')}) }}`,
    },
    {
      weight: 1,
      arbitrary: text`{% macro box(t) %}[{{ t }}:{{ caller(${pick('', '1', '"c"')}) }}]{% endmacro %}{% call${pick('', '(u)')} box("T") %}${words}{{ ${pick('pi', 'u', 'text')} }}{% endcall %}`,
    },
  ),
  body: fc.array(tie('statement'), { maxLength: 4, depthIdentifier: 'body' }).map((parts) => parts.join('')),
  template: fc.array(tie('statement'), { minLength: 1, maxLength: 7 }).map((parts) => parts.join('')),
}))
