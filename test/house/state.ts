import ts from 'typescript'
import { at, perFile, type Sources, type Violation } from './sources.ts'

/** Stores that are kept at module level after all, as `<path> <name>`, each with the reason why it is harmless. */
export const exempt: Readonly<Record<string, string>> = {
  'src/core/json-schema.ts translations':
    'a weak memo of a pure translation: it configures nothing and frees itself',
  'src/core/tokens.ts schemaTexts':
    'a weak memo of a pure translation: it configures nothing and frees itself',
  'src/core/fit/schema.ts known': 'a weak memo of a pure translation: it configures nothing and frees itself',
}

const stores = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'])

/**
 * Loading a file declares things and does nothing else: no `let`, no registry that fills up while the process
 * runs, no statement with an effect. A constant table passes when its type says so (`ReadonlyMap`, `readonly`).
 */
export function checkModuleState(sources: Sources): Violation[] {
  return perFile(sources, (tree) => tree.statements.flatMap(checkStatement))
}

function checkStatement(node: ts.Statement): Violation[] {
  if (ts.isVariableStatement(node)) {
    const constant = (node.declarationList.flags & ts.NodeFlags.Const) !== 0
    if (!constant) return [`${at(node)}: a module-level variable; keep it in what a create function returns`]
    return node.declarationList.declarations.flatMap(checkStore)
  }
  if (ts.isClassDeclaration(node)) return node.members.filter(isStatic).flatMap(checkStore)
  if (ts.isImportDeclaration(node) && !node.importClause)
    return [`${at(node)}: an import for its effect alone`]
  return declares(node) ? [] : [`${at(node)}: a statement that runs on loading; move it into a function`]
}

function checkStore(node: ts.Node): Violation[] {
  if (!ts.isVariableDeclaration(node) && !ts.isPropertyDeclaration(node)) return []
  const { initializer: value, type, name } = node
  if (!value || !isStore(value) || `${node.getSourceFile().fileName} ${name.getText()}` in exempt) return []
  const weak = ts.isNewExpression(value) && value.expression.getText().startsWith('Weak')
  if (!weak && type && /^readonly/i.test(type.getText())) return []
  return [`${at(node)}: a module-level store; make it per instance, or type it readonly if it is a constant`]
}

/** Something that can be filled later: a collection, an empty array, an empty object. */
function isStore(value: ts.Expression): boolean {
  if (ts.isNewExpression(value)) return stores.has(value.expression.getText())
  if (ts.isArrayLiteralExpression(value)) return value.elements.length === 0
  return ts.isObjectLiteralExpression(value) && value.properties.length === 0
}

function isStatic(node: ts.ClassElement): boolean {
  return (
    ts.canHaveModifiers(node) &&
    (node.modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)
  )
}

function declares(node: ts.Statement): boolean {
  return (
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    ts.isExportAssignment(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isModuleDeclaration(node)
  )
}
