import { flatText } from './flat-text.ts'
import type { TemplateLimits } from './limits.ts'
import type { nodes } from './parse.ts'
import { readExpression } from './read-expression.ts'
import { readMacroBody } from './read-macro.ts'
import { Reading } from './reading.ts'
import type { Case, Condition, Loop, Statement, Switch, Tree } from './tree.ts'

/** Checks a syntax tree against the list of what is allowed, and gives it back in our own words. Throws a `TemplateFault`. */
export function readTree(root: nodes.NodeList, limits: TemplateLimits): Tree {
  const reading = new Reading({ expression: readExpression, statements: readStatements }, limits)
  const { read: body, names } = reading.inFrame(() => reading.statements(root))
  return { body, names, nodes: reading.nodes }
}

function readStatements(reading: Reading, node: nodes.AnyNode | null): Statement[] {
  if (node === null) return []
  if (node.typename === 'If') return [readIf(reading, node)]
  if (node.typename !== 'NodeList' && node.typename !== 'Root') return reading.fail('a block has no body')
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
      return reading.fail('this is not supported in a template')
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

// `for a in b if c` comes as `b if c`. Asked once per item, `c` says the same where it does not look at the item.
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
  if (body?.typename !== 'Capture') return reading.fail('`set` needs a value')
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
  if (node.typename !== 'Case') return reading.fail('a switch holds cases only')
  const { body } = node
  const fallsThrough = 'children' in body && body.children.length === 0
  return { value: reading.expression(node.cond), body: reading.statements(body), fallsThrough }
}
