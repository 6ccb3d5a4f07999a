import { filters } from './filters/index.ts'
import { tests } from './operators.ts'
import type { nodes } from './parse.ts'
import type { Reading } from './reading.ts'
import { flatText } from './text.ts'
import type { Arguments, Entry, Expression, Link, MacroBody, Operator } from './tree.ts'

type Family = Readonly<Partial<Record<nodes.AnyNode['typename'], Operator>>>

// nunjucks emits operators as JavaScript without brackets, so operators of one family run from left to right.
const SUMS: Family = { Add: '+', Sub: '-', Concat: '~' }
const PRODUCTS: Family = { Mul: '*', Div: '/', Mod: '%' }
const EQUALITIES: ReadonlySet<string> = new Set(['==', '===', '!=', '!=='])

/** Reads one expression. Fails for every node type that is not listed here. */
export function readExpression(reading: Reading, node: nodes.AnyNode): Expression {
  switch (node.typename) {
    case 'Add':
    case 'Sub':
    case 'Concat':
      return readChain(reading, [node], SUMS)
    case 'Mul':
    case 'Div':
    case 'Mod':
      return readChain(reading, [node], PRODUCTS)
    case 'FloorDiv':
      reading.count(node)
      return { kind: 'floor', target: readChain(reading, [node.right, '/', node.left], PRODUCTS) }
    case 'Pow':
      reading.count(node)
      return { kind: 'power', left: reading.expression(node.left), right: reading.expression(node.right) }
    case 'And':
      return { kind: 'and', items: readList(reading, node) }
    case 'Or':
      return { kind: 'or', items: readList(reading, node) }
    case 'Compare':
      return readComparison(reading, node)
    case 'In':
      reading.count(node)
      return { kind: 'in', left: reading.expression(node.left), right: reading.expression(node.right) }
    case 'Not':
      return readUnary(reading, 'not', node)
    case 'Neg':
      return readUnary(reading, 'minus', node)
    case 'Pos':
      return readUnary(reading, 'plus', node)
    default:
      return readOperand(reading, node)
  }
}

function readUnary(reading: Reading, kind: 'not' | 'minus' | 'plus', node: nodes.Unary): Expression {
  reading.count(node)
  return { kind, target: reading.expression(node.target) }
}

function readOperand(reading: Reading, node: nodes.AnyNode): Expression {
  reading.count(node)
  const { line } = reading
  switch (node.typename) {
    case 'Literal':
      return readLiteral(reading, node.value)
    case 'Symbol':
      if (node.value === 'loop') reading.loopReads++
      return { kind: 'name', name: node.value }
    case 'Group':
      return readGroup(reading, node)
    case 'Array':
      return { kind: 'list', items: node.children.map((child) => reading.expression(child)) }
    case 'Dict':
      return { kind: 'dict', entries: node.children.map((child) => readEntry(reading, child)) }
    case 'LookupVal':
      if (node.val === null) reading.fail('missing index between [ and ]')
      return { kind: 'member', target: reading.expression(node.target), key: reading.expression(node.val) }
    case 'InlineIf':
      return readChoice(reading, node)
    case 'Is':
      return readTest(reading, node)
    case 'FunCall': {
      if (node.name.typename !== 'Symbol')
        reading.fail('only macros, caller and range can be called, by name')
      return { kind: 'call', name: node.name.value, args: readArguments(reading, node.args.children), line }
    }
    case 'Filter':
      return readFilter(reading, node)
    default:
      return reading.fail(`unsupported expression (${node.typename})`)
  }
}

function readLiteral(reading: Reading, value: unknown): Expression {
  if (typeof value === 'string') return { kind: 'literal', value: flatText(value) }
  if (value === null || typeof value === 'number' || typeof value === 'boolean')
    return { kind: 'literal', value }
  return reading.fail('unsupported literal; use a text, a number, true, false or none')
}

// One value in parentheses is that value; several are a list, because Jinja authors write tuples so.
function readGroup(reading: Reading, node: nodes.Aggregate): Expression {
  const [first, ...others] = node.children
  if (first === undefined) reading.fail('missing expression between ( and )')
  if (others.length === 0) return reading.expression(first)
  return { kind: 'list', items: node.children.map((child) => reading.expression(child)) }
}

function readEntry(reading: Reading, pair: nodes.AnyNode): Entry {
  reading.count(pair)
  if (pair.typename !== 'Pair') return reading.fail('a dict needs `name: value`')
  const { key } = pair
  const named = key.typename === 'Symbol' || (key.typename === 'Literal' && typeof key.value === 'string')
  if (!named) reading.fail('the key of a dict must be a name or a text')
  const name = flatText(String(key.value))
  if (name === '__proto__') reading.fail('the key `__proto__` is not allowed')
  return { name, value: reading.expression(pair.value) }
}

function readChoice(reading: Reading, node: nodes.InlineIf): Expression {
  const otherwise = node.else_ === null ? undefined : reading.expression(node.else_)
  return {
    kind: 'choice',
    test: reading.expression(node.cond),
    chosen: reading.expression(node.body),
    otherwise,
  }
}

function readTest(reading: Reading, { left, right }: nodes.Binary): Expression {
  const target = reading.expression(left)
  const name = testName(reading, right)
  if (!tests.has(name)) reading.fail(`unknown test \`${name}\``)
  const args = right.typename === 'FunCall' ? readArguments(reading, right.args.children) : undefined
  if (args !== undefined && args.keywords.length > 0)
    reading.fail(`the test \`${name}\` takes no named arguments`)
  return { kind: 'test', name, target, args: args?.positional ?? [] }
}

function testName(reading: Reading, node: nodes.AnyNode): string {
  reading.count(node)
  if (node.typename === 'Symbol') return node.value
  if (node.typename === 'FunCall' && node.name.typename === 'Symbol') return node.name.value
  if (node.typename === 'Literal' && node.value === null) return 'none'
  if (node.typename === 'Literal' && typeof node.value === 'boolean') return String(node.value)
  return reading.fail('`is` must be followed by the name of a test')
}

function readFilter(reading: Reading, node: nodes.Call): Expression {
  const { line } = reading
  const name = reading.name(node.name, 'a filter')
  if (!filters.has(name)) reading.fail(`unknown filter \`${name}\``)
  const [input, ...args] = node.args.children
  if (input === undefined) return reading.fail(`the filter \`${name}\` has no input`)
  const body = input.typename === 'Capture' ? reading.statements(input.body) : undefined
  return {
    kind: 'filter',
    name,
    input: body === undefined ? reading.expression(input) : { kind: 'capture', body },
    args: readArguments(reading, args),
    line,
  }
}

/** Reads a chain of operators of one family. `work` is a stack of nodes and operators, the leftmost on top. */
function readChain(reading: Reading, work: (nodes.AnyNode | Operator)[], family: Family): Expression {
  const operands: Expression[] = []
  const operators: Operator[] = []
  for (let item = work.pop(); item !== undefined; item = work.pop()) {
    if (typeof item === 'string') {
      operators.push(item)
      continue
    }
    const operator = family[item.typename]
    if (operator === undefined || !('left' in item)) {
      operands.push(reading.expression(item))
      continue
    }
    reading.count(item)
    work.push(item.right, operator, item.left)
  }
  return linked(operands, operators)
}

/** Flattens `a and b and c`, which the parser nests to the left. */
function readList(reading: Reading, node: nodes.Binary): Expression[] {
  const items: nodes.AnyNode[] = []
  let left: nodes.AnyNode = node
  while (left.typename === node.typename && 'left' in left) {
    reading.count(left)
    items.push(left.right)
    left = left.left
  }
  items.push(left)
  return items.toReversed().map((item) => reading.expression(item))
}

// Relations such as `<` bind closer than equalities such as `==`. Within one kind, they run from left to right.
function readComparison(reading: Reading, node: nodes.Compare): Expression {
  reading.count(node)
  const sides: Expression[] = []
  const equalities: Operator[] = []
  let operands = [reading.expression(node.expr)]
  let relations: Operator[] = []
  for (const { type, expr } of node.ops) {
    const operand = reading.expression(expr)
    if (!EQUALITIES.has(type)) relations.push(type as Operator)
    else {
      sides.push(linked(operands, relations))
      equalities.push(type as Operator)
      operands = []
      relations = []
    }
    operands.push(operand)
  }
  sides.push(linked(operands, relations))
  return linked(sides, equalities)
}

function linked([first, ...others]: readonly Expression[], operators: readonly Operator[]): Expression {
  const rest: Link[] = []
  for (const [index, operand] of others.entries()) {
    const operator = operators[index]
    if (operator !== undefined) rest.push({ operator, operand })
  }
  if (first === undefined) return { kind: 'literal', value: undefined }
  return rest.length === 0 ? first : { kind: 'chain', first, rest }
}

/** Reads the arguments of a call. A call block is only allowed as the keyword argument `caller`. */
function readArguments(reading: Reading, args: nodes.Children): Arguments {
  const positional: Expression[] = []
  const keywords: Entry[] = []
  for (const node of args) {
    if (node.typename !== 'KeywordArgs') {
      positional.push(reading.expression(node))
      continue
    }
    reading.count(node)
    for (const pair of node.children) keywords.push(readKeyword(reading, pair))
  }
  return { positional, keywords }
}

function readKeyword(reading: Reading, pair: nodes.AnyNode): Entry {
  reading.count(pair)
  if (pair.typename !== 'Pair') return reading.fail('a named argument needs `name=value`')
  const name = reading.name(pair.key, 'the name of an argument')
  if (name === 'caller' && pair.value.typename === 'Caller')
    return { name, value: { kind: 'call-block', block: readMacroBody(reading, name, pair.value) } }
  return { name, value: reading.expression(pair.value) }
}

/** Reads the parameters and the body of a macro or call block. */
export function readMacroBody(reading: Reading, name: string, node: nodes.Macro): MacroBody {
  reading.count(node)
  const parameters: string[] = []
  const pairs: nodes.AnyNode[] = []
  for (const child of node.args.children) {
    if (child.typename === 'KeywordArgs') pairs.push(...child.children)
    else parameters.push(reading.name(child, 'a parameter'))
  }
  const { read, names } = reading.inFrame(() => ({
    defaults: pairs.map((pair) => readDefault(reading, pair)),
    body: reading.statements(node.body),
  }))
  return { name, parameters, ...read, names }
}

function readDefault(reading: Reading, pair: nodes.AnyNode): Entry {
  reading.count(pair)
  if (pair.typename !== 'Pair') return reading.fail('a parameter needs `name` or `name=default`')
  return { name: reading.name(pair.key, 'a parameter'), value: reading.expression(pair.value) }
}
