import ts from 'typescript'
import { at, perFile, type Sources, type Violation, walk } from './sources.ts'

/**
 * A table of words is read through `rowOf()`, `Object.hasOwn` or as a `Map`: plain indexing finds `constructor` and
 * other names that every object inherits, and foreign words may be called like that.
 */
export function checkTables(sources: Sources): Violation[] {
  return perFile(sources, (tree) => {
    const tables = new Set(tree.statements.flatMap(tableNames))
    return [...walk(tree)]
      .filter((node) => ts.isElementAccessExpression(node))
      .filter((node) => tables.has(node.expression.getText()) && isForeign(node))
      .map((node) => `${at(node)}: ${node.getText()}; read the table with rowOf(), or make it a Map`)
  })
}

/** Names of constants that hold rows by any text. */
function tableNames(node: ts.Statement): string[] {
  if (!ts.isVariableStatement(node)) return []
  return node.declarationList.declarations
    .filter(({ type }) => type !== undefined && /\bRecord<string,/.test(type.getText()))
    .map(({ name }) => name.getText())
}

function isForeign({ argumentExpression: word, expression, parent }: ts.ElementAccessExpression): boolean {
  if (ts.isStringLiteralLike(word) || ts.isNumericLiteral(word)) return false
  const guard = `hasOwn(${expression.getText()},`
  for (let node: ts.Node | undefined = parent; node && !ts.isBlock(node); node = node.parent)
    if (node.getText().includes(guard)) return false
  return true
}
