import { readFileSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
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

/** An exported name and the declaration behind it. */
export interface Declared {
  readonly subpath: string
  readonly name: string
  /** `src/core/call.ts Call`, whatever names it was passed on under; a package's specifier for what is not ours. */
  readonly declaration: string
}

/** Every name of every entry point with its declaration, found by following the exports from file to file. */
export function declarationsOf(sources: Sources): Declared[] {
  return entries([...sources.keys()]).flatMap(({ subpath, source }) =>
    exportsOf(parse(source, sources.get(source) ?? '')).map(({ name }) => ({
      subpath,
      name,
      declaration: declarationOf(sources, source, name),
    })),
  )
}

/** Follows `export { a as b } from`, and `import` with a later `export`, to the file that declares `name`. */
function declarationOf(sources: Sources, path: string, name: string): string {
  const tree = parse(path, sources.get(path) ?? '')
  const local = tree.statements.flatMap((node) => passedOn(node, name))[0]
  const own = local?.from === undefined ? (local?.name ?? name) : undefined
  const link =
    local?.from === undefined ? tree.statements.flatMap((node) => imported(node, own ?? name))[0] : local
  if (link?.from === undefined) return `${path} ${own ?? name}`
  if (!link.from.startsWith('.')) return `${link.from} ${link.name}`
  return declarationOf(sources, posix.join(posix.dirname(path), link.from), link.name)
}

/** A name in another file, or in this one if `from` is absent. */
interface Link {
  readonly name: string
  readonly from?: string
}

function passedOn(node: ts.Statement, wanted: string): Link[] {
  if (!ts.isExportDeclaration(node) || !node.exportClause || !ts.isNamedExports(node.exportClause)) return []
  return linksOf(node.exportClause.elements, node.moduleSpecifier, wanted)
}

function imported(node: ts.Statement, wanted: string): Link[] {
  const names = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : undefined
  if (!names || !ts.isNamedImports(names) || !ts.isImportDeclaration(node)) return []
  return linksOf(names.elements, node.moduleSpecifier, wanted)
}

function linksOf(
  elements: ReadonlyArray<ts.ExportSpecifier | ts.ImportSpecifier>,
  specifier: ts.Expression | undefined,
  wanted: string,
): Link[] {
  const from = specifier && ts.isStringLiteralLike(specifier) ? { from: specifier.text } : {}
  return elements
    .filter(({ name }) => name.text === wanted)
    .map(({ name, propertyName }) => ({ name: (propertyName ?? name).text, ...from }))
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
