import fc from 'fast-check'

const pick = (...values: string[]): fc.Arbitrary<string> => fc.constantFrom(...values)
const text = (parts: TemplateStringsArray, ...values: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...values).map((made) => String.raw({ raw: parts.raw }, ...made))

/** Constructs that are refused before anything runs. */
interface Words {
  readonly names: readonly string[]
  readonly fields: readonly string[]
  readonly filters: readonly string[]
  readonly tests: readonly string[]
  readonly tags: readonly string[]
}

const none: Words = { names: [], fields: [], filters: [], tests: [], tags: [] }

const refusable: Words = {
  names: ['instance', 'getter', 'top', 'x.y', '"x"', 'r/x/'],
  fields: ['__proto__', '__keywords', '"a"', '1'],
  filters: [
    'map("constructor")',
    'attr("constructor")',
    'urlize',
    'random',
    'constructor',
    'toString',
    'sort(nope=1)',
  ],
  tests: ['constructor', 'toString', '"odd"', 'nope'],
  tags: ['include', 'extends', 'block', 'asyncEach', 'constructor'],
}

const operators = pick(
  '+',
  '-',
  '*',
  '/',
  '%',
  '//',
  '**',
  '~',
  '==',
  '===',
  '!=',
  '<',
  '>',
  'and',
  'or',
  'in',
  'not in',
  '&&',
  '||',
)
const literals = pick(
  '"constructor"',
  '"con" ~ "structor"',
  '"__proto__"',
  '""',
  '"x"',
  '1',
  '0',
  '-1',
  '99999999',
  '0.1',
  'true',
  'none',
  '"toString"',
  '[]',
  '{}',
  '"return 1"',
  '"<a"',
  '"length"',
)

const namesOf = (words: Words): fc.Arbitrary<string> =>
  pick(
    'name',
    'list',
    'dict',
    'text',
    'f',
    'o',
    'functions',
    'range',
    'm',
    'x',
    'y',
    'caller',
    'loop',
    'i',
    'constructor',
    'toString',
    '__defineGetter__',
    'this',
    'env',
    'context',
    'process',
    'globalThis',
    'missing',
    ...words.names,
  )

const fieldsOf = (words: Words): fc.Arbitrary<string> =>
  pick(
    'constructor',
    'prototype',
    'toString',
    'valueOf',
    'toJSON',
    'call',
    'apply',
    'bind',
    'caller',
    'arguments',
    'length',
    'name',
    'a',
    'b',
    'c',
    'then',
    'invoke',
    'g',
    '__lookupGetter__',
    'map',
    'join',
    'next',
    'index',
    ...words.fields,
  )

const filtersOf = (words: Words): fc.Arbitrary<string> =>
  pick(
    'upper',
    'join',
    'join("x")',
    'list',
    'first',
    'last',
    'dump',
    'dump(10)',
    'string',
    'sort',
    'length',
    'safe',
    'sort(attribute="constructor")',
    'groupby("constructor")',
    'groupby("a")',
    'select("callable")',
    'reject',
    'selectattr("constructor")',
    'batch(9999999, "x")',
    'slice(99999999)',
    'center(99999999)',
    'center(99)',
    'indent(99999999)',
    'indent',
    'replace("", x)',
    'replace("a", f)',
    'escape',
    'striptags',
    'trim',
    'items',
    'sum("constructor")',
    'sum',
    'dictsort',
    'default(f)',
    'int',
    'float',
    'reverse',
    'tojson',
    'title',
    'abs',
    'truncate(f)',
    'round(99)',
    'urlencode',
    'nl2br',
    'wordcount',
    'd(o, o)',
    'batch(o)',
    'join(o, o)',
    'count',
    ...words.filters,
  )

const testsOf = (words: Words): fc.Arbitrary<string> =>
  pick(
    'defined',
    'callable',
    'mapping',
    'iterable',
    'sameas(f)',
    'eq(o)',
    'gt(o)',
    'divisibleby(o)',
    'in(o)',
    'string',
    'lower',
    'upper',
    'odd',
    'none',
    'true',
    'escaped',
    'number',
    ...words.tests,
  )

/**
 * Templates that try every way out. Without `refused`, all of them are well-formed and name nothing unknown, so that
 * they run until they end or fail.
 */
export function hostileTemplates(refused: boolean): fc.Arbitrary<string> {
  const words = refused ? refusable : none
  const names = namesOf(words)
  const fields = fieldsOf(words)
  const filters = filtersOf(words)
  const callees = refused ? names : pick('range', 'm', 'm', 'x', 'caller', 'f')
  return fc.letrec<{ value: string; statement: string; body: string; template: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'value' },
      names,
      literals,
      text`${refused ? tie('value') : names}.${fields}`,
      text`(${tie('value')})[${tie('value')}]`,
      text`(${tie('value')})["${fields}"]`,
      text`${callees}(${tie('value')})`,
      text`${callees}(${pick('x', 'y', 'caller', 'length')}=${tie('value')})`,
      refused ? text`${tie('value')}(${tie('value')})` : text`(${tie('value')})`,
      text`[${tie('value')}, ${tie('value')}]`,
      text`{ ${pick('a', 'constructor', 'toString', 'then', 'length', 'toJSON')}: ${tie('value')} }`,
      text`(${tie('value')} ${operators} ${tie('value')})`,
      text`(${tie('value')})|${filters}`,
      text`((${tie('value')}) is ${testsOf(words)})`,
      text`(${tie('value')} if ${tie('value')} else ${tie('value')})`,
      text`-(${tie('value')})`,
      text`not (${tie('value')})`,
    ),
    statement: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'body' },
      text`{{ ${tie('value')} }}`,
      text`{% set ${pick('x', 'm', 'y', 'range', 'loop', 'constructor')} = ${tie('value')} %}`,
      text`{% set x %}${tie('body')}{% endset %}`,
      text`{% if ${tie('value')} %}${tie('body')}{% else %}${tie('body')}{% endif %}`,
      text`{% for ${pick('x', 'loop', 'i', 'x, y', 'constructor')} in ${tie('value')} %}${tie('body')}{% endfor %}`,
      text`{% for i in range(${pick('3', '99', '999', '99999999', 'o')}) %}${tie('body')}{% endfor %}`,
      text`{% macro m(${pick('', 'x', 'x=1', 'x=f', 'caller', 'x, y=m')}) %}${tie('body')}{% endmacro %}`,
      text`{% call${pick('', '(x)')} m(${tie('value')}) %}${tie('body')}{% endcall %}`,
      text`{% filter ${filters} %}${tie('body')}{% endfilter %}`,
      text`{% switch ${tie('value')} %}{% case ${tie('value')} %}${tie('body')}{% default %}${tie('body')}{% endswitch %}`,
      text`{% raw %}${tie('body')}{% endraw %}`,
      ...words.tags.map((tag) => text`{% ${fc.constant(tag)} ${tie('value')} %}`),
    ),
    body: fc
      .array(tie('statement'), { maxLength: 3, depthIdentifier: 'body' })
      .map((parts) => parts.join('')),
    template: fc.array(tie('statement'), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')),
  })).template
}
