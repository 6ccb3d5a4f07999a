import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { entries, root } from '../../scripts/entries.ts'
import { parse, type Sources, walk } from './sources.ts'

const snapshot = join(root, 'test/surface.snapshot.txt')

/** What users can import: one line per exported name, `<subpath> <value|type> <name>`, sorted. */
export function surfaceOf(sources: Sources): string[] {
  return entries([...sources.keys()]).flatMap(({ subpath, source }) =>
    exportsOf(parse(source, sources.get(source) ?? ''))
      .map(({ name, kind }) => `${subpath} ${kind} ${name}`)
      .toSorted(),
  )
}

/** The surface that was last agreed on. */
export function readSurface(): string[] {
  return readFileSync(snapshot, 'utf8').split('\n').filter(Boolean)
}

/** Agrees on `surface`: from now on it is what the sources are compared with. */
export function writeSurface(surface: readonly string[]): void {
  writeFileSync(snapshot, `${surface.join('\n')}\n`)
}

/** Each difference in one line: `removed . value chatApiCall`. */
export function diffSurface(agreed: readonly string[], found: readonly string[]): string[] {
  return [
    ...agreed.filter((line) => !found.includes(line)).map((line) => `removed ${line}`),
    ...found.filter((line) => !agreed.includes(line)).map((line) => `added ${line}`),
  ]
}

interface Exported {
  readonly name: string
  readonly kind: 'value' | 'type'
}

/** Every exported name of a file. The compiler makes authors mark re-exported types, so syntax tells which is which. */
function exportsOf(tree: ts.SourceFile): Exported[] {
  const types = new Set(tree.statements.filter(isType).map((node) => node.name.text))
  return tree.statements.flatMap((node) => {
    if (ts.isExportAssignment(node)) return [{ name: 'default', kind: 'value' }]
    if (ts.isExportDeclaration(node)) return listed(node, types)
    if (!ts.canHaveModifiers(node) || !node.modifiers?.some(isExport)) return []
    return declared(node).map((name) => ({ name, kind: isType(node) ? 'type' : 'value' }))
  })
}

/** `export { a, type B } from './c.ts'`, or without `from` a list of what the file declares. */
function listed(node: ts.ExportDeclaration, types: ReadonlySet<string>): Exported[] {
  if (!node.exportClause || !ts.isNamedExports(node.exportClause)) return []
  return node.exportClause.elements.map(({ name, propertyName, isTypeOnly }) => {
    const local = !node.moduleSpecifier && types.has((propertyName ?? name).text)
    return { name: name.text, kind: node.isTypeOnly || isTypeOnly || local ? 'type' : 'value' }
  })
}

function declared(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node)) {
    return [...walk(node.declarationList)].filter(ts.isVariableDeclaration).map(({ name }) => name.getText())
  }
  const named = ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node) || isType(node)
  return named && node.name ? [node.name.text] : []
}

function isType(node: ts.Node): node is ts.InterfaceDeclaration | ts.TypeAliasDeclaration {
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
}

function isExport(node: ts.ModifierLike): boolean {
  return node.kind === ts.SyntaxKind.ExportKeyword
}
