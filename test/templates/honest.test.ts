import { describe, expect, test } from 'vitest'
import { renderTemplate } from 'llm-switchyard/templates'

type Case = readonly [template: string, data: object, output: string]

const messages = [
  { role: 'system', content: 'Be kind.' },
  { role: 'user', content: ' Hi <b>you</b> ' },
  { role: 'assistant', content: 'Hello!', tool_calls: [{ name: 'look', arguments: { q: 'x' } }] },
  { role: 'user', content: 'Bye' },
]

const families: Readonly<Record<string, readonly Case[]>> = {
  'variables and text': [
    [
      'Dear {{ a.b }}{{ a["c"] }}{{ l[0] }}{{ l[n - 1] }}!',
      { a: { b: 1, c: 2 }, l: [3, 4], n: 2 },
      'Dear 1234!',
    ],
    ['[{{ no }}][{{ no.such.field }}][{{ a.b.c }}]', { a: { b: null } }, '[][][]'],
    [
      '{{ t }} {{ f }} {{ n }} {{ z }} {{ x }}',
      { t: true, f: false, n: null, z: 0, x: 1.5 },
      'true false  0 1.5',
    ],
    ['{{ [1, [2, 3], none, "x"] }} {{ { a: 1 } }}', {}, '1,2,3,,x [object Object]'],
    ['{{ html }}', { html: '<a href="x">&\'</a>' }, '<a href="x">&\'</a>'],
    ['{{ a }}', { a: '{{ b }}{% if %}{# c' }, '{{ b }}{% if %}{# c'],
    ['{ "json": {"a": [1, 2]} } # {x} %} }}', {}, '{ "json": {"a": [1, 2]} } # {x} %} }}'],
    ['{{ "é\\n\\"q\\"" }}{{ \'it\\\'s\' }}', {}, 'é\n"q"it\'s'],
    ['{{ größe }} {{ 名前 }} {{ _x }} {{ $y }}', { größe: 1, 名前: 2, _x: 3, $y: 4 }, '1 2 3 4'],
    [
      '{{ a.length }} {{ d.length }} {{ s.length }}',
      { a: [1, 2], d: { length: 'own' }, s: 'abc' },
      '2 own 3',
    ],
    [
      '{{ keys }} {{ name }} {{ range }} {{ constructor }} {{ d.toString }}',
      { keys: 1, name: 2, range: 3, constructor: 4, d: { toString: 5 } },
      '1 2 3 4 5',
    ],
    [
      'constructor __proto__ eval({{ x }}) process.exit()',
      { x: 'Function("return this")()' },
      'constructor __proto__ eval(Function("return this")()) process.exit()',
    ],
  ],
  expressions: [
    [
      '{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2 ** 10 }} {{ -3 + 1 }}',
      {},
      '7 9 3 3 1024 -2',
    ],
    ['{{ 6 / 3 * 2 }} {{ 5 * 4 % 3 }} {{ 10 - 2 + 3 }} {{ 2 * 7 // 2 }}', {}, '4 2 11 6'],
    ['{{ "a" ~ 1 ~ true }} {{ "a" + 1 }} {{ 1 ~ 2 }}', {}, 'a1true a1 12'],
    [
      '{{ 1 < 2 and 2 <= 2 }} {{ 1 == "1" }} {{ 1 === "1" }} {{ 1 != 2 }} {{ "a" < "b" }}',
      {},
      'true true false true true',
    ],
    ['{{ a or "d" }} {{ b and "x" }} {{ not a }} {{ none or 0 or "z" }}', { a: '', b: 1 }, 'd x true z'],
    ['{{ a || "d" }} {{ b && "x" }} {{ a||b&&"y" }} {{ "||" ~ "&&" }}', { a: '', b: 1 }, 'd x y ||&&'],
    ['{% if a || b && c %}yes{% endif %} a || b && c', { a: 0, b: 1, c: 1 }, 'yes a || b && c'],
    ['{{ "yes" if a else "no" }}{{ "only" if not a }}', { a: 1 }, 'yes'],
    [
      '{{ "b" in "abc" }} {{ 2 in [1, 2] }} {{ "k" in { k: 1 } }} {{ "z" not in "abc" }} {{ "x" in missing }}',
      {},
      'true true true true false',
    ],
    ['{{ not x == 1 }} {{ not "a" in "b" }}', { x: 2 }, 'true true'],
    ['{{ role in ("user", "tool") }} {{ (1, 2, 3)|join }}', { role: 'user' }, 'true 123'],
    ['{{ True }} {{ False }} {{ None is none }} {{ a if a == None }}', { a: null }, 'true false true '],
    ['{{ True }}{{ range }}', { True: 'own', range: 'data' }, 'owndata'],
    ['{{ missing ~ "x" }} {{ none ~ "x" }} {{ missing + 1 }}', {}, 'undefinedx nullx NaN'],
  ],
  tests: [
    [
      '{{ a is defined }} {{ b is undefined }} {{ a is not defined }} {{ n is none }} {{ n is null }}',
      { a: 1, n: null },
      'true true false true true',
    ],
    [
      '{{ 4 is even }} {{ 3 is odd }} {{ 9 is divisibleby(3) }} {{ 2 is gt(1) }} {{ 1 is eq(1) }}',
      {},
      'true true true true true',
    ],
    [
      '{{ "x" is string }} {{ 1 is number }} {{ {} is mapping }} {{ [] is iterable }} {{ [] is sequence }}',
      {},
      'true true true true true',
    ],
    [
      '{{ f is false }} {{ t is true }} {{ t is boolean }} {{ 1 is integer }} {{ 1.5 is float }} {{ 1 is in([1]) }}',
      { f: false, t: true },
      'true true true true true true',
    ],
    [
      '{{ m is callable }} {{ range is callable }} {{ "x" is callable }}{% macro m() %}{% endmacro %} {{ m is callable }}',
      {},
      'false true false true',
    ],
    ['{{ "abc" is lower }} {{ "ABC" is upper }} {{ "Abc" is lower }}', {}, 'true true false'],
  ],
  'conditions and switches': [
    ['{% if a > 2 %}A{% elif a > 1 %}B{% elseif a > 0 %}C{% else %}D{% endif %}', { a: 1 }, 'C'],
    ['{% if [] %}list{% endif %}{% if "" %}text{% endif %}{% if {} %}dict{% endif %}', {}, 'listdict'],
    [
      '{% switch a %}{% case 1 %}one{% case 2 %}{% case 3 %}few{% default %}many{% endswitch %}',
      { a: 2 },
      'few',
    ],
    ['{% switch a %}{% case 1 %}one{% default %}many{% endswitch %}', { a: '1' }, 'many'],
  ],
  loops: [
    [
      '{% for i in l %}{{ loop.index }}/{{ loop.length }}{{ i }}{{ "," if not loop.last }}{% endfor %}',
      { l: ['a', 'b'] },
      '1/2a,2/2b',
    ],
    [
      '{% for i in l %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }} {% endfor %}',
      { l: [1, 2] },
      '021true 110false ',
    ],
    ['{% for k, v in d %}{{ k }}={{ v }};{% endfor %}', { d: { b: 1, a: 2 } }, 'b=1;a=2;'],
    [
      '{% for k, v in d|dictsort %}{{ k }}={{ v }};{% endfor %}{% for k, v in d|items %}{{ k }}{% endfor %}',
      { d: { b: 1, a: 2 } },
      'a=2;b=1;ba',
    ],
    [
      '{% for a, b, c in l %}{{ a }}{{ b }}{{ c }} {% endfor %}',
      {
        l: [
          [1, 2, 3],
          [4, 5],
        ],
      },
      '123 45 ',
    ],
    [
      '{% for c in "añ" %}[{{ c }}]{% endfor %}{% for i in range(1, 7, 2) %}{{ i }}{% endfor %}{% for i in range(3, 0, -1) %}{{ i }}{% endfor %}',
      {},
      '[a][ñ]135321',
    ],
    [
      '{% for i in l %}x{% else %}none{% endfor %}{% for i in no %}x{% else %}none{% endfor %}',
      { l: [] },
      'nonenone',
    ],
    ['{% for i in [1, 2] %}{% for j in [] %}{% else %}-{% endfor %}{% endfor %}', {}, '--'],
    [
      '{% for a in [1, 2] %}{% for b in [3] %}{{ loop.index }}{{ a }}{{ b }}{% endfor %}{{ loop.index }} {% endfor %}',
      {},
      '1131 1232 ',
    ],
    ['{% set n = 0 %}{% for i in [1, 2, 3] %}{% set n = n + i %}{% endfor %}{{ n }}', {}, '6'],
    ['{% for i in [1, 2] %}{{ seen }}{% set seen = i %}{% endfor %}[{{ seen }}]', {}, '1[]'],
    [
      '{% for m in ms if m.role != "system" %}{{ loop.index }}{{ m.role }} {% else %}none{% endfor %}',
      { ms: messages },
      '1user 2assistant 3user ',
    ],
    ['{% for m in ms if false %}x{% else %}none{% endfor %}', { ms: messages }, 'none'],
  ],
  'set, captures and filter blocks': [
    ['{% set a = 1 %}{% set a, b = a + 1 %}{{ a }}{{ b }}', {}, '22'],
    ['{% set a %}<{{ x }}>{% endset %}{{ a }}{{ a|length }}', { x: 'y' }, '<y>3'],
    ['{% set x = missing %}[{{ x }}]', { x: 'old' }, '[]'],
    ['{% if true %}{% set x = 1 %}{% endif %}{{ x }}', {}, '1'],
    [
      '{% filter upper %}a{{ x }}{% filter replace("B", "c") %}b{% endfilter %}{% endfilter %}',
      { x: 'x' },
      'AXB',
    ],
  ],
  'macros and call blocks': [
    [
      '{% macro f(a, b="B", c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }} {{ f(1, 2) }} {{ f(1, c=3) }} {{ f(b=2, a=1) }}',
      {},
      '1B1 121 1B3 121',
    ],
    ['{% macro f(a) %}[{{ a }}]{% endmacro %}{{ f() }}{{ f(1, 2, 3) }}', { a: 'outer' }, '[][1]'],
    ['{% macro f() %}{{ x }}{% endmacro %}{% set x = 2 %}{{ f() }}', { x: 1 }, '2'],
    ['{% macro f(n) %}{{ n }}{% if n > 1 %},{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}', {}, '3,2,1'],
    [
      '{% macro w(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call w("b") %}x{{ y }}{% endcall %}',
      { y: 1 },
      '<b>x1</b>',
    ],
    [
      '{% macro l(items) %}{% for i in items %}{{ caller(i, loop.index) }}{% endfor %}{% endmacro %}{% call(i, n) l(["a", "b"]) %}{{ n }}{{ i }} {% endcall %}',
      {},
      '1a 2b ',
    ],
    [
      '{% macro f() %}{% if caller %}has{% else %}none{% endif %}{% endmacro %}{{ f() }}{% call f() %}{% endcall %}',
      {},
      'nonehas',
    ],
    [
      '{% for r in ["x", "y"] %}{% macro f() %}m{% endmacro %}{% macro c() %}{{ caller() }}{% endmacro %}{% call c() %}{{ loop.index }}{{ r }}{% endcall %}{% endfor %}',
      {},
      '1x2y',
    ],
    [
      '{% macro f() %}ab{% endmacro %}{{ f()|upper }}{{ f() ~ "c" }}{{ f()|length }}{{ "yes" if f() == "ab" }}',
      {},
      'ABabc2yes',
    ],
  ],
  filters: [
    [
      '{{ "hello world"|title }} {{ "aB"|capitalize }} {{ " x "|trim }} {{ "ab"|reverse }}',
      {},
      'Hello World Ab x ba',
    ],
    [
      '{{ l|sort|join("-") }} {{ l|sort(reverse=true)|join("-") }} {{ l|first }}{{ l|last }} {{ l|length }}',
      { l: ['b', 'C', 'a'] },
      'a-b-C C-b-a ba 3',
    ],
    [
      '{{ r|join(", ", "n") }} {{ r|sort(attribute="n")|join("", "n") }} {{ r|sum("n") }} {{ r|selectattr("ok")|join("", "n") }}',
      { r: [{ n: 2, ok: true }, { n: 1 }] },
      '2, 1 12 3 2',
    ],
    [
      '{{ ms|selectattr("role", "eq", "user")|join("|", "content") }}',
      { ms: messages },
      ' Hi <b>you</b> |Bye',
    ],
    [
      '{{ d|dump }} {{ d|tojson }} {{ d|dump(1) }} {{ [1]|tojson(indent=2) }}',
      { d: { a: [null, 'é"'] } },
      '{"a":[null,"é\\""]} {"a":[null,"é\\""]} {\n "a": [\n  null,\n  "é\\""\n ]\n} [\n  1\n]',
    ],
    ['{{ "a\nb"|indent(2) }} {{ "a\nb"|indent(width=1, first=true) }}', {}, 'a\n  b  a\n b'],
    [
      '{{ no|default("d") }} {{ ""|default("d", true) }} {{ no|d("e") }} {{ ""|default("d", boolean=true) }}',
      {},
      'd d e d',
    ],
    [
      '{{ "one two three"|truncate(9) }} {{ "abcdef"|truncate(3, true, "…") }} {{ "one two"|wordcount }}',
      {},
      'one two... abc… 2',
    ],
    [
      '{{ "<b>&</b>"|escape }} {{ "<b>"|e|e }} {{ "<b>"|safe|e }} {{ "<p>a</p> b"|striptags }}',
      {},
      '&lt;b&gt;&amp;&lt;/b&gt; &lt;b&gt; <b> a b',
    ],
    [
      '{{ 3.14159|round(2) }} {{ "7"|int + 1 }} {{ "x"|int(5) }} {{ "1.5"|float }} {{ -3|abs }} {{ "ff"|int(base=16) }}',
      {},
      '3.14 8 5 1.5 3 255',
    ],
    [
      '{{ [1, 2, 3]|batch(2, "-")|dump }} {{ [1, 2, 3]|slice(2)|dump }} {{ "ab"|list|dump }}',
      {},
      '[[1,2],[3,"-"]] [[1,2],[3]] ["a","b"]',
    ],
    [
      '{{ r|groupby("k")|dump }}',
      {
        r: [
          { k: 'a', n: 1 },
          { k: 'b', n: 2 },
          { k: 'a', n: 3 },
        ],
      },
      '{"a":[{"k":"a","n":1},{"k":"a","n":3}],"b":[{"k":"b","n":2}]}',
    ],
    [
      '{{ "a b&c"|urlencode }} {{ { q: "x y", n: 1 }|urlencode }} {{ "a\nb"|nl2br }}',
      {},
      'a%20b%26c q=x%20y&n=1 a<br />\nb',
    ],
    [
      '{{ [1, 2, 3, 4]|select("even")|join }} {{ [0, 1]|reject|join }} {{ "aXbX"|replace("X", "-") }} {{ "aaa"|replace("a", "b", 2) }}',
      {},
      '24 0 a-b- bba',
    ],
    ['[{{ "ab"|center(6) }}] {{ "x"|string|upper|lower }}', {}, '[  ab  ] x'],
    ['{% filter trim %}  {{ x|default("y") }}  {% endfilter %}', {}, 'y'],
  ],
  'whitespace and raw text': [
    ['a  {%- if true -%}  b  {%- endif -%}  c', {}, 'abc'],
    ['a {{- x -}} b {#- note -#} c', { x: 1 }, 'a1bc'],
    [
      '{% raw %}{{ x }} {% if %}{% endraw %}{% verbatim %}{{ y }}{% endverbatim %}',
      {},
      '{{ x }} {% if %}{{ y }}',
    ],
    ['{% raw %}{% raw %}a{% endraw %}{% endraw %}b', {}, '{% raw %}a{% endraw %}b'],
    ['a {%- raw %} x {%- endraw -%} b', {}, 'a xb'],
    ['line{# a\ncomment #}\nend', {}, 'line\nend'],
  ],
}

describe.each(Object.entries(families))('%s', (_family, cases) => {
  test.each(cases)('%s', (template, data, output) => {
    expect(renderTemplate(template, data)).toBe(output)
  })
})

describe('chat templates of models', () => {
  const data = {
    messages,
    bos_token: '<s>',
    eos_token: '</s>',
    add_generation_prompt: true,
    tools: [{ name: 'look' }],
  }

  test('with a turn for each message', () => {
    const template = `{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content']|trim + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`
    expect(renderTemplate(template, data)).toBe(
      '<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHi <b>you</b><|im_end|>\n' +
        '<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n',
    )
  })

  test('with the system message in the first turn', () => {
    const template = `{%- if messages[0]['role'] == 'system' -%}{%- set system = messages[0]['content'] -%}{%- endif -%}
{%- for message in messages if message.role != 'system' -%}
  {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
    {{ raise_exception('roles must alternate') }}
  {%- endif -%}
  {%- if loop.first and system is defined -%}
    {%- set content = '<<SYS>>' ~ system ~ '<</SYS>>' ~ message.content -%}
  {%- else -%}
    {%- set content = message.content -%}
  {%- endif -%}
  {%- if message.role == 'user' -%}
    {{ bos_token + '[INST] ' + content|trim + ' [/INST]' }}
  {%- elif message.role == 'assistant' -%}
    {{ ' ' + content|trim + ' ' + eos_token }}
  {%- endif -%}
{%- endfor -%}`
    expect(renderTemplate(template, data)).toBe(
      '<s>[INST] <<SYS>>Be kind.<</SYS>> Hi <b>you</b> [/INST] Hello! </s><s>[INST] Bye [/INST]',
    )
    const swapped = { ...data, messages: [messages[0], messages[2], messages[1]] }
    expect(() => renderTemplate(template, swapped)).toThrow('line 4: `raise_exception` is not a macro')
  })

  test('with tools, in the layout that models expect', () => {
    const template = `{% if tools is defined and tools is not none %}
Tools:
    {% for tool in tools %}
{{ tool | tojson }}
    {% endfor %}
{% endif %}
{% for message in messages %}
    {% if message.tool_calls is defined and message.tool_calls | length > 0 %}
{{ message.role }} calls {% for call in message.tool_calls %}{{ call.name }}({{ call.arguments | tojson }}){% endfor %}

    {% endif %}
{% endfor %}
`
    expect(renderTemplate(template, data, { trimBlocks: true, lstripBlocks: true })).toBe(
      'Tools:\n{"name":"look"}\nassistant calls look({"q":"x"})\n',
    )
  })
})

test('text of every kind passes through to the byte', () => {
  const texts = [
    '',
    ' \n\t ',
    '\r\n',
    '\u2028\u00a0\ufeff',
    '\ud800 half',
    '😀',
    '<&"\'\\>',
    '{{ x }}',
    'a'.repeat(400_000),
  ]
  for (const text of texts) {
    expect(renderTemplate('{{ text }}', { text })).toBe(text)
    expect(renderTemplate('{% for t in [text] %}{{ t }}{% endfor %}', { text })).toBe(text)
  }
})
