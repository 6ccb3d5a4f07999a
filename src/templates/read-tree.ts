import type { TemplateLimits } from './limits.ts'
import type { nodes } from './parse.ts'
import { readExpression, readMacroBody } from './read-expression.ts'
import { Reading } from './reading.ts'
import { flatText } from './text.ts'
import type { Case, Condition, Loop, Statement, Switch, Tree } from './tree.ts'

/** Converts the syntax tree of nunjucks to our own. Throws a `TemplateFault` for everything that is not allowed. */
export function readTree(root: nodes.NodeList, limits: TemplateLimits): Tree {
  const reading = new Reading({ expression: readExpression, statements: readStatements }, limits)
  const { read: body, names } = reading.inFrame(() => reading.statements(root))
  return { body, names, nodes: reading.nodes }
}

function readStatements(reading: Reading, node: nodes.AnyNode | null): Statement[] {
  if (node === null) return []
  if (node.typename === 'If') return [readIf(reading, node)]
  if (node.typename !== 'NodeList' && node.typename !== 'Root') return reading.fail('missing body of a block')
  reading.count(node)
  return node.children.flatMap((child) => readStatement(reading, child))
}

function readStatement(reading: Reading, node: nodes.AnyNode): Statement[] {
  switch (node.typename) {
    case 'Output':
      return readOutput(reading, node)
    case 'If':
      return [readIf(reading, node)]
    case 'For':
      return [readFor(reading, node)]
    case 'Set':
      return [readSet(reading, node)]
    case 'Macro':
      return [readMacro(reading, node)]
    case 'Switch':
      return [readSwitch(reading, node)]
    default:
      return reading.fail(`unsupported statement (${node.typename})`)
  }
}

function readOutput(reading: Reading, node: nodes.Output): Statement[] {
  reading.count(node)
  const { line } = reading
  return node.children.flatMap((child): Statement[] => {
    if (child.typename !== 'TemplateData') return [{ kind: 'output', value: reading.expression(child), line }]
    reading.count(child)
    return child.value === '' ? [] : [{ kind: 'text', text: flatText(child.value) }]
  })
}

function readIf(reading: Reading, node: nodes.If): Condition {
  reading.count(node)
  const { line } = reading
  return {
    kind: 'if',
    test: reading.expression(node.cond),
    body: reading.statements(node.body),
    otherwise: reading.statements(node.else_),
    line,
  }
}

function readFor(reading: Reading, node: nodes.For): Loop {
  reading.count(node)
  const { line, loopReads } = reading
  const targets = node.name.typename === 'Array' ? node.name.children : [node.name]
  const variables = targets.map((target) => reading.name(target, 'the variable of a loop'))
  const { list, condition } = withoutFilter(node.arr)
  const items = reading.expression(list)
  const { read, names } = reading.inFrame(() => ({
    filter: condition === undefined ? undefined : reading.expression(condition),
    body: reading.statements(node.body),
    otherwise: reading.statements(node.else_),
  }))
  return {
    kind: 'for',
    variables,
    list: items,
    ...read,
    names,
    usesLoop: reading.loopReads > loopReads,
    line,
  }
}

// nunjucks parses `for a in b if c` as `b if c`. A `c` that does not read the item gives the same result per item.
function withoutFilter(list: nodes.AnyNode): { list: nodes.AnyNode; condition: nodes.AnyNode | undefined } {
  const filters = list.typename === 'InlineIf' && list.else_ === null
  return filters ? { list: list.body, condition: list.cond } : { list, condition: undefined }
}

function readSet(reading: Reading, node: nodes.Set): Statement {
  reading.count(node)
  const { line } = reading
  const names = node.targets.map((target) => reading.name(target, 'what is set'))
  for (const name of names) reading.names.add(name)
  if (node.value !== null) return { kind: 'set', names, value: reading.expression(node.value), line }
  const { body } = node
  if (body?.typename !== 'Capture') return reading.fail('`set` needs a value; write `set name = value`')
  reading.count(body)
  return { kind: 'set', names, value: { kind: 'capture', body: reading.statements(body.body) }, line }
}

function readMacro(reading: Reading, node: nodes.Macro): Statement {
  const name = reading.name(node.name, 'the name of a macro')
  reading.names.add(name)
  return { kind: 'macro', macro: readMacroBody(reading, name, node) }
}

function readSwitch(reading: Reading, node: nodes.Switch): Switch {
  reading.count(node)
  const { line } = reading
  return {
    kind: 'switch',
    subject: reading.expression(node.expr),
    cases: node.cases.map((one) => readCase(reading, one)),
    otherwise: reading.statements(node.default),
    line,
  }
}

function readCase(reading: Reading, node: nodes.AnyNode): Case {
  if (node.typename !== 'Case') return reading.fail('`switch` may contain only `case` and `default`')
  const { body } = node
  const fallsThrough = 'children' in body && body.children.length === 0
  return { value: reading.expression(node.cond), body: reading.statements(body), fallsThrough }
}
