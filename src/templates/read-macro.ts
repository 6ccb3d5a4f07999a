import type { nodes } from './parse.ts'
import type { Reading } from './reading.ts'
import type { Arguments, Entry, Expression, MacroBody } from './tree.ts'

/** Reads the arguments of a call. The only place where a call block may stand is the keyword `caller`. */
export function readArguments(reading: Reading, args: nodes.Children): Arguments {
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

/** Reads parameters and body of a macro or a call block. */
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
