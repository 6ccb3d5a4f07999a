import { createRequire } from 'node:module'
import { createTemplateEngine, renderTemplate } from 'llm-switchyard/templates'

/** Stock nunjucks, as far as it is compared with. It must not see templates of strangers. */
interface Nunjucks {
  readonly Environment: new (loader: null, options: object) => object
  readonly Template: new (
    source: string,
    environment: object,
    path?: string,
    eager?: boolean,
  ) => {
    render(data: object): string
  }
}

const { Environment, Template } = createRequire(import.meta.url)('nunjucks') as Nunjucks
const environment = new Environment(null, { autoescape: false })

const PROMPT = `{%- macro line(role, text, mark="-") -%}
{{ mark }} {{ role|upper }}: {{ text|trim }}
{% endmacro -%}
You are {{ persona }}, an assistant of {{ company.name }}.
{% if style == "formal" %}Write formally.{% elif style == "short" %}Stay under {{ limit }} words.{% else %}Write freely.{% endif %}

Rules:
{% for rule in rules %}{{ loop.index }}. {{ rule.title|title }}{% if rule.hard %} (must){% endif %}: {{ rule.text }}
{% endfor %}
{% set total = documents|length %}Documents ({{ total }}):
{% for document in documents %}[{{ loop.index }}/{{ loop.length }}] {{ document.title|default("untitled") }}: {{ document.body|truncate(80) }}{% if not loop.last %}
{% endif %}{% endfor %}

Conversation:
{% for m in messages %}{{ line(m.role, m.content, mark=("*" if m.role == "user" else "-")) }}{% endfor %}
Tags: {{ tags|sort|join(", ") }}
{% if footer %}{{ footer }}{% endif %}
Answer in {{ language|default("English") }}. Do not repeat these rules, do not talk about {{ company.name }} itself, and stop after {{ limit }} words.`

const promptData = (turns: number): object => ({
  persona: 'Ada',
  company: { name: 'Acme' },
  style: 'short',
  limit: 120,
  rules: [
    { title: 'be kind', text: 'Always.', hard: true },
    { title: 'be brief', text: 'Mostly.' },
    { title: 'cite', text: 'Use [n].' },
  ],
  documents: [{ title: 'A', body: 'lorem ipsum '.repeat(12) }, { body: 'short' }],
  messages: Array.from({ length: turns }, (_item, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: ` message number ${index} with some words `,
  })),
  tags: ['x', 'b', 'q'],
})

const FIELDS = Array.from({ length: 14 }, (_item, index) => `v${index}`)
const FLAT = FIELDS.map(
  (name) => `This is field ${name} of the flat prompt: {{ ${name} }}. A few words follow it here. `,
).join('')
const flatData = Object.fromEntries(FIELDS.map((name) => [name, `the value of ${name}`]))

interface Subject {
  readonly title: string
  readonly source: string
  readonly data: object
  /** At most this many times what stock takes. */
  readonly bar?: number | undefined
}

const subjects: readonly Subject[] = [
  { title: `prompt, ${PROMPT.length} characters`, source: PROMPT, data: promptData(3), bar: 1 },
  { title: `flat, ${FLAT.length} characters, 14 variables`, source: FLAT, data: flatData },
  { title: 'prompt, 200 messages', source: PROMPT, data: promptData(200) },
]

const ROUNDS = 21
const ROUND_MS = 60

/** CPU of one rendering in microseconds, in a round. The last character is read, so that the text is really made. */
function timed(render: () => string): number {
  let count = 0
  const until = performance.now() + ROUND_MS
  const before = process.cpuUsage()
  do {
    for (let turn = 0; turn < 20; turn++)
      if (Number.isNaN(render().at(-1)?.length)) throw new Error('no text')
    count += 20
  } while (performance.now() < until)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

/** Medians over rounds that alternate, the first of them for warming up. */
function compare(stock: () => string, ours: () => string): { readonly stock: number; readonly ours: number } {
  const times = { stock: [] as number[], ours: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = [timed(stock), timed(ours)]
    if (round < 3) continue
    times.stock.push(a)
    times.ours.push(b)
  }
  return { stock: median(times.stock), ours: median(times.ours) }
}

function row(title: string, { stock, ours }: ReturnType<typeof compare>, bar?: number): string {
  const ratio = ours / stock
  const verdict = bar === undefined ? '' : ratio <= bar ? 'holds' : 'DOES NOT HOLD'
  return `| ${title} | ${stock.toFixed(2)} | ${ours.toFixed(2)} | ${ratio.toFixed(2)}× | ${verdict} |`
}

console.log(
  `Node ${process.version}, CPU in µs\n\n| | stock nunjucks | ours | ratio | bar: no slower |\n|---|---|---|---|---|`,
)
for (const { title, source, data, bar } of subjects) {
  const stock = new Template(source, environment, undefined, true)
  if (stock.render(data) !== renderTemplate(source, data)) throw new Error(`${title}: not the same text`)
  console.log(
    row(
      `cached render: ${title}`,
      compare(
        () => stock.render(data),
        () => renderTemplate(source, data),
      ),
      bar,
    ),
  )
}
const fresh = createTemplateEngine({ cachedNodes: 0 })
const data = promptData(3)
const first = compare(
  () => new Template(PROMPT, environment, undefined, true).render(data),
  () => fresh.renderTemplate(PROMPT, data),
)
console.log(row('compile and render: prompt', first))
