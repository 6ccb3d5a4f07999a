import type { Compiler, Execute } from './closures.ts'
import { compileLoop } from './compile-loop.ts'
import { compileMacro } from './compile-macro.ts'
import { compileAssign, compileDefinition, contextIndexOf } from './compile-name.ts'
import { isEqual } from './operators.ts'
import type { Scope } from './scope.ts'
import { outputText } from './text.ts'
import type { Condition, Expression, Statement, Switch } from './tree.ts'

/** Turns a body into one closure. It charges a step for each of its statements before the first of them runs. */
export function compileStatements(compiler: Compiler, list: readonly Statement[], scope: Scope): Execute {
  const all = list.map((statement) => compileStatement(compiler, statement, scope))
  const [first, second] = all
  if (first === undefined) return () => undefined
  if (second === undefined)
    return (run, frame) => {
      run.spend(1)
      first(run, frame)
    }
  return (run, frame) => {
    run.spend(all.length)
    for (const execute of all) execute(run, frame)
  }
}

function compileStatement(compiler: Compiler, statement: Statement, scope: Scope): Execute {
  switch (statement.kind) {
    case 'text': {
      const { text } = statement
      return (run) => run.emit(text)
    }
    case 'output':
      return compileOutput(compiler, statement.value, statement.line, scope)
    case 'if':
      return compileIf(compiler, statement, scope)
    case 'for':
      return compileLoop(compiler, statement, scope)
    case 'set':
      return compileSet(compiler, statement, scope)
    case 'macro':
      return compileDefinition(statement.macro.name, compileMacro(compiler, statement.macro, scope), scope)
    case 'switch':
      return compileSwitch(compiler, statement, scope)
  }
}

function compileOutput(compiler: Compiler, value: Expression, line: number, scope: Scope): Execute {
  const index = value.kind === 'name' ? contextIndexOf(value.name, scope) : undefined
  if (index !== undefined)
    return (run) => {
      run.line = line
      run.emit(outputText(run, run.context[index]))
    }
  const evaluate = compiler.expression(value, scope)
  return (run, frame) => {
    run.line = line
    run.emit(outputText(run, evaluate(run, frame)))
  }
}

function compileIf(compiler: Compiler, { test, body, otherwise, line }: Condition, scope: Scope): Execute {
  const asks = compiler.expression(test, scope)
  const then = compiler.statements(body, scope)
  const or = compiler.statements(otherwise, scope)
  return (run, frame) => {
    run.line = line
    if (asks(run, frame)) then(run, frame)
    else or(run, frame)
  }
}

function compileSet(
  compiler: Compiler,
  { names, value, line }: Extract<Statement, { readonly kind: 'set' }>,
  scope: Scope,
): Execute {
  const evaluate = compiler.expression(value, scope)
  const assigns = names.map((name) => compileAssign(name, scope))
  return (run, frame) => {
    run.line = line
    const result = evaluate(run, frame)
    for (const assign of assigns) assign(run, frame, result)
  }
}

function compileSwitch(
  compiler: Compiler,
  { subject, cases, otherwise, line }: Switch,
  scope: Scope,
): Execute {
  const evaluate = compiler.expression(subject, scope)
  const or = compiler.statements(otherwise, scope)
  const branches = cases.map(({ value, body, fallsThrough }) => ({
    value: compiler.expression(value, scope),
    body: compiler.statements(body, scope),
    fallsThrough,
  }))
  return (run, frame) => {
    run.line = line
    const wanted = evaluate(run, frame)
    let chosen = false
    for (const { value, body, fallsThrough } of branches) {
      run.spend(1)
      chosen ||= isEqual(run, wanted, value(run, frame))
      if (!chosen || fallsThrough) continue
      body(run, frame)
      return
    }
    or(run, frame)
  }
}
