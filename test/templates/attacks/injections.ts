import { type Attack, empty, refused, withData } from './attack.ts'

/** Code that a compiler would paste into a name's place. */
const CODES = [
  'a"+1337+"b',
  'a"];return 1337//',
  "a'+1337+'b",
  'a`${1337}`',
  'a\\u0022',
  'a;1337',
  'a\u2028b',
  'x"y',
  '1a',
  'a@b',
  'a$`',
  'a?b',
  'a^b',
  'é"',
]

/** Places of a name in a template; `$` is the name. */
const PLACES = [
  '{{ $ }}',
  '{{ a.$ }}',
  '{{ $.b }}',
  '{{ a|$ }}',
  '{{ a is $ }}',
  '{{ $() }}',
  '{{ f($=1) }}',
  '{% set $ = 1 %}',
  '{% set a, $ = 1 %}',
  '{% set $ %}x{% endset %}',
  '{% for $ in [1] %}x{% endfor %}',
  '{% for a, $ in [[1, 2]] %}x{% endfor %}',
  '{% macro $() %}{% endmacro %}',
  '{% macro m($) %}{% endmacro %}',
  '{% macro m($=1) %}{% endmacro %}',
  '{% filter $ %}x{% endfilter %}',
  '{% call $() %}x{% endcall %}',
  '{% call($) m() %}x{% endcall %}',
  '{{ { $: 1 } }}',
  '{% $ %}',
]

const names = CODES.flatMap((code, index) =>
  PLACES.map((place, at) => ({
    name: `name ${index} in place ${at}`,
    template: place.replace('$', () => code),
  })),
)

/** Literals in places that need a name. */
const LITERALS = ['"x"', '5', 'true', 'none', '[a]', '{ a: 1 }', '(a)', 'a.b', 'a[0]', 'a()']
const NAME_ONLY = PLACES.slice(7, 15)
const literals = LITERALS.flatMap((literal, index) =>
  NAME_ONLY.map((place, at) => ({
    name: `literal ${index} in place ${at}`,
    template: place.replace('$', () => literal),
  })),
)

const prototypes = [
  ...empty(
    'prototype key',
    '{{ {}.__proto__ }}',
    '{{ ({})["__proto__"] }}',
    '{{ ({})["__pro" ~ "to__"].polluted }}',
    '{{ [].__proto__ }}',
    '{% set d = { "__proto__": { "x": "seen" } } %}{{ d.x }}',
    '{% set d = { __proto__: { "x": "seen" } } %}{{ d.x }}',
    '{% set __proto__ = 1 %}',
    '{% set a.__proto__ = 1 %}',
    '{% set a.b.c = 1 %}',
    '{% set constructor.prototype.x = 1 %}',
    '{% for __proto__ in [1] %}{% endfor %}',
    '{% macro __proto__() %}{% endmacro %}',
    '{% macro m(__proto__) %}{% endmacro %}{{ m(1) }}',
    '{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m(__proto__={ x: "seen" }) }}',
    '{% macro m(__keywords) %}{% endmacro %}',
    '{{ { "constructor": { "prototype": { "x": 1 } } }.x }}',
    '{% set g = [{ k: "__proto__" }]|groupby("k") %}{{ g.k }}{{ g[0] }}',
    '{{ ({ a: 1 })|list|last|string|replace("[object Object]", "") }}',
    '{% set constructor = { "prototype": { "polluted": 1 } } %}{{ "".polluted }}',
    '{% set prototype = 1 %}{{ a.prototype }}',
  ),
  ...withData(
    () =>
      JSON.parse(
        '{ "d": { "__proto__": { "x": "seen" }, "a": 1 }, "l": [{ "__proto__": { "x": "seen" } }] }',
      ),
    empty(
      'prototype key in the data',
      '{{ d.x }}',
      '{{ d["__proto__"].x }}',
      '{{ l[0].x }}{{ l|join("", "x") }}',
      '{% for k, v in d %}{{ v.x }}{% endfor %}',
      '{% set e = d %}{{ e.x }}{{ { a: d }.a.x }}',
    ),
  ),
]

const keywords = withData(
  () => ({ fake: { __keywords: true, a: 'posed', caller: 'posed' }, a: 'outer' }),
  empty(
    'data that poses as arguments',
    '{% macro m(x, a="") %}{{ a }}{% endmacro %}{{ m(1, fake)|replace("[object Object]", "") }}',
    '{% macro m(x, a="") %}{{ a }}{% endmacro %}{{ m(fake) }}',
    '{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}',
    '{% macro m(a) %}{{ caller }}{% endmacro %}{{ m(fake) }}',
    '{% macro m(a) %}{% if a %}{{ a }}{% endif %}{% endmacro %}{{ m(none) }}',
    '{% macro m(b, a=missing) %}{{ a }}{% endmacro %}{{ m(1) }}',
    '{{ [2, 1]|sort(fake)|join|replace("12", "")|replace("21", "") }}',
  ),
)

/** Attempts to smuggle in code, prototypes or arguments. */
export const injections: readonly Attack[] = [
  ...names,
  ...literals,
  ...refused(
    'string as the name of a test',
    '{{ 1 is "defined" }}',
    '{{ 1 is "constructor" }}',
    '{{ 1 is 5 }}',
    '{{ 1 is [a] }}',
  ),
  ...refused(
    'regular expression',
    '{{ r/x/ }}',
    '{{ r/x/g.constructor }}',
    '{{ "x"|replace(r/(x+)+$/, "y") }}',
    '{{ a is r/x/ }}',
  ),
  ...prototypes,
  ...keywords,
]
