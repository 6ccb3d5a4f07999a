import type { ObjectShape, Shape } from './shapes.ts'

/** What is wrong with a value: where, and why. */
export interface Wrong {
  readonly path: string
  readonly why: 'unknown field' | 'missing field' | 'wrong type'
}
/** Faults of a value, and the ids of the declared fields that it has. */
export interface Verdict {
  readonly wrong: readonly Wrong[]
  readonly said: readonly string[]
}

/** Checks a JSON value against a shape. Of several shapes the one with the fewest faults counts. */
export function judge(shape: Shape, value: unknown, path = ''): Verdict {
  const wrongType: Verdict = { wrong: [{ path, why: 'wrong type' }], said: [] }
  switch (shape.kind) {
    case 'any':
      return RIGHT
    case 'nothing':
      return wrongType
    case 'word':
      return value === shape.value ? RIGHT : wrongType
    case 'text':
      return typeof value === 'string' ? RIGHT : wrongType
    case 'number':
      return typeof value === 'number' ? RIGHT : wrongType
    case 'flag':
      return typeof value === 'boolean' ? RIGHT : wrongType
    case 'pattern':
      return typeof value === 'string' && shape.pattern.test(value) ? RIGHT : wrongType
    case 'list':
      return Array.isArray(value)
        ? joined(value.map((item, at) => judge(shape.item, item, `${path}.${at}`)))
        : wrongType
    case 'either':
      return judgeEither(shape.shapes, value, path)
    case 'object':
      return isObject(value) ? judgeObject(shape, value, path) : wrongType
  }
}
const RIGHT: Verdict = { wrong: [], said: [] }

function judgeEither(shapes: readonly Shape[], value: unknown, path: string): Verdict {
  let best: Verdict | undefined
  const fitting = shapes.filter((shape) => fits(shape, value))
  for (const shape of fitting) {
    const verdict = judge(shape, value, path)
    if (verdict.wrong.length === 0) return verdict
    if (best === undefined || verdict.wrong.length < best.wrong.length) best = verdict
  }
  return best ?? { wrong: [{ path, why: 'wrong type' }], said: [] }
}

// Whether the value is of the shape's kind, and has the words that tell it from others.
function fits(shape: Shape, value: unknown): boolean {
  switch (shape.kind) {
    case 'either':
      return shape.shapes.some((one) => fits(one, value))
    case 'list':
      return Array.isArray(value)
    case 'object':
      return isObject(value) && hasWords(shape, value)
    default:
      return judge(shape, value).wrong.length === 0
  }
}

function hasWords({ fields }: ObjectShape, value: Record<string, unknown>): boolean {
  for (const name of ['type', 'role']) {
    const field = fields.get(name)
    const held = value[name]
    if (field === undefined || typeof held !== 'string') continue
    if (judge(field.shape(), held).wrong.length > 0) return false
  }
  return true
}

function judgeObject(shape: ObjectShape, value: Record<string, unknown>, path: string): Verdict {
  const verdicts: Verdict[] = []
  for (const [name, held] of Object.entries(value)) {
    const place = path === '' ? name : `${path}.${name}`
    const field = shape.fields.get(name)
    if (field !== undefined) {
      const verdict = judge(field.shape(), held, place)
      verdicts.push({ wrong: verdict.wrong, said: [...verdict.said, field.id] })
    } else if (shape.rest !== undefined) verdicts.push(judge(shape.rest, held, place))
    else verdicts.push({ wrong: [{ path: place, why: 'unknown field' }], said: [] })
  }
  for (const [name, { isRequired }] of shape.fields) {
    if (!isRequired || Object.hasOwn(value, name)) continue
    verdicts.push({
      wrong: [{ path: path === '' ? name : `${path}.${name}`, why: 'missing field' }],
      said: [],
    })
  }
  return joined(verdicts)
}

function joined(verdicts: readonly Verdict[]): Verdict {
  return { wrong: verdicts.flatMap(({ wrong }) => wrong), said: verdicts.flatMap(({ said }) => said) }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
