import { capture, type Compiler, type Evaluate } from './closures.ts'
import { compileCallBlock } from './compile-macro.ts'
import { compileName } from './compile-name.ts'
import { TemplateFault } from './fault.ts'
import { filters } from './filters/index.ts'
import { member, memberNamed } from './lookup.ts'
import { contains, operators, power, tests } from './operators.ts'
import type { Scope } from './scope.ts'
import { numberOf } from './text.ts'
import type { Entry, Expression, Link } from './tree.ts'
import { Dict, type Keywords, type List, Macro, type Value } from './value.ts'

/** Compiles an expression to a closure, which charges its steps before it evaluates. */
export function compileExpression(compiler: Compiler, tree: Expression, scope: Scope): Evaluate {
  const { expression } = compiler
  switch (tree.kind) {
    case 'literal': {
      const { value } = tree
      return () => value
    }
    case 'name':
      return compileName(tree.name, scope)
    case 'member':
      return compileMember(compiler, tree.target, tree.key, scope)
    case 'list': {
      const items = compileAll(compiler, tree.items, scope)
      return charged(1 + tree.items.length, items)
    }
    case 'dict':
      return compileDict(compiler, tree.entries, scope)
    case 'call':
      return compileCall(compiler, tree, scope)
    case 'filter':
      return compileFilter(compiler, tree, scope)
    case 'test':
      return compileTest(compiler, tree, scope)
    case 'call-block':
      return compileCallBlock(compiler, tree.block, scope)
    case 'capture': {
      const body = compiler.statements(tree.body, scope)
      return (run, frame) => capture(run, frame, body)
    }
    case 'choice': {
      const test = expression(tree.test, scope)
      const chosen = expression(tree.chosen, scope)
      const otherwise = tree.otherwise === undefined ? () => '' : expression(tree.otherwise, scope)
      return charged(1, (run, frame) => (test(run, frame) ? chosen : otherwise)(run, frame))
    }
    case 'and':
      return compileLogic(compiler, tree.items, scope, (value) => !value)
    case 'or':
      return compileLogic(compiler, tree.items, scope, (value) => Boolean(value))
    case 'chain':
      return compileChain(compiler, tree.first, tree.rest, scope)
    case 'in':
    case 'power':
      return compileBinary(compiler, tree, scope)
    default:
      return compileUnary(compiler, tree, scope)
  }
}

type Unary = Extract<Expression, { readonly kind: 'not' | 'minus' | 'plus' | 'floor' }>
type Binary = Extract<Expression, { readonly kind: 'in' | 'power' }>

function compileUnary({ expression }: Compiler, tree: Unary, scope: Scope): Evaluate {
  const target = expression(tree.target, scope)
  switch (tree.kind) {
    case 'not':
      return charged(1, (run, frame) => !target(run, frame))
    case 'minus':
      return charged(1, (run, frame) => -numberOf(run, target(run, frame)))
    case 'plus':
      return charged(1, (run, frame) => numberOf(run, target(run, frame)))
    case 'floor':
      return charged(1, (run, frame) => Math.floor(numberOf(run, target(run, frame))))
  }
}

function compileBinary({ expression }: Compiler, tree: Binary, scope: Scope): Evaluate {
  const operate = tree.kind === 'in' ? contains : power
  const left = expression(tree.left, scope)
  const right = expression(tree.right, scope)
  return charged(1, (run, frame) => operate(run, left(run, frame), right(run, frame)))
}

function charged(steps: number, evaluate: Evaluate): Evaluate {
  return (run, frame) => {
    run.spend(steps)
    return evaluate(run, frame)
  }
}

function compileMember(compiler: Compiler, target: Expression, key: Expression, scope: Scope): Evaluate {
  const from = compiler.expression(target, scope)
  if (key.kind === 'literal' && typeof key.value === 'string') {
    const name = key.value
    return (run, frame) => {
      run.spend(1)
      return memberNamed(run, from(run, frame), name)
    }
  }
  const named = compiler.expression(key, scope)
  return charged(1, (run, frame) => member(run, from(run, frame), named(run, frame)))
}

function compileDict(compiler: Compiler, entries: readonly Entry[], scope: Scope): Evaluate {
  const names = entries.map(({ name }) => name)
  const values = compileAll(
    compiler,
    entries.map(({ value }) => value),
    scope,
  )
  return charged(1 + entries.length, (run, frame) => {
    const list = values(run, frame)
    const dict = new Dict()
    for (const [index, name] of names.entries()) dict[name] = list[index]
    return dict
  })
}

/** Compiles `and` or `or`, which evaluate to the operand that decides. */
function compileLogic(
  { expression }: Compiler,
  trees: readonly Expression[],
  scope: Scope,
  decides: (value: Value) => boolean,
): Evaluate {
  const items = trees.map((tree) => expression(tree, scope))
  return (run, frame) => {
    let value: Value
    for (const item of items) {
      run.spend(1)
      value = item(run, frame)
      if (decides(value)) break
    }
    return value
  }
}

/** Compiles operators of one family, evaluated from left to right. Has a fast path for a single operator. */
function compileChain(
  { expression }: Compiler,
  first: Expression,
  rest: readonly Link[],
  scope: Scope,
): Evaluate {
  const start = expression(first, scope)
  const links = rest.map(({ operator, operand }) => ({
    operate: operators[operator],
    operand: expression(operand, scope),
  }))
  const [link, ...others] = links
  if (link === undefined) return start
  if (others.length === 0) {
    const { operate, operand } = link
    return charged(1, (run, frame) => operate(run, start(run, frame), operand(run, frame)))
  }
  return (run, frame) => {
    let value = start(run, frame)
    for (const { operate, operand } of links) {
      run.spend(1)
      value = operate(run, value, operand(run, frame))
    }
    return value
  }
}

type Tree<Kind extends Expression['kind']> = Extract<Expression, { readonly kind: Kind }>

const NONE: List = Object.freeze([])

/** Filters whose output counts as escaped if their input was escaped, as in nunjucks. */
const KEEPING: ReadonlySet<string> = new Set([
  'capitalize',
  'center',
  'indent',
  'nl2br',
  'replace',
  'string',
  'striptags',
  'title',
  'trim',
  'truncate',
])
const ESCAPING: ReadonlySet<string> = new Set(['e', 'escape', 'forceescape', 'safe'])

/** Compiles a call of a macro, of `caller` or of `range`. */
function compileCall(compiler: Compiler, { name, args, line }: Tree<'call'>, scope: Scope): Evaluate {
  const callee = compileName(name, scope)
  const positional = compileAll(compiler, args.positional, scope)
  const values = compileAll(
    compiler,
    args.keywords.map(({ value }) => value),
    scope,
  )
  const names = args.keywords.map((keyword) => keyword.name)
  const cost = 1 + args.positional.length + names.length
  return (run, frame) => {
    const macro = callee(run, frame)
    if (!(macro instanceof Macro)) {
      run.line = line
      return run.fail(`\`${name}\` is not a macro; only macros, caller and range can be called`)
    }
    run.spend(cost)
    const given = positional(run, frame)
    const keywords: Keywords | undefined =
      names.length === 0 ? undefined : { names, values: values(run, frame) }
    run.line = line
    return macro.invoke(run, given, keywords)
  }
}

/** Compiles a filter. Keyword arguments are mapped to positions at compile time. */
function compileFilter(compiler: Compiler, tree: Tree<'filter'>, scope: Scope): Evaluate {
  const { name, line } = tree
  const found = filters.get(isEscapedAlready(tree) ? 'string' : name)
  if (found === undefined) throw new TemplateFault(`unknown filter \`${name}\``, line)
  const input = compiler.expression(tree.input, scope)
  const args = compileAll(compiler, orderArguments(tree, found.parameters), scope)
  const { apply } = found
  return (run, frame) => {
    const value = input(run, frame)
    const given = args(run, frame)
    run.line = line
    run.spend(1)
    return apply(run, value, given)
  }
}

/** Returns the arguments of a filter in the order of its parameters. */
function orderArguments({ name, args, line }: Tree<'filter'>, parameters: readonly string[]): Expression[] {
  const all: Expression[] = [...args.positional]
  for (const keyword of args.keywords) {
    const index = parameters.indexOf(keyword.name)
    if (index < 0) throw new TemplateFault(unknownArgument(name, keyword.name, parameters), line)
    while (all.length < index) all.push({ kind: 'literal', value: undefined })
    all[index] = keyword.value
  }
  return all
}

function unknownArgument(filter: string, argument: string, parameters: readonly string[]): string {
  const known = parameters.length === 0 ? 'it takes none' : `known: ${parameters.join(', ')}`
  return `the filter \`${filter}\` has no argument \`${argument}\`; ${known}`
}

function isEscapedAlready({ name, input }: Tree<'filter'>): boolean {
  return (name === 'e' || name === 'escape') && isEscaped(input)
}

function isEscaped(tree: Expression): boolean {
  if (tree.kind !== 'filter') return false
  return ESCAPING.has(tree.name) || (KEEPING.has(tree.name) && isEscaped(tree.input))
}

/** Compiles a test, as in `value is defined`. */
function compileTest(compiler: Compiler, tree: Tree<'test'>, scope: Scope): Evaluate {
  const test = tests.get(tree.name) ?? (() => false)
  const target = compiler.expression(tree.target, scope)
  const args = compileAll(compiler, tree.args, scope)
  return (run, frame) => {
    run.spend(1)
    const value = target(run, frame)
    return test(run, value, args(run, frame)[0])
  }
}

/** Compiles expressions to one closure that returns a list. The caller charges the number of expressions. */
function compileAll(
  compiler: Compiler,
  trees: readonly Expression[],
  scope: Scope,
): (...at: Parameters<Evaluate>) => List {
  const all = trees.map((tree) => compiler.expression(tree, scope))
  const [first, second] = all
  if (first === undefined) return () => NONE
  if (second === undefined) return (run, frame) => [first(run, frame)]
  return (run, frame) => all.map((one) => one(run, frame))
}
