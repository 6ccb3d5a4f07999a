import { capture, type Compiler, type Evaluate } from './closures.ts'
import { compileAll, compileCall, compileFilter, compileTest } from './compile-call.ts'
import { compileCallBlock } from './compile-macro.ts'
import { compileName } from './compile-name.ts'
import { member, memberNamed } from './lookup.ts'
import { contains, operators, power } from './operators.ts'
import type { Scope } from './scope.ts'
import { numberOf } from './text.ts'
import type { Entry, Expression, Link } from './tree.ts'
import { Dict, type Value } from './value.ts'

/** Turns an expression into a closure. Each charges itself to the run, before it works. */
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

/** `and` and `or` give the value that decides. */
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

/** Operators of one family, from left to right. A comparison with a written text is the commonest of all. */
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
